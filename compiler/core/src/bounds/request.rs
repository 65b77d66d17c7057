//! What a prompt sends at most.

use std::cell::RefCell;

use flow_ir::effort::{CALLS_A_ROUND, MESSAGE_TOKENS, NOTE_TOKENS};
use flow_ir::profile::{Mode, Profile};
use flow_ir::schema::{parameters, structured_parameters, wire};
use flow_ir::setup::{MessageTemplate, Model, Prompt, PromptTool};
use flow_ir::tokens::count;
use flow_ir::types::Type;
use flow_ir::{Bundle, TypeId};
use rustc_hash::FxHashMap;

use super::size::{Hole, Shape, Sizer, Weight};

/// Words of ours around a note, a schema told in words, an error of a tool.
const FRAME_TOKENS: u64 = 48;

/// A request, and how it grows while a conversation goes on.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// The first one, without its schema.
    pub(super) first: Weight,
    /// Of that, the messages.
    pub(super) messages: Weight,
    /// What it is made of, in the order written.
    pub(super) holes: Vec<Hole>,
    /// What a repair adds besides the answer that is repaired.
    pub(super) repair: Weight,
    /// What a round of tools adds besides the model's own words.
    pub(super) round: Weight,
}

/// Counts of tokens that are needed again and again.
#[derive(Debug)]
pub(super) struct Counts<'b> {
    bundle: &'b Bundle,
    schemas: RefCell<FxHashMap<(TypeId, &'static str), u64>>,
}

impl<'b> Counts<'b> {
    pub(super) fn new(bundle: &'b Bundle) -> Self {
        Self { bundle, schemas: RefCell::default() }
    }

    /// What saying the answer's type takes at this model.
    pub(super) fn schema(&self, prompt: &Prompt, model: &Model) -> u64 {
        if matches!(self.bundle.ty(prompt.ret), Type::Text { .. }) {
            return 0;
        }
        let profile = Profile::of(model);
        let key = (prompt.ret, profile.name);
        if let Some(known) = self.schemas.borrow().get(&key) {
            return *known;
        }
        let schema = count(&wire(self.bundle, prompt.ret, profile).schema.to_string());
        let told = if profile.mode == Mode::Told { FRAME_TOKENS + MESSAGE_TOKENS } else { 0 };
        self.schemas.borrow_mut().insert(key, schema + told);
        schema + told
    }

    /// What a prompt sends when it is called with such values.
    pub(super) fn request(&self, prompt: &Prompt, args: Vec<Shape>) -> Request {
        let names = prompt.params.iter().map(|param| param.name.clone()).collect();
        let sizer = Sizer::new(self.bundle, args, names);
        let mut holes = Vec::new();
        let mut messages = Weight::ZERO;
        for message in &prompt.messages {
            messages = messages.plus(message_weight(&sizer, message, &mut holes));
        }
        if prompt.messages.is_empty() && prompt.registry.is_some() {
            // The text is not here: what is allowed may be sent, else anything that fits the model.
            messages = prompt.input.map_or(Weight::UNBOUNDED, Weight::tokens);
        }
        let tools = prompt.tools.iter().map(|tool| self.tool(*tool));
        let first = messages.plus(Weight::tokens(tools.fold(0, u64::saturating_add)));
        let answer = prompt.tools.iter().map(|tool| self.tool_answer(*tool));
        let answer = answer.fold(Weight::ZERO, Weight::largest);
        let round = answer.plus(Weight::tokens(MESSAGE_TOKENS)).times(CALLS_A_ROUND as u64);
        Request {
            first,
            messages,
            holes,
            repair: Weight::tokens(NOTE_TOKENS + FRAME_TOKENS + 2 * MESSAGE_TOKENS),
            round: round.plus(Weight::tokens(MESSAGE_TOKENS)),
        }
    }

    /// A tool as the model is told about it.
    fn tool(&self, tool: PromptTool) -> u64 {
        let words = match tool {
            PromptTool::Tool(id) => self.bundle.tools.get(id.index()).map(|tool| {
                let shape = structured_parameters(self.bundle, &tool.params).to_string();
                let plain = parameters(self.bundle, &tool.params).to_string();
                count(&tool.name) + count(&tool.doc) + count(&shape).max(count(&plain))
            }),
            PromptTool::Method(id, _) => self.bundle.resources.get(id.index()).map(|it| 2 * count(&it.name)),
        };
        words.unwrap_or(0) + FRAME_TOKENS + MESSAGE_TOKENS
    }

    /// What a tool gives back to the model: its result, or why there is none.
    fn tool_answer(&self, tool: PromptTool) -> Weight {
        let sizer = Sizer::new(self.bundle, Vec::new(), Vec::new());
        let error = Weight::tokens(NOTE_TOKENS).quoted().plus(Weight::tokens(FRAME_TOKENS));
        let answer = match tool {
            PromptTool::Tool(id) => {
                let ret = self.bundle.tools.get(id.index()).map(|tool| Shape::Of(tool.ret));
                ret.map_or(Weight::ZERO, |ret| sizer.json(&ret))
            }
            PromptTool::Method(id, _) => {
                let item = self.bundle.resources.get(id.index()).map(|it| Shape::Of(it.item));
                let hit = item.map_or(Weight::ZERO, |item| sizer.json(&item));
                hit.plus(Weight::tokens(1)).times(u64::from(flow_ir::effort::TOOL_SEARCH_TOP))
            }
        };
        answer.largest(error)
    }
}

fn message_weight(sizer: &Sizer<'_>, message: &MessageTemplate, holes: &mut Vec<Hole>) -> Weight {
    let (MessageTemplate::System(text)
    | MessageTemplate::User(text)
    | MessageTemplate::Assistant(text)
    | MessageTemplate::Turns(text)) = message;
    if let flow_ir::expr::ExprKind::Template(parts) = &text.kind {
        return sizer.parts(parts, 1, holes).plus(Weight::tokens(MESSAGE_TOKENS));
    }
    let shape = sizer.shape(text);
    // Turns are messages of their own; as JSON, which is how they are measured, each takes more than it sends.
    let weight = match message {
        MessageTemplate::Turns(_) => sizer.json(&shape),
        _ => sizer.printed(&shape).plus(Weight::tokens(MESSAGE_TOKENS)),
    };
    let (name, slot) = sizer.named(text);
    if slot.is_some() {
        holes.push(Hole { name, slot, weight });
    }
    weight
}
