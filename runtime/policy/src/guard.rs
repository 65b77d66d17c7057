//! Watches the arms of a split: one that does clearly worse than it may is paused.
//!
//! Counts every arm over a sliding window of its last calls. An arm whose errors exceed the declared share is
//! paused; its callers get the arm with the largest share. A paused arm stays paused until somebody resumes it: a
//! canary that failed needs a new version, not a second chance by timeout.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

/// When an arm is paused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Thresholds {
    /// Share of errors, in hundredths of a percent; more pauses the arm.
    pub errors: u32,
    /// Median latency, ms; more pauses the arm.
    pub slow_ms: Option<u64>,
    /// Calls before anything is judged, and how far back calls count.
    pub calls: u32,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A call of an arm has ended.
    Ended {
        /// Which arm.
        arm: u32,
        /// Whether it raised an error.
        failed: bool,
        /// How long it took, ms.
        took_ms: u64,
    },
    /// An operator pauses an arm, or lets it go on.
    Set {
        /// Which arm.
        arm: u32,
        /// The reason for a pause; `None` resumes it.
        paused: Option<String>,
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
    share: u32,
    last: VecDeque<(bool, u64)>,
    failed: u32,
    paused: Option<String>,
}

/// The guard of one split. See the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Guard {
    thresholds: Thresholds,
    arms: Vec<Arm>,
    /// The arm with the largest share: it is never paused by itself.
    main: u32,
}

impl Guard {
    /// Of a split with these shares, in hundredths of a percent.
    #[must_use]
    pub fn new(thresholds: Thresholds, shares: &[u32]) -> Self {
        let arms = shares.iter().map(|share| Arm { share: *share, ..Arm::default() }).collect();
        let largest = shares.iter().max().copied().unwrap_or(0);
        let main = shares.iter().position(|share| *share == largest).unwrap_or(0) as u32;
        Self { thresholds, arms, main }
    }

    /// Takes an event.
    pub fn step(&mut self, event: Event) -> Effect {
        match event {
            Event::Ended { arm, failed, took_ms } => self.ended(arm, failed, took_ms),
            Event::Set { arm, paused } => {
                if let Some(arm) = self.arms.get_mut(arm as usize) {
                    *arm = Arm { share: arm.share, paused, ..Arm::default() };
                }
                Effect::Nothing
            }
        }
    }

    /// The arm that a caller drawn to `arm` gets.
    #[must_use]
    pub fn choose(&self, arm: u32) -> u32 {
        let paused = |arm: u32| self.arms.get(arm as usize).is_none_or(|arm| arm.paused.is_some());
        if !paused(arm) {
            return arm;
        }
        let open = self.arms.iter().enumerate().filter(|(_, arm)| arm.paused.is_none());
        // Of equal shares the first; if all are paused, the main one answers all the same.
        let best = open.rev().max_by_key(|(_, arm)| arm.share);
        best.map_or(self.main, |(at, _)| at as u32)
    }

    /// Why an arm is paused.
    #[must_use]
    pub fn paused(&self, arm: u32) -> Option<&str> {
        self.arms.get(arm as usize)?.paused.as_deref()
    }

    fn ended(&mut self, at: u32, failed: bool, took_ms: u64) -> Effect {
        let Thresholds { errors, slow_ms, calls } = self.thresholds;
        let main = at == self.main;
        let Some(arm) = self.arms.get_mut(at as usize) else { return Effect::Nothing };
        arm.note(failed, took_ms, calls.max(1) as usize);
        if main || arm.paused.is_some() || arm.last.len() < calls.max(1) as usize {
            return Effect::Nothing;
        }
        let Some(reason) = arm.complaint(errors, slow_ms) else { return Effect::Nothing };
        arm.paused = Some(reason.clone());
        Effect::Paused { arm: at, reason }
    }
}

impl Arm {
    fn note(&mut self, failed: bool, took_ms: u64, most: usize) {
        self.last.push_back((failed, took_ms));
        self.failed += u32::from(failed);
        while self.last.len() > most {
            let oldest = self.last.pop_front();
            self.failed -= u32::from(oldest.is_some_and(|(failed, _)| failed));
        }
    }

    fn complaint(&self, errors: u32, slow_ms: Option<u64>) -> Option<String> {
        let calls = self.last.len() as u64;
        if u64::from(self.failed) * 10_000 > u64::from(errors) * calls {
            return Some(format!("{} of its last {calls} calls failed", self.failed));
        }
        let most = slow_ms?;
        let mut times: Vec<u64> = self.last.iter().map(|(_, took)| *took).collect();
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied()?;
        (median > most).then(|| format!("half of its last {calls} calls took {median} ms or more"))
    }
}
