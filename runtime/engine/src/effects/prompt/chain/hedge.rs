//! The attempts of one turn: one, or two side by side when the first is slow to begin.

use std::pin::Pin;

use flow_ir::units::Usd;
use flow_model::{ChatReply, ErrorKind, ModelError};
use flow_policy::quota::Kind;
use futures_util::future::{Either, select};

use super::Chain;
use super::attempt::{Attempt, Tried};
use crate::effects::gates::{Admission, Pass};
use crate::effects::spent::{Raised, Spent};
use crate::port::Delta;

/// What came of the attempts of a turn, in the order in which they ended.
type Turn = Vec<(usize, Tried)>;

/// An attempt under way.
struct Racer<'c> {
    at: usize,
    number: u32,
    worst: Usd,
    run: Pin<Box<dyn Future<Output = Result<Tried, Raised>> + Send + 'c>>,
}

impl<'c> Racer<'c> {
    fn new(at: usize, attempt: Attempt<'c>) -> Self {
        Self { at, number: attempt.number, worst: attempt.worst(), run: Box::pin(attempt.make()) }
    }
}

impl<'c> Chain<'c> {
    /// Makes the attempt, and a second one beside it where the model is hedged.
    pub(super) async fn attempts(
        &mut self,
        at: usize,
        pass: Pass,
        spent: &mut Spent,
    ) -> Result<Turn, Raised> {
        self.speaker.free();
        let first = self.attempt(at, pass, spent)?;
        let asks = self.legs.get(at).and_then(|leg| self.models.get(leg.model));
        let turn = match asks.and_then(|asks| asks.model.hedge_ms) {
            Some(after_ms) if self.may_hedge() => self.hedged(Racer::new(at, first), after_ms, spent).await,
            Some(_) | None => first.make().await.map(|tried| vec![(at, tried)]),
        };
        let turn = turn.inspect_err(|_| {
            // Nothing was sent for want of money.
            spent.facts.attempts = spent.facts.attempts.saturating_sub(1);
        })?;
        for (at, tried) in &turn {
            self.forgive(*at, &tried.result);
        }
        Ok(turn)
    }

    /// Text that was shown and cannot be taken back must not be overtaken by another answer.
    fn may_hedge(&self) -> bool {
        !self.call.cx.deltas.is_watched() || self.call.cx.deltas.can_restart()
    }

    async fn hedged(&mut self, first: Racer<'c>, after_ms: u64, spent: &mut Spent) -> Result<Turn, Raised> {
        let Racer { at, number, worst, run } = first;
        let nap = self.call.cx.clock.sleep(after_ms);
        let run = match select(run, nap).await {
            Either::Left((tried, _)) => return Ok(vec![(at, tried?)]),
            Either::Right(((), run)) => run,
        };
        // One that has begun to speak is not raced any more.
        let second = if self.speaker.spoke() { None } else { self.beside(at, spent)? };
        let first = Racer { at, number, worst, run };
        match second {
            Some(second) => self.race(first, second, spent).await,
            None => Ok(vec![(at, first.run.await?)]),
        }
    }

    /// The first good answer wins. A failure leaves the other alone.
    async fn race(&self, first: Racer<'c>, second: Racer<'c>, spent: &mut Spent) -> Result<Turn, Raised> {
        let (first_of, second_of) = ((first.at, first.number), (second.at, second.number));
        let (winner, tried, (loser, rest), worst) = match select(first.run, second.run).await {
            Either::Left((tried, rest)) => (first_of, tried?, (second_of, rest), second.worst),
            Either::Right((tried, rest)) => (second_of, tried?, (first_of, rest), first.worst),
        };
        if tried.result.is_err() {
            return Ok(vec![(winner.0, tried), (loser.0, rest.await?)]);
        }
        // The other is given up: it may well be billed.
        drop(rest);
        spent.pay(worst);
        self.speak_instead(winner.1, &tried, spent);
        Ok(vec![(winner.0, tried)])
    }

    /// The loser was shown: the winner's text takes its place, under a number that voids the other.
    fn speak_instead(&self, winner: u32, tried: &Tried, spent: &mut Spent) {
        if !self.speaker.spoke() || self.speaker.is(winner) {
            return;
        }
        if let Ok(reply) = &tried.result {
            spent.facts.attempts += 1;
            let attempt = spent.facts.attempts;
            self.call.cx.deltas.send(Delta::Text { attempt, text: reply.text.as_str().into() });
        }
    }

    /// Whose answer a slow one is raced against: the next of the chain that is let through, else itself. The gates
    /// and the retry budget must allow it.
    fn beside(&mut self, at: usize, spent: &mut Spent) -> Result<Option<Racer<'c>>, Raised> {
        let next: Vec<usize> = (at + 1..self.legs.len()).chain([at]).collect();
        for beside in next {
            let Some(leg) = self.legs.get(beside).filter(|leg| !leg.is_done()) else { continue };
            let target = std::sync::Arc::clone(&leg.target);
            let Some(asks) = self.models.get_mut(leg.model).filter(|asks| asks.left() > 0) else { continue };
            let tokens = asks.prepare(self.request)?.worst.tokens();
            match target.admit(&self.call.cx.clock, tokens) {
                Admission::Go(pass) if !pass.probe && target.may_retry(Kind::Other) => {
                    return self
                        .attempt(beside, pass, spent)
                        .map(|attempt| Some(Racer::new(beside, attempt)));
                }
                Admission::Go(_) | Admission::Wait(_) | Admission::Shut(_) => {}
            }
        }
        Ok(None)
    }

    /// An attempt that was turned away is not billed, so the bound does not count it.
    fn forgive(&mut self, at: usize, result: &Result<ChatReply, ModelError>) {
        let turned_away = |error: &ModelError| {
            matches!(
                error.kind,
                ErrorKind::Auth
                    | ErrorKind::Permission
                    | ErrorKind::QuotaExhausted
                    | ErrorKind::RateLimited { .. }
            )
        };
        if !result.as_ref().is_err_and(turned_away) {
            return;
        }
        if let Some(asks) = self.legs.get(at).and_then(|leg| self.models.get_mut(leg.model)) {
            asks.uncount();
        }
    }
}
