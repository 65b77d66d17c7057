//! How long each phase of an attempt may take.

/// Until a connection stands, ms.
pub const CONNECT_MS: u64 = 5_000;

/// Between two pieces of a reply, ms.
pub const IDLE_MS: u64 = 30_000;

/// The least that a first token gets where the model declares its latency, ms.
const FIRST_TOKEN_MS: u64 = 2_000;

/// What is known before an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// The declared time of one attempt, ms.
    pub attempt_ms: u64,
    /// The slowest declared quantile of the whole answer, ms.
    pub slowest_ms: Option<u64>,
    /// Until the deadline of the call, ms; `None` is no deadline.
    pub remaining_ms: Option<u64>,
}

/// The limits of one attempt, ms. No phase has more time than the whole, and each has at least 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Phases {
    /// Until a connection stands.
    pub connect_ms: u64,
    /// Until the first token, or the whole answer where it is not streamed.
    pub first_token_ms: u64,
    /// Between two pieces.
    pub idle_ms: u64,
    /// For everything.
    pub total_ms: u64,
}

/// Divides the time of an attempt. A first token that takes four times as long as the slowest declared answer
/// will not come.
///
/// ```
/// # use flow_policy::deadline::{Known, phases};
/// let known = Known { attempt_ms: 20_000, slowest_ms: Some(4_000), remaining_ms: Some(12_000) };
/// let phases = phases(known);
/// assert_eq!((phases.connect_ms, phases.first_token_ms, phases.total_ms), (5_000, 12_000, 12_000));
/// ```
#[must_use]
pub fn phases(known: Known) -> Phases {
    let total_ms = known.remaining_ms.map_or(known.attempt_ms, |left| left.min(known.attempt_ms)).max(1);
    let patience = known.slowest_ms.map(|slowest| slowest.saturating_mul(4).max(FIRST_TOKEN_MS));
    Phases {
        connect_ms: CONNECT_MS.min(total_ms),
        first_token_ms: patience.unwrap_or(total_ms).min(total_ms),
        idle_ms: IDLE_MS.min(total_ms),
        total_ms,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_phase_outlives_the_whole(
            attempt_ms in any::<u64>(),
            slowest_ms in any::<Option<u64>>(),
            remaining_ms in any::<Option<u64>>(),
        ) {
            let got = phases(Known { attempt_ms, slowest_ms, remaining_ms });
            let total = got.total_ms;
            prop_assert!(total >= 1 && (total <= attempt_ms || attempt_ms == 0));
            prop_assert!(remaining_ms.is_none_or(|left| total <= left.max(1)));
            for phase in [got.connect_ms, got.first_token_ms, got.idle_ms] {
                prop_assert!((1..=total).contains(&phase));
            }
        }
    }
}
