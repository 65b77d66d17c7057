//! What one operation has used so far, over all of its attempts.

use std::time::Duration;

use flow_eval::Value;
use flow_ir::units::{ErrorClass, Usd};
use flow_policy::retry::Draws;
use smol_str::SmolStr;

use crate::port::InvokeContext;
use crate::protocol::{Facts, Invocation, Outcome};

/// An error before it becomes an outcome.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Raised {
    pub(crate) class: ErrorClass,
    pub(crate) message: SmolStr,
}

impl Raised {
    pub(crate) fn new(class: ErrorClass, message: impl Into<SmolStr>) -> Self {
        Self { class, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<SmolStr>) -> Self {
        Self::new(ErrorClass::Invalid, message)
    }
}

impl From<flow_eval::Invalid> for Raised {
    fn from(invalid: flow_eval::Invalid) -> Self {
        Self::invalid(invalid.message.as_ref())
    }
}

/// Adds up, and knows how much time is left.
#[derive(Debug)]
pub(crate) struct Spent {
    pub(crate) facts: Facts,
    started_ms: i64,
    timeout_ms: Option<u64>,
    draws: Draws,
}

impl Spent {
    pub(crate) fn new(cx: &InvokeContext, invocation: &Invocation) -> Self {
        let seed = cx.header.seed ^ (u64::from(invocation.op.0) << 32);
        Self {
            facts: Facts::default(),
            started_ms: cx.clock.now_ms(),
            timeout_ms: invocation.timeout_ms,
            draws: Draws::new(seed),
        }
    }

    pub(crate) fn elapsed_ms(&self, cx: &InvokeContext) -> u64 {
        u64::try_from(cx.clock.now_ms() - self.started_ms).unwrap_or(0)
    }

    /// Until the call's deadline; `None` is no deadline.
    pub(crate) fn remaining_ms(&self, cx: &InvokeContext) -> Option<u64> {
        self.timeout_ms.map(|limit| limit.saturating_sub(self.elapsed_ms(cx)))
    }

    /// The time of one attempt: its own limit, or what is left of the call if that is less. At least 1 ms.
    pub(crate) fn attempt_ms(&self, cx: &InvokeContext, own: u64) -> u64 {
        self.remaining_ms(cx).map_or(own, |left| left.min(own)).max(1)
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.draws.draw()
    }

    pub(crate) fn pay(&mut self, cost: Usd) {
        self.facts.cost = self.facts.cost.plus(cost);
    }

    /// Adds what another conversation of the same operation used.
    pub(crate) fn absorb(&mut self, other: Facts) {
        self.pay(other.cost);
        self.facts.input_tokens += other.input_tokens;
        self.facts.output_tokens += other.output_tokens;
        self.facts.attempts += other.attempts;
        self.facts.model = other.model.or(self.facts.model.take());
        self.facts.versions = other.versions.or(self.facts.versions.take());
        self.facts.request_id = other.request_id.or(self.facts.request_id.take());
        self.facts.finish = other.finish.or(self.facts.finish.take());
        self.facts.messages = other.messages.or(self.facts.messages.take());
        self.facts.tolerances.extend(other.tolerances);
        self.facts.tolerances.sort_unstable();
        self.facts.tolerances.dedup();
        self.facts.route = other.route.or(self.facts.route.take());
    }

    pub(crate) fn end(mut self, cx: &InvokeContext, result: Result<Value, Raised>) -> Outcome {
        self.facts.latency_ms = self.elapsed_ms(cx);
        let facts = Box::new(self.facts);
        match result {
            Ok(value) => Outcome::Ok { value, facts },
            Err(Raised { class, message }) => Outcome::Err { class, message, facts },
        }
    }
}

/// Waits on the run's own clock.
pub(crate) async fn pause(cx: &InvokeContext, ms: u64) {
    if Duration::from_millis(ms) > Duration::ZERO {
        cx.clock.sleep(ms).await;
    }
}
