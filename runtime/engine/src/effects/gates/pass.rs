//! Leave to make one attempt.

use std::sync::Arc;

use flow_model::{ErrorKind, ModelError, RateLimits};
use flow_policy::credential::Why;
use flow_policy::quota::{self, Kind};
use flow_policy::{breaker, rate};

use super::target::{Key, Target};
use crate::clock::Clock;

/// How long what is left counts where the provider does not say, ms: limits are per minute.
const RESET_MS: u64 = 60_000;

/// Whether an attempt may be made.
#[derive(Debug)]
pub enum Admission {
    /// It may.
    Go(Pass),
    /// Not before so many ms.
    Wait(u64),
    /// It may not.
    Shut(Shut),
}

/// Why an attempt must not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shut {
    /// The target is ill until then, ms since the Unix epoch.
    Ill(Option<i64>),
    /// An operator says so.
    Forced(String),
    /// Its key is not accepted.
    Key(Why),
}

/// Leave to make one attempt at a target. Dropped without an end, it leaves no trace.
pub struct Pass {
    target: Arc<Target>,
    clock: Arc<dyn Clock>,
    /// Whether it is the one call to a target that may still be ill.
    pub probe: bool,
    health: Option<breaker::Ticket>,
    rate: Option<rate::Ticket>,
}

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pass").field("target", &self.target.health.name).finish_non_exhaustive()
    }
}

/// How an attempt has ended, as far as the gates are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'e> {
    /// `None` is a good answer.
    pub error: Option<&'e ModelError>,
    /// What the provider says is left.
    pub limits: RateLimits,
    /// Until the first token, or until the answer if it was not streamed, ms.
    pub took_ms: u64,
    /// Whether it was streamed.
    pub streamed: bool,
    /// Tokens that it used.
    pub tokens: Option<u64>,
    /// Whether it was cut short by the caller's own deadline: then its timeout says nothing about the target.
    pub hurried: bool,
    /// The kind of the failure before it, if it was a retry.
    pub retried: Option<Kind>,
}

impl Target {
    /// Asks all gates: key, rate, breaker.
    #[must_use]
    pub fn admit(self: &Arc<Self>, clock: &Arc<dyn Clock>, tokens: u64) -> Admission {
        let now_ms = clock.now_ms();
        for key in [&self.key, &self.grant].into_iter().flatten() {
            if let Err((why, _)) = key.ask(now_ms) {
                return Admission::Shut(Shut::Key(why));
            }
        }
        let mut pass = Pass {
            target: Arc::clone(self),
            clock: Arc::clone(clock),
            probe: false,
            health: None,
            rate: None,
        };
        match self.pace.with(|pace| pace.rate.step(rate::Event::Ask(tokens), now_ms, 0)) {
            rate::Effect::Admitted(ticket) => {
                pass.probe = ticket.probe;
                pass.rate = Some(ticket);
            }
            rate::Effect::Wait(ms) => return Admission::Wait(ms),
            rate::Effect::Nothing => {}
        }
        match self.health.step(breaker::Event::Ask, now_ms, 0) {
            breaker::Effect::Admitted(ticket) => {
                pass.probe |= ticket.probe;
                pass.health = Some(ticket);
                Admission::Go(pass)
            }
            breaker::Effect::Refused { until_ms: Some(until) } => Admission::Shut(Shut::Ill(Some(until))),
            _ => Admission::Shut(self.forced()),
        }
    }

    fn forced(&self) -> Shut {
        let reason = self.health.with(|breaker| breaker.forced().map(|forced| forced.reason.clone()));
        reason.map_or(Shut::Ill(None), Shut::Forced)
    }
}

impl Pass {
    /// Tells all gates how the attempt has ended.
    pub fn end(mut self, ended: Ended<'_>) {
        let now_ms = self.clock.now_ms();
        self.tell_rate(ended, now_ms);
        self.tell_health(ended, now_ms);
        self.tell_keys(ended.error, now_ms);
    }

    fn tell_rate(&mut self, ended: Ended<'_>, now_ms: i64) {
        let Some(ticket) = self.rate.take() else { return };
        let limited = match ended.error.map(|error| &error.kind) {
            Some(ErrorKind::RateLimited { retry_after_ms }) => Some(*retry_after_ms),
            _ => None,
        };
        let remaining = |left: Option<u64>, reset_ms: Option<u64>| {
            Some(rate::Remaining { left: left?, reset_ms: reset_ms.unwrap_or(RESET_MS) })
        };
        let RateLimits { requests_left, requests_reset_ms, tokens_left, tokens_reset_ms } = ended.limits;
        let allowance = rate::Allowance {
            requests: remaining(requests_left, requests_reset_ms),
            tokens: remaining(tokens_left, tokens_reset_ms),
        };
        let report = rate::Report { limited, allowance, tokens: ended.tokens };
        self.target.pace.with(|pace| {
            pace.rate.step(rate::Event::Ended(ticket, report), now_ms, spread(now_ms));
            if ended.error.is_none() {
                pace.quota.step(quota::Event::Worked(ended.retried));
            }
        });
    }

    fn tell_health(&mut self, ended: Ended<'_>, now_ms: i64) {
        let Some(ticket) = self.health.take() else { return };
        let event = match health_of(ended) {
            Some(health) => breaker::Event::Ended(ticket, health),
            None => breaker::Event::Dropped(ticket),
        };
        self.target.health.step(event, now_ms, spread(now_ms));
    }

    fn tell_keys(&self, error: Option<&ModelError>, now_ms: i64) {
        let each = |act: &dyn Fn(&Key)| {
            [&self.target.key, &self.target.grant].into_iter().flatten().for_each(|key| act(key));
        };
        let tell = |key: &Option<Arc<Key>>, why| key.iter().for_each(|key| key.failed(why, now_ms));
        match error.map(|error| &error.kind) {
            None => each(&|key| key.worked(now_ms)),
            // Without a status the key is one that is not there: nobody has refused it.
            Some(ErrorKind::Auth) if error.is_some_and(|error| error.status.is_some()) => {
                tell(&self.target.key, Why::Refused);
            }
            Some(ErrorKind::QuotaExhausted) => tell(&self.target.key, Why::Spent),
            Some(ErrorKind::Permission) => tell(&self.target.grant, Why::Forbidden),
            Some(_) => {}
        }
    }
}

/// What an end says about health; `None` if it says nothing at all.
fn health_of(ended: Ended<'_>) -> Option<breaker::Health> {
    let Some(error) = ended.error else {
        return Some(breaker::Health::Good { took_ms: ended.took_ms, streamed: ended.streamed });
    };
    match &error.kind {
        ErrorKind::Timeout { .. } if ended.hurried => None,
        ErrorKind::Cancelled | ErrorKind::Unsupported => None,
        ErrorKind::Connect
        | ErrorKind::Tls
        | ErrorKind::Upstream5xx { .. }
        | ErrorKind::Overloaded { .. }
        | ErrorKind::Timeout { .. }
        | ErrorKind::PartialStream { .. }
        | ErrorKind::MalformedResponse => {
            Some(breaker::Health::Bad { retry_after_ms: error.kind.retry_after_ms() })
        }
        _ => Some(breaker::Health::Answered),
    }
}

/// Enough to keep replicas apart: what is drawn here decides nothing about a run.
fn spread(now_ms: i64) -> u64 {
    flow_policy::retry::Draws::new(now_ms.unsigned_abs() ^ u64::from(std::process::id()) << 32).draw()
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.health.is_none() && self.rate.is_none() {
            return;
        }
        let now_ms = self.clock.now_ms();
        if let Some(ticket) = self.rate.take() {
            self.target.pace.with(|pace| pace.rate.step(rate::Event::Dropped(ticket), now_ms, 0));
        }
        if let Some(ticket) = self.health.take() {
            self.target.health.step(breaker::Event::Dropped(ticket), now_ms, 0);
        }
    }
}
