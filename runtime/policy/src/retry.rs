//! Whether, and when, a failed attempt is made again.
//!
//! Exponential waiting with *full jitter*: the wait before retry k is drawn evenly from `0..=min(cap, base·2^k)`,
//! so that callers who failed together do not come back together. A server's `retry-after` is a lower bound. A
//! retry that could not end inside the deadline is not waited for.

#[cfg(test)]
mod tests;

use flow_ir::effort::{RETRY_BASE_MS, RETRY_CAP_MS, RETRY_PATIENCE_MS};

/// How often and how patiently.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Attempts after the first one.
    pub retries: u32,
    /// Longest wait before the first retry, ms; doubles with each further one.
    pub base_ms: u64,
    /// Longest wait before any retry, ms.
    pub cap_ms: u64,
    /// A `retry-after` above this is not waited for, ms.
    pub patience_ms: u64,
}

impl Plan {
    /// This many retries, waiting up to half a second, then 1 s, 2 s … 30 s; never more than 120 s on request.
    #[must_use]
    pub const fn new(retries: u32) -> Self {
        Self { retries, base_ms: RETRY_BASE_MS, cap_ms: RETRY_CAP_MS, patience_ms: RETRY_PATIENCE_MS }
    }
}

/// What is known after a failed attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Attempts made so far, from 1.
    pub attempts: u32,
    /// Whether another attempt could end better; the class of the error decides.
    pub retryable: bool,
    /// What the server asks for, ms.
    pub retry_after_ms: Option<u64>,
    /// Until the call's deadline, ms; `None` is no deadline.
    pub remaining_ms: Option<u64>,
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Make another attempt after this many ms.
    Again {
        /// 0 is at once.
        after_ms: u64,
    },
    /// Raise the error.
    GiveUp(Reason),
}

/// Why there is no further attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Another attempt would fail in the same way.
    Pointless,
    /// All retries are used.
    Spent,
    /// The server wants a longer wait than anyone has patience for.
    TooLong,
    /// The wait would end after the deadline.
    Deadline,
}

/// Decides after a failed attempt. `random` is spread evenly over 64 bits; equal inputs give equal answers.
#[must_use]
pub fn after_failure(plan: &Plan, failure: &Failure, random: u64) -> Verdict {
    if !failure.retryable {
        return Verdict::GiveUp(Reason::Pointless);
    }
    if failure.attempts > plan.retries {
        return Verdict::GiveUp(Reason::Spent);
    }
    let asked = failure.retry_after_ms.unwrap_or(0);
    if asked > plan.patience_ms {
        return Verdict::GiveUp(Reason::TooLong);
    }
    let after_ms = asked.max(jitter(ceiling(plan, failure.attempts), random));
    if failure.remaining_ms.is_some_and(|remaining| after_ms >= remaining) {
        return Verdict::GiveUp(Reason::Deadline);
    }
    Verdict::Again { after_ms }
}

/// The longest wait after this many attempts, ms.
fn ceiling(plan: &Plan, attempts: u32) -> u64 {
    let doublings = attempts.saturating_sub(1).min(63);
    plan.base_ms.saturating_mul(1 << doublings).min(plan.cap_ms)
}

/// Evenly in `0..=ceiling`: the high half of a 128-bit product, without the bias of a remainder.
fn jitter(ceiling: u64, random: u64) -> u64 {
    let wide = u128::from(random) * (u128::from(ceiling) + 1);
    (wide >> 64) as u64
}

/// Draws numbers for [`after_failure`]: SplitMix64. Not for secrets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Draws(u64);

impl Draws {
    /// Equal seeds give equal draws.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next one, even over all 64 bits.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
