//! Ending work whose outcome no longer matters.

use super::state::{Branch, FrameRef, Phase, Working};
use super::walk::Walk;
use crate::protocol::{Command, OpId, RunResult};

impl Branch {
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.phase, Phase::Waiting(_) | Phase::Inside(_))
    }
}

impl Walk<'_> {
    /// Ends the run at once; everything under way is cancelled in the order it was started.
    pub(super) fn end_run(&mut self, result: RunResult) {
        self.state.steps.clear();
        for (op, _) in std::mem::take(&mut self.state.pending) {
            self.out.push(Command::Cancel { op });
        }
        self.state.frames.clear();
        self.state.free.clear();
        self.state.result = Some(result.clone());
        self.out.push(Command::Finish(result));
    }

    pub(super) fn cancel_op(&mut self, op: Option<OpId>) {
        let Some(op) = op else { return };
        if self.state.forget(op) {
            self.out.push(Command::Cancel { op });
        }
    }

    /// Ends one branch's work and everything below it.
    pub(super) fn cancel_branch(&mut self, at: FrameRef, branch: u32) {
        let Some((phase, timer)) = self.with_branch(at, branch, |branch| {
            let under_way = branch.is_under_way();
            let phase = if under_way { std::mem::take(&mut branch.phase) } else { Phase::Idle };
            (phase, branch.meter.timer.take())
        }) else {
            return;
        };
        match phase {
            Phase::Waiting(op) => self.cancel_op(Some(op)),
            Phase::Inside(inner) => self.cancel_frames(inner),
            Phase::Idle | Phase::Done(_) => {}
        }
        self.cancel_op(timer);
    }

    /// Ends the work of a node and everything below it.
    pub(super) fn cancel_work(&mut self, at: FrameRef) {
        let n_branches = self.state.frame(at).map_or(0, |frame| frame.work.branches().len());
        for branch in 0..n_branches as u32 {
            self.cancel_branch(at, branch);
        }
        let mut timer = None;
        self.with_many(at, |many| timer = many.meter.timer.take());
        self.cancel_op(timer);
    }

    /// Ends an activation and everything below it.
    fn cancel_frames(&mut self, first: FrameRef) {
        let mut waiting = vec![first];
        while let Some(at) = waiting.pop() {
            let Some(frame) = self.state.remove(at) else { continue };
            self.cancel_op(frame.meter.timer);
            for branch in frame.work.branches() {
                match branch.phase {
                    Phase::Waiting(op) => self.cancel_op(Some(op)),
                    Phase::Inside(inner) => waiting.push(inner),
                    Phase::Idle | Phase::Done(_) => {}
                }
                self.cancel_op(branch.meter.timer);
            }
            if let Working::Many(many) = &frame.work {
                self.cancel_op(many.meter.timer);
            }
        }
    }
}
