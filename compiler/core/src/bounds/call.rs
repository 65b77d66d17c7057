//! What one call takes.

mod models;
mod resources;

use flow_ir::effort;
use flow_ir::expr::{Const, Expr, ExprKind};
use flow_ir::setup::{Call, Callee, Model, Prompt, Split};
use flow_ir::types::Type;
use flow_ir::units::Limits;
use flow_ir::{Bundle, FlowId, ModelId};
use serde::Serialize;

use super::request::Counts;
use super::size::{Shape, Sizer};
use super::{Effort, FlowBound, Most};

/// All attempts on one model for one reply of a conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Attempt {
    /// Which reply of the conversation, from 0: every repair and every round of tools is one more.
    pub reply: u64,
    /// Who is asked.
    #[serde(skip)]
    pub model: ModelId,
    /// How often: once and its retries.
    pub times: u64,
    /// Tokens sent each time.
    pub input: Most,
    /// Tokens received each time.
    pub output: u64,
    /// Micro-dollars each time.
    pub cost: Most,
}

/// The attempts that one conversation of a prompt may take, called like this in this flow.
#[must_use]
pub fn attempts(bundle: &Bundle, flow: FlowId, call: &Call) -> Vec<Attempt> {
    let Some(flow) = bundle.flow(flow) else { return Vec::new() };
    let costs = Costs::new(bundle);
    let sizer = Sizer::of_flow(bundle, flow);
    match (call.callee, call.model) {
        (Callee::Prompt(id), Some(model)) => {
            let prompt = bundle.prompts.get(id.index());
            prompt.map(|prompt| costs.attempts(prompt, model, costs.args(call, &sizer))).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// What a call takes.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    pub(super) worst: Effort,
    pub(super) usual: Effort,
    pub(super) waits_ms: Most,
    /// Declared latencies of the models that are usually asked.
    pub(super) latencies: Vec<Vec<(u8, u64)>>,
    pub(super) unpriced: Vec<ModelId>,
}

impl Taken {
    fn time(ms: Most) -> Self {
        let effort = Effort { time_ms: ms, ..Effort::default() };
        Self { worst: effort, usual: effort, ..Self::default() }
    }

    /// At the same time as another call.
    pub(super) fn with(mut self, other: Self) -> Self {
        self.latencies.extend(other.latencies);
        self.unpriced.extend(other.unpriced);
        Self {
            worst: self.worst.with(other.worst),
            usual: self.usual.with(other.usual),
            waits_ms: self.waits_ms.max(other.waits_ms),
            ..self
        }
    }

    /// Either this or another call.
    fn or(mut self, other: Self) -> Self {
        self.latencies.extend(other.latencies);
        self.unpriced.extend(other.unpriced);
        Self {
            worst: self.worst.or(other.worst),
            usual: self.usual.or(other.usual),
            waits_ms: self.waits_ms.max(other.waits_ms),
            ..self
        }
    }

    /// So many of it at the same time.
    pub(super) fn times(self, count: u64) -> Self {
        let many = |effort: Effort| Effort {
            cost: effort.cost.times(count),
            tokens: effort.tokens.times(count),
            calls: effort.calls.times(count),
            time_ms: if count == 0 { Most::ZERO } else { effort.time_ms },
            shadows: effort.shadows.times(count),
        };
        Self { worst: many(self.worst), usual: many(self.usual), ..self }
    }

    /// Inside of declared limits, which the runtime keeps.
    pub(super) fn within(mut self, limits: &Limits) -> Self {
        for effort in [&mut self.worst, &mut self.usual] {
            *effort = capped(*effort, limits);
        }
        if let Some(ms) = limits.time_ms {
            self.waits_ms = self.waits_ms.min(Most::new(ms));
        }
        self
    }
}

/// The smaller of both in each respect.
pub(super) fn capped(effort: Effort, limits: &Limits) -> Effort {
    let least = |most: Most, limit: Option<u64>| limit.map_or(most, |limit| most.min(Most::new(limit)));
    Effort {
        cost: limits.cost.map_or(effort.cost, |limit| effort.cost.min(Most::usd(limit))),
        tokens: least(effort.tokens, limits.tokens),
        time_ms: least(effort.time_ms, limits.time_ms),
        ..effort
    }
}

/// Prices calls. Flows that are called must have been bounded before.
pub(super) struct Costs<'b> {
    pub(super) bundle: &'b Bundle,
    pub(super) counts: Counts<'b>,
    /// By flow; `None` is not known, which means that it calls itself.
    pub(super) flows: Vec<Option<FlowBound>>,
}

impl<'b> Costs<'b> {
    pub(super) fn new(bundle: &'b Bundle) -> Self {
        Self { bundle, counts: Counts::new(bundle), flows: vec![None; bundle.flows.len()] }
    }

    /// What the parameters of a call hold: as passed, or as declared, whichever is less.
    pub(super) fn args(&self, call: &Call, sizer: &Sizer<'b>) -> Vec<Shape> {
        let params = match call.callee {
            Callee::Prompt(id) => self.bundle.prompts.get(id.index()).map(|it| it.params.as_slice()),
            Callee::Split(id) => self.bundle.splits.get(id.index()).map(|it| it.params.as_slice()),
            _ => None,
        };
        let params = params.unwrap_or_default();
        let narrow =
            |(arg, param): (&Expr, &flow_ir::types::Field)| sizer.narrower(sizer.shape(arg), param.ty);
        call.args.iter().zip(params).map(narrow).collect()
    }

    /// What a call takes, its own limits included.
    pub(super) fn call(&self, call: &Call, sizer: &Sizer<'b>) -> Taken {
        self.nested(call, sizer, self.bundle.splits.len())
    }

    /// `depth`: how many splits may still call each other.
    fn nested(&self, call: &Call, sizer: &Sizer<'b>, depth: usize) -> Taken {
        let taken = match call.callee {
            Callee::Value | Callee::Function(_) | Callee::Check(_) | Callee::Tell => Taken::default(),
            Callee::Prompt(id) => match (self.bundle.prompts.get(id.index()), call.model) {
                (Some(prompt), Some(model)) => self.prompt(prompt, model, self.args(call, sizer)),
                _ => Taken::default(),
            },
            Callee::Tool(id) => {
                self.bundle.tools.get(id.index()).map(|tool| self.tool(tool)).unwrap_or_default()
            }
            Callee::Human(id) => self.human(id),
            Callee::Method(id, method) => self.method(id, method, call, sizer),
            Callee::Split(id) => match self.bundle.splits.get(id.index()) {
                Some(split) if depth > 0 => self.split(split, self.args(call, sizer), depth - 1),
                _ => Taken::default(),
            },
            Callee::Flow(id) => self.flow(id),
            Callee::Sleep => {
                let ms = call.args.first().map_or(Most::ZERO, |arg| self.duration(arg));
                Taken { waits_ms: ms, ..Taken::time(ms) }
            }
        };
        taken.within(&call.limits)
    }

    fn human(&self, id: flow_ir::HumanId) -> Taken {
        let Some(human) = self.bundle.humans.get(id.index()) else { return Taken::default() };
        let answers = effort::answers(human);
        let effort = Effort {
            cost: Most::usd(human.cost).times(answers),
            calls: Most::new(answers),
            time_ms: Most::UNBOUNDED,
            ..Effort::default()
        };
        Taken { worst: effort, usual: effort, waits_ms: Most::UNBOUNDED, ..Taken::default() }
    }

    fn split(&self, split: &Split, args: Vec<Shape>, depth: usize) -> Taken {
        let names = split.params.iter().map(|param| param.name.clone()).collect();
        let sizer = Sizer::new(self.bundle, args, names);
        let arms = split.arms.iter().map(|arm| self.nested(&arm.call, &sizer, depth));
        let mut taken = arms.reduce(Taken::or).unwrap_or_default();
        for shadow in &split.shadows {
            let beside = self.nested(&shadow.call, &sizer, depth);
            taken.worst.shadows = taken.worst.shadows.plus(beside.worst.cost).plus(beside.worst.shadows);
            let share = u64::from(shadow.share);
            let usual = beside
                .usual
                .cost
                .get()
                .map_or(Most::UNBOUNDED, |cost| Most::new(cost.saturating_mul(share).div_ceil(10_000)));
            taken.usual.shadows = taken.usual.shadows.plus(usual);
        }
        taken
    }

    fn flow(&self, id: FlowId) -> Taken {
        match self.flows.get(id.index()).and_then(Option::as_ref) {
            Some(bound) => Taken {
                worst: bound.worst,
                usual: bound.usual,
                waits_ms: bound.waits_ms,
                latencies: Vec::new(),
                unpriced: bound.unpriced.clone(),
            },
            None => Taken { worst: Effort::UNBOUNDED, ..Taken::default() },
        }
    }

    fn duration(&self, arg: &Expr) -> Most {
        match &arg.kind {
            ExprKind::Const(Const::Duration(ms)) => Most::new(u64::try_from(*ms).unwrap_or(0)),
            ExprKind::Convert(inner) => self.duration(inner),
            _ => match self.bundle.ty(arg.ty) {
                Type::Duration { max: Some(max), .. } => Most::new(u64::try_from(*max).unwrap_or(0)),
                _ => Most::UNBOUNDED,
            },
        }
    }
}

/// The longest that all attempts on one model take, ms.
fn attempts_ms(retry: u32, timeout_ms: u64) -> Most {
    let waits = u64::from(retry).saturating_mul(effort::RETRY_PATIENCE_MS);
    Most::new(timeout_ms).times(effort::attempts(retry)).plus(Most::new(waits))
}

fn has_price(model: &Model, prompt: Option<&Prompt>) -> bool {
    model.price_in.is_some() && (prompt.is_none() || model.price_out.is_some())
}
