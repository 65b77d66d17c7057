//! Who is asked next: the first of a chain that may be asked, then those that may be asked again.
//!
//! Somebody who has not been asked yet comes before somebody who has failed: a fallback answers now, a retry
//! waits. Only when all have had their turn, the retries that are left are made, the shortest wait first.
//!
//! A target that is half open is never what the user waits for if there is anybody else: it is given the request
//! as a *shielded probe*, beside the one that answers.

#[cfg(test)]
mod tests;

/// A wait longer than this is none: somebody else is asked, or nobody, ms.
const PATIENCE_MS: u64 = 120_000;

/// One target of a chain, as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leg {
    /// Attempts made in this call.
    pub made: u32,
    /// Attempts that this call may make; the static bound of a call's cost counts as many.
    pub most: u32,
    /// Whether it can be asked.
    pub standing: Standing,
}

/// Whether a target can be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Now.
    Ready,
    /// Now, as a probe: nobody knows whether it is well again.
    Probe,
    /// After so many ms: its rate says so, or the wait before a retry.
    Later(u64),
    /// Not in this call.
    Shut,
}

/// What to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    /// Ask this one.
    Ask(usize),
    /// Ask `answer`, and give `probe` the same request without waiting for it.
    Shielded {
        /// Whose answer counts.
        answer: usize,
        /// Whose answer only says whether it is well.
        probe: usize,
    },
    /// Wait so many ms, then look again.
    Wait(u64),
    /// Nobody is left.
    Nobody,
}

/// Chooses among the targets of a chain, in their order. `remaining_ms` is the time until the call's deadline.
#[must_use]
pub fn choose(legs: &[Leg], remaining_ms: Option<u64>) -> Choice {
    let may = |leg: &&Leg| leg.made < leg.most;
    let first = |standing: Standing, fresh: bool| {
        let fits = |leg: &Leg| may(&leg) && leg.standing == standing && (leg.made == 0) == fresh;
        legs.iter().position(fits)
    };
    let probe = first(Standing::Probe, true);
    let answer = first(Standing::Ready, true).or_else(|| first(Standing::Ready, false));
    match (answer, probe) {
        (Some(answer), Some(probe)) if probe < answer => Choice::Shielded { answer, probe },
        (Some(answer), _) => Choice::Ask(answer),
        (None, Some(probe)) => Choice::Ask(probe),
        (None, None) => again(legs, remaining_ms),
    }
}

/// Nobody is fresh and nobody is ready.
fn again(legs: &[Leg], remaining_ms: Option<u64>) -> Choice {
    let may = |leg: &&Leg| leg.made < leg.most;
    match legs.iter().position(|leg| may(&leg) && leg.standing == Standing::Probe) {
        Some(probe) => Choice::Ask(probe),
        None => wait(legs.iter().filter(may), remaining_ms),
    }
}

/// The shortest wait, if it ends before the deadline.
fn wait<'a>(legs: impl Iterator<Item = &'a Leg>, remaining_ms: Option<u64>) -> Choice {
    let waits = legs.filter_map(|leg| match leg.standing {
        Standing::Later(ms) => Some(ms.max(1)),
        Standing::Ready | Standing::Probe | Standing::Shut => None,
    });
    let ends = |ms: &u64| *ms <= PATIENCE_MS && remaining_ms.is_none_or(|left| *ms < left);
    match waits.min().filter(ends) {
        Some(ms) => Choice::Wait(ms),
        None => Choice::Nobody,
    }
}
