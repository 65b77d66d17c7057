//! What expressions see of a run: slots, the element of an `each`, facts.

use flow_eval::{Context, Facts, Value};
use flow_ir::LocalId;
use flow_ir::expr::{ErrorFact, Expr, NodeFact, RunFact};
use flow_ir::flow::Work;
use flow_ir::units::{Currency, Usd};
use flow_ir::{Bundle, NodeId};
use smol_str::SmolStr;

use super::state::{Fault, Frame, FrameRef, NodeState, State};
use super::walk::Walk;

/// The facts of one activation.
struct View<'a> {
    state: &'a State,
    frame: &'a Frame,
}

impl Walk<'_> {
    /// Evaluates in the flow's own slots.
    pub(super) fn eval(&self, at: FrameRef, expr: &Expr) -> Result<Value, Fault> {
        let frame = self.state.frame(at).ok_or_else(|| Fault::malformed("a flow has no activation"))?;
        self.eval_in(frame, &frame.slots, &[], expr)
    }

    /// Evaluates for a branch: its element is bound, and inside of a split the slots are the split's arguments.
    pub(super) fn eval_in(
        &self,
        frame: &Frame,
        slots: &[Option<Value>],
        locals: &[(LocalId, Value)],
        expr: &Expr,
    ) -> Result<Value, Fault> {
        let facts = View { state: self.state, frame };
        let cx = Context { bundle: self.program.bundle(), slots, locals, facts: &facts };
        Ok(flow_eval::eval(expr, &cx)?)
    }

    /// For functions and checks, which see nothing but their arguments.
    pub(super) fn pure_context(&self) -> Context<'_> {
        let bundle: &Bundle = self.program.bundle();
        Context::new(bundle, &[])
    }

    /// The element that a branch of an `each` is about.
    pub(super) fn element(&self, frame: &Frame, branch: u32) -> Option<(LocalId, Value)> {
        let super::state::Working::Many(many) = &frame.work else { return None };
        let Work::Each { local, .. } = &self.program.node(frame.flow, frame.at)?.work else { return None };
        let item = many.items.as_ref()?.get(branch as usize)?;
        Some((*local, item.clone()))
    }
}

impl View<'_> {
    fn node(&self, node: NodeId) -> Option<&NodeState> {
        self.frame.nodes.get(node.index())
    }

    fn usd(amount: Usd) -> Value {
        Value::Money(amount.0, Currency::Usd)
    }
}

impl Facts for View<'_> {
    /// A node that answered by `else`, or whose callee says nothing, has confidence 0, so that a route that asks
    /// for certainty is not taken.
    fn node_fact(&self, fact: NodeFact, node: NodeId) -> Value {
        let state = self.node(node);
        let facts = state.and_then(|state| state.facts.as_deref());
        match fact {
            NodeFact::Confidence => Value::Float(facts.and_then(|facts| facts.confidence).unwrap_or(0.0)),
            NodeFact::Cost => Self::usd(facts.map_or(Usd(0), |facts| facts.cost)),
            NodeFact::Latency => {
                Value::Duration(facts.map_or(0, |facts| i64::try_from(facts.latency_ms).unwrap_or(i64::MAX)))
            }
            NodeFact::By => Value::Text(facts.and_then(|facts| facts.by.clone()).unwrap_or_default()),
            NodeFact::Degraded => Value::Bool(state.is_some_and(|state| state.degraded)),
            NodeFact::Messages => {
                facts.and_then(|facts| facts.messages.clone()).unwrap_or_else(|| Value::list([]))
            }
        }
    }

    fn run_fact(&self, fact: RunFact) -> Value {
        let header = &self.state.header;
        match fact {
            RunFact::Id => Value::Text(header.run.clone()),
            RunFact::Tenant => Value::Text(header.tenant.clone()),
            RunFact::User => Value::Text(header.user.clone()),
            RunFact::Cost => Self::usd(self.state.spent.cost),
            RunFact::Left => Self::usd(self.state.left(self.frame).cost.unwrap_or(Usd(i64::MAX))),
            RunFact::Elapsed => Value::Duration(self.state.now_ms.saturating_sub(header.started_ms)),
            RunFact::Tokens => Value::Tokens(self.state.spent.tokens()),
            RunFact::Started => Value::Text(rfc3339(header.started_ms)),
            RunFact::Now => Value::Text(rfc3339(self.frame.entered_ms)),
        }
    }

    fn error_fact(&self, fact: ErrorFact) -> Value {
        let error = self.frame.error.as_deref();
        match fact {
            ErrorFact::Class => Value::text(error.map_or("", |error| error.class.name())),
            ErrorFact::Message => Value::Text(error.map(|error| error.message.clone()).unwrap_or_default()),
            ErrorFact::Node => Value::Text(error.map(|error| error.node.clone()).unwrap_or_default()),
            ErrorFact::Attempt => Value::Int(error.map_or(0, |error| i64::from(error.attempt))),
        }
    }
}

/// In UTC; a time that no calendar holds is written as its number of ms.
fn rfc3339(ms: i64) -> SmolStr {
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(time) => SmolStr::new(time.to_string()),
        Err(_) => SmolStr::new(ms.to_string()),
    }
}
