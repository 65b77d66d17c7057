//! What an expression may see.

use flow_ir::Bundle;
use flow_ir::expr::{ErrorFact, NodeFact, RunFact};
use flow_ir::{LocalId, NodeId};

use crate::Value;

/// What is known about nodes, the run and the error. The machine answers from recorded events, so equal runs
/// see equal facts.
pub trait Facts {
    /// About a node that has run.
    fn node_fact(&self, fact: NodeFact, node: NodeId) -> Value;
    /// About the run so far.
    fn run_fact(&self, fact: RunFact) -> Value;
    /// About the error of an error edge or handler.
    fn error_fact(&self, fact: ErrorFact) -> Value;
}

/// For expressions outside of a run: functions, checks, settings. Every fact is `none`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFacts;

impl Facts for NoFacts {
    fn node_fact(&self, _: NodeFact, _: NodeId) -> Value {
        Value::None
    }

    fn run_fact(&self, _: RunFact) -> Value {
        Value::None
    }

    fn error_fact(&self, _: ErrorFact) -> Value {
        Value::None
    }
}

/// The frame of an expression. Cheap to make; borrowed for one evaluation.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Types and functions.
    pub bundle: &'a Bundle,
    /// By `SlotId`. Reading an empty one raises `Invalid`.
    pub slots: &'a [Option<Value>],
    /// Binders around the expression: the element of an `each`, the parameters of a delegate.
    pub locals: &'a [(LocalId, Value)],
    /// About nodes, run and error.
    pub facts: &'a dyn Facts,
}

impl<'a> Context<'a> {
    /// Slots only.
    #[must_use]
    pub fn new(bundle: &'a Bundle, slots: &'a [Option<Value>]) -> Self {
        Self { bundle, slots, locals: &[], facts: &NoFacts }
    }

    /// With these facts.
    #[must_use]
    pub fn with_facts(self, facts: &'a dyn Facts) -> Self {
        Self { facts, ..self }
    }

    /// With these binders.
    #[must_use]
    pub fn with_locals(self, locals: &'a [(LocalId, Value)]) -> Self {
        Self { locals, ..self }
    }
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("slots", &self.slots).field("locals", &self.locals).finish()
    }
}
