//! Whether a key may ask a model again now.
//!
//! Four things close this gate, and the longest of them decides: a declared limit per minute, what the provider
//! says is left until its next reset, a 429 with the time to wait, and, where the provider says nothing, a
//! window of calls at once that halves with every 429 and grows slowly with every success (additive increase,
//! multiplicative decrease).
//!
//! After a 429 one call at a time *tries* whether the gate is really open again, until one of them succeeds. Like a
//! breaker's probe it is shielded where somebody else can answer.
//!
//! A 429 for a call that was let through before the last cut tells nothing new: it was under way when the others
//! failed, and is one cut with them. (The same rule as TCP's for losses within one window, RFC 6582.)
//!
//! Waiting is the caller's: [`Effect::Wait`] says how long, and whether that is worth it depends on the
//! deadline and on who else could be asked.

mod bucket;
#[cfg(test)]
mod tests;

use bucket::Bucket;

/// Without a word of the provider, this long is waited after the first 429, ms; doubles with each further one.
const FIRST_WAIT_MS: u64 = 1_000;

/// The longest wait that nobody asked for, ms.
const LONGEST_WAIT_MS: u64 = 60_000;

/// After so long without a 429 calls at once are not limited any more, ms.
const FORGIVEN_MS: i64 = 300_000;

/// Declared limits per minute; `None` is no limit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Limits {
    /// Requests.
    pub requests: Option<u64>,
    /// Tokens, input and output together.
    pub tokens: Option<u64>,
}

/// What a provider says about what is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Allowance {
    /// Of requests.
    pub requests: Option<Remaining>,
    /// Of tokens.
    pub tokens: Option<Remaining>,
}

/// What is left of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remaining {
    /// Until the reset.
    pub left: u64,
    /// Until it is full again, ms.
    pub reset_ms: u64,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Somebody wants to call with so many tokens at most.
    Ask(u64),
    /// A call has ended.
    Ended(Ticket, Report),
    /// A call was given up before it was sent.
    Dropped(Ticket),
}

/// How a call ended, as far as rates are concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// The provider turned the call away for its rate, and how long it wants to wait, ms.
    pub limited: Option<Option<u64>>,
    /// The provider's own count.
    pub allowance: Allowance,
    /// Tokens that it really used; `None` if nobody knows.
    pub tokens: Option<u64>,
}

/// Leave to make one call.
#[derive(PartialEq, Eq, Debug)]
#[must_use = "a ticket is given back with `Ended` or `Dropped`"]
pub struct Ticket {
    tokens: u64,
    /// Cuts there had been when it was given.
    cuts: u32,
    /// Whether this is the one call that tries whether the provider takes calls again.
    pub probe: bool,
}

/// What follows.
#[derive(PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing to do.
    Nothing,
    /// The call may be made.
    Admitted(Ticket),
    /// Not before so many ms; at least 1.
    Wait(u64),
}

/// The gate of one key for one model. See the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rate {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    /// Left until a time (ms since the Unix epoch), as the provider counts.
    told_requests: Option<(u64, i64)>,
    told_tokens: Option<(u64, i64)>,
    closed_until_ms: i64,
    flying: u32,
    /// Calls at once, in thousandths; `None` is no limit.
    window: Option<u64>,
    cut_ms: i64,
    /// How many cuts there have been; only compared for equality.
    cuts: u32,
    /// 429s without a success between them.
    row: u32,
    /// Whether a call tries it.
    trying: bool,
}

impl Rate {
    /// Open.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            requests: limits.requests.map(Bucket::per_minute),
            tokens: limits.tokens.map(Bucket::per_minute),
            told_requests: None,
            told_tokens: None,
            closed_until_ms: i64::MIN,
            flying: 0,
            window: None,
            cut_ms: i64::MIN,
            cuts: 0,
            row: 0,
            trying: false,
        }
    }

    /// Takes an event. `random` is spread evenly over 64 bits; equal inputs give equal answers.
    pub fn step(&mut self, event: Event, now_ms: i64, random: u64) -> Effect {
        match event {
            Event::Ask(tokens) => self.ask(tokens, now_ms),
            Event::Ended(ticket, report) => {
                self.ended(&ticket, report, now_ms, random);
                Effect::Nothing
            }
            Event::Dropped(ticket) => {
                self.landed(&ticket);
                give_back(&mut self.requests, 1);
                give_back(&mut self.tokens, ticket.tokens);
                if let Some((left, _)) = &mut self.told_requests {
                    *left = left.saturating_add(1);
                }
                Effect::Nothing
            }
        }
    }

    /// Calls under way.
    #[must_use]
    pub const fn flying(&self) -> u32 {
        self.flying
    }

    /// Calls at once that it allows now; `None` is no limit.
    #[must_use]
    pub fn window(&self) -> Option<u64> {
        self.window.map(|window| window / 1_000)
    }

    /// Until when nothing is let through, ms since the Unix epoch.
    #[must_use]
    pub fn closed_until_ms(&self, now_ms: i64) -> Option<i64> {
        Some(self.closed_until_ms).filter(|until| *until > now_ms)
    }

    fn ask(&mut self, tokens: u64, now_ms: i64) -> Effect {
        if self.window.is_some() && now_ms.saturating_sub(self.cut_ms) > FORGIVEN_MS {
            self.window = None;
        }
        let wait = self.wait_ms(tokens, now_ms);
        if wait > 0 {
            return Effect::Wait(wait);
        }
        self.flying = self.flying.saturating_add(1);
        take(&mut self.requests, 1, now_ms);
        take(&mut self.tokens, tokens, now_ms);
        if let Some((left, _)) = &mut self.told_requests {
            *left = left.saturating_sub(1);
        }
        let probe = self.row > 0;
        self.trying |= probe;
        Effect::Admitted(Ticket { tokens, cuts: self.cuts, probe })
    }

    fn landed(&mut self, ticket: &Ticket) {
        self.flying = self.flying.saturating_sub(1);
        self.trying &= !ticket.probe;
    }

    fn wait_ms(&self, tokens: u64, now_ms: i64) -> u64 {
        let closed = self.closed_until_ms.saturating_sub(now_ms).max(0).unsigned_abs();
        let requests = self.requests.map_or(0, |bucket| bucket.wait_ms(1, now_ms));
        let by_tokens = self.tokens.map_or(0, |bucket| bucket.wait_ms(tokens, now_ms));
        let told = told_wait(self.told_requests, 1, now_ms).max(told_wait(self.told_tokens, 1, now_ms));
        let full = self.window.is_some_and(|window| u64::from(self.flying) * 1_000 >= window.max(1_000));
        // When a place becomes free is not known: soon.
        let crowded = if full || self.trying { 50 } else { 0 };
        closed.max(requests).max(by_tokens).max(told).max(crowded)
    }

    fn ended(&mut self, ticket: &Ticket, report: Report, now_ms: i64, random: u64) {
        self.landed(ticket);
        if let Some(used) = report.tokens {
            give_back(&mut self.tokens, ticket.tokens.saturating_sub(used));
        }
        let until = |told: Remaining| (told.left, after(now_ms, told.reset_ms));
        self.told_requests = report.allowance.requests.map(until).or(self.told_requests);
        self.told_tokens = report.allowance.tokens.map(until).or(self.told_tokens);
        match report.limited {
            Some(asked) if ticket.cuts == self.cuts => self.cut(asked, now_ms, random),
            Some(asked) => self.close_for(asked.unwrap_or(0), now_ms),
            None => self.grow(),
        }
    }

    fn cut(&mut self, asked: Option<u64>, now_ms: i64, random: u64) {
        let doubled = FIRST_WAIT_MS.saturating_mul(1 << self.row.min(16)).min(LONGEST_WAIT_MS);
        let own = doubled / 2 + random % (doubled / 2 + 1);
        self.close_for(asked.unwrap_or(own), now_ms);
        self.cut_ms = now_ms;
        self.cuts = self.cuts.wrapping_add(1);
        self.row = self.row.saturating_add(1);
        let now = self.window.unwrap_or((u64::from(self.flying) + 1) * 1_000);
        self.window = Some((now / 2).max(1_000));
    }

    fn close_for(&mut self, ms: u64, now_ms: i64) {
        self.closed_until_ms = self.closed_until_ms.max(after(now_ms, ms));
    }

    /// One more call at once for every window of successes.
    fn grow(&mut self) {
        self.row = 0;
        self.window = self.window.map(|window| window.saturating_add(1_000_000 / window.max(1_000)));
    }
}

/// What the provider counts binds until its reset.
fn told_wait(told: Option<(u64, i64)>, needs: u64, now_ms: i64) -> u64 {
    match told {
        Some((left, reset)) if left < needs => reset.saturating_sub(now_ms).max(0).unsigned_abs(),
        Some(_) | None => 0,
    }
}

fn take(bucket: &mut Option<Bucket>, amount: u64, now_ms: i64) {
    if let Some(bucket) = bucket {
        bucket.take(amount, now_ms);
    }
}

fn give_back(bucket: &mut Option<Bucket>, amount: u64) {
    if let Some(bucket) = bucket {
        bucket.give_back(amount);
    }
}

fn after(now_ms: i64, ms: u64) -> i64 {
    now_ms.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX))
}
