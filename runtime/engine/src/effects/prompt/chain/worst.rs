//! The most that an attempt can use, and what it has used.

use flow_ir::effort::{self, MESSAGE_TOKENS, UNCAPPED_OUTPUT};
use flow_ir::profile::Profile;
use flow_ir::setup::Model;
use flow_ir::tokens;
use flow_ir::units::Usd;
use flow_model::{
    ChatReply, ChatRequest, ErrorKind, Message, ModelError, Output, Part, Prices, ToolSpec, Usage, cost_of,
};
use flow_policy::budget::Amount;

use crate::effects::spent::Raised;

/// The most that one attempt can use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worst {
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) cost: Usd,
}

impl Worst {
    /// By the same count of tokens as the compiler's bounds.
    pub(crate) fn of(request: &ChatRequest, model: &Model) -> Self {
        let texts: u64 = request.messages.iter().map(message_tokens).sum();
        let schema = match &request.output {
            Output::Text => 0,
            Output::Json { schema, .. } => tokens::count(&schema.to_string()),
        };
        let tools: u64 = request.tools.iter().map(tool_tokens).sum();
        let pictures = request.messages.iter().flat_map(|message| &message.content);
        let pictures = pictures.filter(|part| matches!(part, Part::Image { .. })).count() as u64;
        let pictures = pictures * Profile::of_provider(model.provider).image_tokens;
        let input = effort::scaled(texts + schema + tools, model) + pictures;
        let output = request.max_output.unwrap_or(UNCAPPED_OUTPUT);
        let usage = Usage { input: Some(input), output: Some(output), ..Usage::default() };
        Self { input, output, cost: cost_of(&usage, Prices::of(model)) }
    }

    pub(crate) const fn amount(self) -> Amount {
        Amount { cost: self.cost, tokens: self.tokens() }
    }

    pub(crate) const fn tokens(self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

fn message_tokens(message: &Message) -> u64 {
    let calls = message.tool_calls.iter();
    let calls: u64 = calls.map(|call| tokens::count(&call.name) + tokens::count(&call.arguments)).sum();
    tokens::count(&message.plain_text()) + calls + MESSAGE_TOKENS
}

fn tool_tokens(tool: &ToolSpec) -> u64 {
    let words = tokens::count(&tool.name) + tokens::count(&tool.description);
    words + tokens::count(&tool.parameters.to_string()) + MESSAGE_TOKENS
}

/// What cannot fit is not sent.
pub(super) fn fits(model: &Model, request: &ChatRequest, worst: Worst) -> Result<(), Raised> {
    let needed = worst.input + request.max_output.unwrap_or(0);
    match model.context {
        Some(context) if needed > context => Err(Raised::invalid(format!(
            "about {} tokens would be sent and up to {} answered, and `{}` holds {context}",
            worst.input, worst.output, model.name
        ))),
        Some(_) | None => Ok(()),
    }
}

/// What a provider does not say it used is paid as in the worst case. So is an attempt that broke off: it may
/// well be billed. One that was turned away is not.
pub(super) fn used(result: &Result<ChatReply, ModelError>, worst: Worst, prices: Prices) -> Amount {
    match result {
        Ok(ChatReply { usage: Some(usage), .. }) => {
            let input = usage.input.unwrap_or(worst.input);
            let output = usage.output.unwrap_or(worst.output);
            let told = Usage { input: Some(input), output: Some(output), ..Usage::default() };
            Amount { cost: cost_of(&told, prices), tokens: input.saturating_add(output) }
        }
        Ok(_) => worst.amount(),
        Err(error) => match error.kind {
            ErrorKind::Timeout { .. } | ErrorKind::PartialStream { .. } => worst.amount(),
            _ => Amount::default(),
        },
    }
}
