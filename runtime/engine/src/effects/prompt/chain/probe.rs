//! The shielded probe: a real request to a target that may be well again, beside the one that answers.
//!
//! Nobody waits for it. It runs on a task of its own until its own deadline, tells the gates how it ended, and its
//! answer is thrown away. What it costs is the call's: its worst case until it has ended.

use std::sync::{Arc, OnceLock};

use flow_ir::effort::MODEL_TIMEOUT_MS;
use flow_ir::units::Usd;
use flow_model::Prices;

use super::Chain;
use super::attempt::{limits, patience};
use super::leg::Prepared;
use super::worst::used;
use crate::effects::gates::{Ended, Pass};
use crate::effects::outside::Asked;
use crate::effects::spent::Raised;

/// A probe under way, or ended.
pub(super) struct Probe {
    worst: Usd,
    ended: Arc<OnceLock<Usd>>,
}

impl Probe {
    /// What it has cost, or may still.
    pub(super) fn cost(&self) -> Usd {
        self.ended.get().copied().unwrap_or(self.worst)
    }
}

impl Chain<'_> {
    /// Sends the request to a recovering target as well. Not without the money for it.
    pub(super) fn shield(&mut self, at: usize, pass: Pass) -> Result<(), Raised> {
        let request = self.request;
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return Ok(()) };
        let Some(leg) = self.legs.get_mut(at) else { return Ok(()) };
        let Some(asks) = self.models.get_mut(leg.model) else { return Ok(()) };
        let target = Arc::clone(&leg.target);
        let asked: Arc<Prepared> = Arc::clone(asks.prepare(request)?);
        let now_ms = self.call.cx.clock.now_ms();
        let Ok(reservation) = self.call.cx.purse.reserve(asked.worst.amount(), now_ms) else {
            return Ok(());
        };
        leg.made += 1;
        asks.count();
        let ended = Arc::new(OnceLock::new());
        self.probes.push(Probe { worst: asked.worst.cost, ended: Arc::clone(&ended) });
        let outside = Arc::clone(&self.call.inner.with.outside);
        let (prompt, digest) = (self.call.prompt.name.clone(), self.call.digest.to_owned());
        let patience = patience(asks.model, asks.model.timeout_ms.unwrap_or(MODEL_TIMEOUT_MS), None);
        let clock = Arc::clone(&self.call.cx.clock);
        runtime.spawn(async move {
            let Some(model) = &target.model else { return };
            reservation.kept().await;
            let started_ms = clock.now_ms();
            let of = Asked { prompt: &prompt, digest: &digest, model };
            let result = outside.chat(of, &asked.request, patience, None).await;
            let used = used(&result, asked.worst, Prices::of(model));
            reservation.settle(used);
            // Nobody else sets it.
            let _ = ended.set(used.cost);
            pass.end(Ended {
                error: result.as_ref().err(),
                limits: limits(&result),
                took_ms: clock.now_ms().saturating_sub(started_ms).max(0).unsigned_abs(),
                streamed: false,
                tokens: Some(used.tokens),
                hurried: false,
                retried: None,
            });
        });
        Ok(())
    }
}
