//! One attempt: permit, reservation, the call itself, settlement, and word to the gates.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use flow_ir::ModelId;
use flow_ir::effort::MODEL_TIMEOUT_MS;
use flow_ir::setup::{Capability, Model};
use flow_ir::units::Usd;
use flow_model::{ChatReply, ChatRequest, Delta as Piece, ModelError, Output, Patience, Prices, RateLimits};
use flow_policy::budget::Amount;
use flow_policy::deadline::{Known, phases};
use flow_policy::quota::Kind;

use super::leg::Prepared;
use super::worst::used;
use super::{Chain, no_money};
use crate::effects::gates::{Ended, Pass, Target};
use crate::effects::outside::Asked;
use crate::effects::prompt::Call;
use crate::effects::spent::{Raised, Spent};
use crate::port::{Delta, Deltas};

/// What came of an attempt.
pub(super) struct Tried {
    pub(super) result: Result<ChatReply, ModelError>,
    pub(super) used: Amount,
}

/// Everything that one attempt needs.
pub(super) struct Attempt<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) id: ModelId,
    pub(super) target: Arc<Target>,
    pub(super) asked: Arc<Prepared>,
    pub(super) pass: Pass,
    /// Counted over the operation, from 1.
    pub(super) number: u32,
    pub(super) patience: Patience,
    pub(super) hurried: bool,
    pub(super) retried: Option<Kind>,
    pub(super) speaker: Speaker,
}

/// Who may show its text: of attempts side by side, the one that speaks first.
#[derive(Clone, Debug, Default)]
pub(super) struct Speaker(Arc<AtomicU32>);

impl Speaker {
    /// Whether anything was shown.
    pub(super) fn spoke(&self) -> bool {
        self.0.load(Ordering::Acquire) != 0
    }

    /// Whether this attempt is the one that was shown.
    pub(super) fn is(&self, number: u32) -> bool {
        self.0.load(Ordering::Acquire) == number
    }

    fn may_speak(&self, number: u32) -> bool {
        self.0.compare_exchange(0, number, Ordering::AcqRel, Ordering::Acquire).is_ok() || self.is(number)
    }

    /// The next attempt begins anew, and voids what was shown.
    pub(super) fn free(&self) {
        self.0.store(0, Ordering::Release);
    }
}

impl<'c> Chain<'c> {
    /// Prepares an attempt at a leg and counts it.
    pub(super) fn attempt(
        &mut self,
        at: usize,
        pass: Pass,
        spent: &mut Spent,
    ) -> Result<Attempt<'c>, Raised> {
        let gone = || Raised::invalid("a model of the chain is not there");
        let leg = self.legs.get_mut(at).ok_or_else(gone)?;
        let asks = self.models.get_mut(leg.model).ok_or_else(gone)?;
        leg.made += 1;
        asks.count();
        spent.facts.attempts += 1;
        let own = asks.model.timeout_ms.unwrap_or(MODEL_TIMEOUT_MS);
        let patience = patience(asks.model, own, spent.remaining_ms(self.call.cx));
        Ok(Attempt {
            call: self.call,
            id: asks.id,
            target: Arc::clone(&leg.target),
            asked: Arc::clone(asks.prepare(self.request)?),
            pass,
            number: spent.facts.attempts,
            patience,
            hurried: patience.total_ms < own,
            retried: leg.retry,
            speaker: self.speaker.clone(),
        })
    }
}

/// The time of one attempt by phases.
pub(super) fn patience(model: &Model, own: u64, remaining_ms: Option<u64>) -> Patience {
    let slowest_ms = model.latency_ms.iter().map(|(_, ms)| *ms).max();
    let phases = phases(Known { attempt_ms: own, slowest_ms, remaining_ms });
    Patience { first_byte_ms: phases.first_token_ms, idle_ms: phases.idle_ms, total_ms: phases.total_ms }
}

impl Attempt<'_> {
    /// The most that it can cost.
    pub(super) fn worst(&self) -> Usd {
        self.asked.worst.cost
    }

    /// Makes it, inside of a reservation of its worst case. The outer error ends the whole call.
    ///
    /// # Cancel safety
    /// Dropped, it gives its pass back; what it may have cost stays reserved.
    pub(super) async fn make(self) -> Result<Tried, Raised> {
        let Self { call, asked, pass, .. } = self;
        let Prepared { request, worst } = &*asked;
        let worst = *worst;
        let Some(model) = &self.target.model else { return Err(Raised::invalid("a tool is no model")) };
        let permit = call.inner.gates.model_permit(self.id).await;
        let reservation = call
            .cx
            .purse
            .reserve(worst.amount(), call.cx.clock.now_ms())
            .map_err(|short| no_money(call, model, worst, short.day_left))?;
        reservation.kept().await;
        let started_ms = call.cx.clock.now_ms();
        let watch = Watching::new(call, &self.speaker, self.number, started_ms);
        let asked = Asked { prompt: &call.prompt.name, digest: call.digest, model };
        let streams = streams(call, request, model);
        let mut show = |piece: Piece| watch.show(&piece);
        let sink = streams.then_some(&mut show as &mut (dyn FnMut(Piece) + Send));
        let result = call.inner.with.outside.chat(asked, request, self.patience, sink).await;
        drop(permit);
        let used = used(&result, worst, Prices::of(model));
        reservation.settle(used);
        pass.end(Ended {
            error: result.as_ref().err(),
            limits: limits(&result),
            took_ms: watch.took_ms(),
            streamed: streams,
            tokens: Some(used.tokens),
            hurried: self.hurried,
            retried: self.retried,
        });
        Ok(Tried { result, used })
    }
}

/// What the provider says is left, with an answer or an error.
pub(super) fn limits(result: &Result<ChatReply, ModelError>) -> RateLimits {
    result.as_ref().map_or_else(|_| RateLimits::default(), |reply| reply.limits)
}

fn streams(call: &Call<'_>, request: &ChatRequest, model: &Model) -> bool {
    call.cx.deltas.is_watched()
        && matches!(request.output, Output::Text)
        && model.can.contains(&Capability::Stream)
}

/// Shows pieces as they come, and knows when the first one came.
struct Watching<'a> {
    deltas: &'a Deltas,
    speaker: &'a Speaker,
    number: u32,
    clock: &'a dyn crate::clock::Clock,
    started_ms: i64,
    /// ms after the start plus 1; 0 is not yet.
    first: AtomicU32,
}

impl<'a> Watching<'a> {
    fn new(call: &'a Call<'a>, speaker: &'a Speaker, number: u32, started_ms: i64) -> Self {
        let (deltas, clock) = (&call.cx.deltas, &*call.cx.clock);
        Self { deltas, speaker, number, clock, started_ms, first: AtomicU32::new(0) }
    }

    fn show(&self, piece: &Piece) {
        if self.first.load(Ordering::Relaxed) == 0 {
            let since = u32::try_from(self.since_ms()).unwrap_or(u32::MAX - 1);
            self.first.store(since + 1, Ordering::Relaxed);
        }
        if self.speaker.may_speak(self.number) {
            let Piece::Text(text) = piece;
            self.deltas.send(Delta::Text { attempt: self.number, text: text.as_str().into() });
        }
    }

    /// Until the first piece, or until now if there was none.
    fn took_ms(&self) -> u64 {
        match self.first.load(Ordering::Relaxed) {
            0 => self.since_ms(),
            first => u64::from(first - 1),
        }
    }

    fn since_ms(&self) -> u64 {
        self.clock.now_ms().saturating_sub(self.started_ms).max(0).unsigned_abs()
    }
}
