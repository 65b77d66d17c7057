//! Watches the arms of a split: one that does clearly worse than it may is paused.
//!
//! Counts every arm over a sliding window of its last calls. An arm that is over one of the declared thresholds is
//! paused; its callers get the arm with the largest share. A paused arm stays paused until somebody resumes it: a
//! canary that failed needs a new version, not a second chance by timeout.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use flow_ir::setup::Guard as Thresholds;
use flow_ir::units::Usd;

/// How one call of an arm ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// Whether it raised an error.
    pub failed: bool,
    /// How long it took, ms.
    pub took_ms: u64,
    /// What it cost.
    pub cost: Usd,
    /// In hundredths of a percent, where the callee says where it comes from.
    pub confidence: Option<u32>,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A call of an arm has ended.
    Ended {
        /// Which arm.
        arm: u32,
        /// How.
        call: Call,
    },
    /// An operator pauses an arm, or lets it go on.
    Set {
        /// Which arm.
        arm: u32,
        /// Whether it is paused from now on. What it did before no longer counts.
        paused: bool,
    },
}

/// What follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing to do.
    Nothing,
    /// An arm was paused: somebody wants to know why.
    Paused {
        /// Which arm.
        arm: u32,
        /// Why.
        reason: String,
    },
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Arm {
    last: VecDeque<Call>,
    paused: bool,
}

/// The guard of one split. See the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Guard {
    thresholds: Thresholds,
    arms: Vec<Arm>,
    /// The arm with the largest share: it is never paused by itself.
    main: u32,
}

/// The arm that a caller drawn to `arm` gets: the largest open one, if it is paused. Of equal shares the first; if all
/// are paused, the one that was drawn answers all the same.
#[must_use]
pub fn choose(shares: &[u32], paused: impl Fn(u32) -> bool, arm: u32) -> u32 {
    if !paused(arm) {
        return arm;
    }
    let open = shares.iter().enumerate().rev().filter(|(at, _)| !paused(*at as u32));
    open.max_by_key(|(_, share)| **share).map_or(arm, |(at, _)| at as u32)
}

impl Guard {
    /// Of a split with these shares, in hundredths of a percent.
    #[must_use]
    pub fn new(thresholds: Thresholds, shares: &[u32]) -> Self {
        let largest = shares.iter().max().copied().unwrap_or(0);
        let main = shares.iter().position(|share| *share == largest).unwrap_or(0) as u32;
        Self { thresholds, arms: vec![Arm::default(); shares.len()], main }
    }

    /// Takes an event.
    pub fn step(&mut self, event: Event) -> Effect {
        match event {
            Event::Ended { arm, call } => self.ended(arm, call),
            Event::Set { arm, paused } => {
                if let Some(arm) = self.arms.get_mut(arm as usize) {
                    *arm = Arm { paused, ..Arm::default() };
                }
                Effect::Nothing
            }
        }
    }

    /// Whether an arm is paused.
    #[must_use]
    pub fn is_paused(&self, arm: u32) -> bool {
        self.arms.get(arm as usize).is_some_and(|arm| arm.paused)
    }

    fn ended(&mut self, at: u32, call: Call) -> Effect {
        let thresholds = self.thresholds;
        let (is_main, calls) = (at == self.main, thresholds.calls.max(1) as usize);
        let Some(arm) = self.arms.get_mut(at as usize) else { return Effect::Nothing };
        arm.note(call, calls);
        if is_main || arm.paused || arm.last.len() < calls {
            return Effect::Nothing;
        }
        let Some(reason) = arm.complaint(&thresholds) else { return Effect::Nothing };
        arm.paused = true;
        Effect::Paused { arm: at, reason }
    }
}

impl Arm {
    fn note(&mut self, call: Call, most: usize) {
        self.last.push_back(call);
        while self.last.len() > most {
            self.last.pop_front();
        }
    }

    /// The first threshold that the window is over.
    fn complaint(&self, thresholds: &Thresholds) -> Option<String> {
        let of = |complaint: Option<String>| {
            complaint.map(|what| format!("of its last {} calls {what}", self.last.len()))
        };
        of(self.errors(thresholds.errors))
            .or_else(|| of(self.time(thresholds.slow_ms)))
            .or_else(|| of(self.cost(thresholds.cost)))
            .or_else(|| of(self.confidence(thresholds.confidence)))
    }

    fn errors(&self, most: Option<u32>) -> Option<String> {
        let failed = self.last.iter().filter(|call| call.failed).count() as u64;
        let is_over = failed * 10_000 > u64::from(most?) * self.last.len() as u64;
        is_over.then(|| format!("{failed} failed"))
    }

    /// The time that 95 % of the calls do not exceed.
    fn time(&self, most: Option<u64>) -> Option<String> {
        let most = most?;
        let mut times: Vec<u64> = self.last.iter().map(|call| call.took_ms).collect();
        times.sort_unstable();
        let rank = (times.len() * 95).div_ceil(100).max(1) - 1;
        let p95 = times.get(rank).copied()?;
        (p95 > most).then(|| format!("one in twenty took {p95} ms or more, above {most} ms"))
    }

    fn cost(&self, most: Option<Usd>) -> Option<String> {
        let most = most?;
        let sum: i64 = self.last.iter().map(|call| call.cost.0).fold(0, i64::saturating_add);
        let mean = Usd(sum.checked_div(self.last.len() as i64)?);
        (mean > most).then(|| format!("each cost {mean} on average, above {most}"))
    }

    /// Of those that say how sure they are.
    fn confidence(&self, least: Option<u32>) -> Option<String> {
        let least = u64::from(least?);
        let sure: Vec<u64> = self.last.iter().filter_map(|call| call.confidence.map(u64::from)).collect();
        let mean = sure.iter().sum::<u64>().checked_div(sure.len() as u64)?;
        let percent = |hundredths: u64| format!("{}.{} %", hundredths / 100, hundredths % 100 / 10);
        (mean < least)
            .then(|| format!("those were {} sure on average, below {}", percent(mean), percent(least)))
    }
}
