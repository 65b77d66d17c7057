//! Guards of splits: arms that do worse than they may are paused, for every run, until somebody resumes them.
//!
//! What is paused is in the file, under the names of package, split and arm: neither a restart nor a deploy of another
//! bundle resumes an arm that calls the same thing. A run is told of it as it is told of everything: by an event in its
//! log. What an arm did before the process began no longer counts.

use std::sync::Arc;

use flow_ir::setup::{Arm as Declared, Callee, Split};
use flow_ir::units::Usd;
use flow_ir::{Bundle, SplitId};
use flow_policy::guard::{Call, Effect, Event as Judged, Guard};
use flow_store::runs::{Change, Error, PauseRow};
use rustc_hash::FxHashMap;

use super::keeper::Keeper;
use super::order::Reply;
use super::run::Run;
use crate::program::Program;
use crate::protocol::{Arm, ArmEnd, Event};

/// An arm that somebody pauses or resumes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Of this package.
    pub package: String,
    /// Of this split.
    pub split: String,
    /// As [`arm_name`] calls it.
    pub arm: String,
    /// Whether it gets no calls from now on.
    pub paused: bool,
    /// Who.
    pub by: String,
    /// Why; never empty.
    pub reason: String,
}

/// Who is paused, and what is counted.
#[derive(Default)]
pub(super) struct Guards {
    /// By package, split and arm: why.
    paused: FxHashMap<(String, String, String), PauseRow>,
    /// Counts of each bundle.
    counts: FxHashMap<[u8; 32], Vec<Option<Guard>>>,
    /// Grows with every change of what is paused.
    generation: u64,
}

/// What an arm is called, as far as guards are concerned: `triage_next using fast`. Arms that call the same thing with
/// other arguments have their position behind it.
#[must_use]
pub fn arm_name(bundle: &Bundle, split: &Split, index: u32) -> String {
    let name = |arm: &Declared| callee(bundle, arm);
    let Some(arm) = split.arms.get(index as usize) else { return String::new() };
    let own = name(arm);
    match split.arms.iter().filter(|arm| name(arm) == own).count() {
        0 | 1 => own,
        _ => format!("{own} #{}", index + 1),
    }
}

fn callee(bundle: &Bundle, arm: &Declared) -> String {
    let model = arm.call.model.and_then(|model| bundle.models.get(model.index()));
    let using = model.map(|model| format!(" using {}", model.name)).unwrap_or_default();
    let name = match arm.call.callee {
        Callee::Prompt(id) => bundle.prompts.get(id.index()).map(|prompt| prompt.name.as_str()),
        Callee::Tool(id) => bundle.tools.get(id.index()).map(|tool| tool.name.as_str()),
        Callee::Human(id) => bundle.humans.get(id.index()).map(|human| human.name.as_str()),
        Callee::Flow(id) => bundle.flows.get(id.index()).map(|flow| flow.name.as_str()),
        Callee::Split(id) => bundle.splits.get(id.index()).map(|split| split.name.as_str()),
        Callee::Method(id, _) => bundle.resources.get(id.index()).map(|resource| resource.name.as_str()),
        Callee::Function(id) => bundle.functions.get(id.index()).map(|function| function.name.as_str()),
        Callee::Check(id) => bundle.checks.get(id.index()).map(|check| check.name.as_str()),
        Callee::Value | Callee::Sleep | Callee::Tell => Some("value"),
    };
    format!("{}{using}", name.unwrap_or("value"))
}

impl Guards {
    /// Goes on from what the file says: of rows about the same arm, the last counts.
    pub(super) fn restored(rows: Vec<PauseRow>) -> Self {
        let mut guards = Self::default();
        rows.into_iter().for_each(|row| guards.note(row));
        guards
    }

    fn note(&mut self, row: PauseRow) {
        let key = (row.package.clone(), row.split.clone(), row.arm.clone());
        match row.paused {
            true => drop(self.paused.insert(key, row)),
            false => drop(self.paused.remove(&key)),
        }
        self.generation += 1;
    }

    fn is_paused(&self, bundle: &Bundle, split: &Split, index: u32) -> bool {
        let key = (bundle.package.to_string(), split.name.to_string(), arm_name(bundle, split, index));
        self.paused.contains_key(&key)
    }

    /// The arms of a bundle that get no calls.
    pub(super) fn paused_of(&self, bundle: &Bundle) -> Vec<Arm> {
        if self.paused.is_empty() {
            return Vec::new();
        }
        let arms = (0u32..).zip(&bundle.splits).flat_map(|(id, split)| {
            let arms = 0..split.arms.len() as u32;
            arms.filter(move |index| self.is_paused(bundle, split, *index))
                .map(move |index| Arm { split: SplitId(id), index })
        });
        arms.collect()
    }

    /// Counts the end of a call. Why its arm must be paused, if so.
    fn ended(&mut self, program: &Program, end: &ArmEnd) -> Option<String> {
        let bundle = program.bundle();
        let counts = self.counts.entry(program.digest().0).or_insert_with(|| guards(bundle));
        let guard = counts.get_mut(end.call.arm.split.index())?.as_mut()?;
        match guard.step(Judged::Ended { arm: end.call.arm.index, call: judged(end) }) {
            Effect::Paused { reason, .. } => Some(reason),
            Effect::Nothing => None,
        }
    }

    /// Counts of the arms that a decision is about begin anew.
    fn forget_counts(&mut self) {
        self.counts.clear();
    }
}

fn guards(bundle: &Bundle) -> Vec<Option<Guard>> {
    let guard = |split: &Split| {
        let shares: Vec<u32> = split.arms.iter().map(|arm| arm.share).collect();
        split.guard.map(|thresholds| Guard::new(thresholds, &shares))
    };
    bundle.splits.iter().map(guard).collect()
}

fn judged(end: &ArmEnd) -> Call {
    let sure = end.facts.confidence.map(|sure| (sure.clamp(0.0, 1.0) * 10_000.0).round() as u32);
    let cost = Usd(end.facts.cost.0.max(0));
    Call { failed: end.error.is_some(), took_ms: end.facts.latency_ms, cost, confidence: sure }
}

impl Keeper {
    /// Judges the arm of a call that has ended.
    pub(super) fn judge(&mut self, run: &Run, end: &ArmEnd) {
        let program = &run.host.program;
        let Some(split) = program.bundle().splits.get(end.call.arm.split.index()) else { return };
        let Some(reason) = self.guards.ended(program, end) else { return };
        let row = PauseRow {
            package: program.bundle().package.to_string(),
            split: split.name.to_string(),
            arm: arm_name(program.bundle(), split, end.call.arm.index),
            paused: true,
            by: String::new(),
            reason,
            at_ms: end.now_ms,
        };
        tracing::warn!(split = row.split, arm = row.arm, reason = row.reason, "an arm is paused");
        if let Some(watch) = &run.watch {
            watch.paused(run.machine.header(), &row);
        }
        self.keep_pause(row);
    }

    fn keep_pause(&mut self, row: PauseRow) {
        self.changes.push(Change::Pause(Box::new(row.clone())));
        if let Some(decided) = &self.options.decided {
            decided(&row);
        }
        self.guards.note(row);
    }

    /// Somebody pauses or resumes an arm.
    pub(super) fn decide(&mut self, decision: Decision) {
        let Decision { package, split, arm, paused, by, reason } = decision;
        tracing::warn!(split, arm, paused, reason, "an operator decides about an arm");
        let at_ms = self.options.clock.now_ms();
        self.keep_pause(PauseRow { package, split, arm, paused, by, reason, at_ms });
        self.guards.forget_counts();
    }

    pub(super) fn decide_and_reply(&mut self, decision: Decision, reply: Reply<Result<(), Error>>) {
        self.decide(decision);
        self.then(move |kept| drop(reply.send(kept.map_err(Clone::clone))));
    }

    /// Tells a run which arms are paused, if that has changed since it was told last.
    pub(super) fn tell_paused(&mut self, run: &mut Run, now_ms: i64) {
        if run.guards_seen == self.guards.generation {
            return;
        }
        run.guards_seen = self.guards.generation;
        let host = Arc::clone(&run.host);
        let arms = self.guards.paused_of(host.program.bundle());
        if run.machine.paused() != arms.as_slice() {
            self.tell_alone(run, Event::Paused { arms, now_ms });
        }
    }

    /// The arms that a run of this bundle begins without.
    pub(super) fn paused_for(&self, program: &Program) -> (Vec<Arm>, u64) {
        (self.guards.paused_of(program.bundle()), self.guards.generation)
    }
}
