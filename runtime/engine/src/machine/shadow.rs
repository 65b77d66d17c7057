//! What arms of splits are compared by: how each call through a split ended, and the shadows beside it.
//!
//! Nothing here decides what the run does. A shadow is made by the home, when what its arm gave is on the disk:
//! nothing of it is in this state, so it can neither hold the run up nor draw on its limits.

use flow_eval::Value;
use flow_ir::units::ErrorClass;

use super::state::{Frame, FrameRef, Settled, Spend, Via};
use super::walk::Walk;
use crate::ids::sticky_draw;
use crate::protocol::{Arm, ArmCall, ArmEnd, Command, Facts, ShadowCall};

impl Walk<'_> {
    /// Tells how a call through splits ended, before an `else` answers for it.
    pub(super) fn compare(&mut self, at: FrameRef, branch: u32, settled: &Settled) {
        let Some(frame) = self.state.frame(at) else { return };
        let Some(call) = frame.work.branch(branch).filter(|call| !call.via.is_empty()) else { return };
        let (place, vias) = (place(frame, branch), call.via.clone());
        let facts = facts(frame, branch, self.state.now_ms);
        for via in vias {
            let call = ArmCall { arm: Arm { split: via.split, index: via.arm }, ..place };
            let error = settled.as_ref().err().map(|fault| fault.class);
            self.tell_end(call, error, facts.clone());
            self.start_shadows(call, &via, settled.as_ref().ok());
        }
    }

    fn tell_end(&mut self, call: ArmCall, error: Option<ErrorClass>, facts: Facts) {
        self.out.push(Command::Compare(Box::new(ArmEnd {
            call,
            shadow: false,
            error,
            facts: Box::new(facts),
            value: None,
            differs: None,
            now_ms: self.state.now_ms,
        })));
    }

    /// Equal keys meet the same shadows. Those of an arm that failed are made too: a comparison of the calls alone that
    /// went well would flatter whoever fails more.
    fn start_shadows(&mut self, call: ArmCall, via: &Via, answer: Option<&Value>) {
        let program = self.program;
        let Some(split) = program.bundle().splits.get(via.split.index()) else { return };
        for (index, shadow) in split.shadows.iter().enumerate() {
            let draw = sticky_draw(&via.key, &format!("{}/shadow {index}", split.name));
            if draw < shadow.share {
                let args = via.slots.iter().map(|slot| slot.clone().unwrap_or(Value::None)).collect();
                let call = ArmCall { arm: Arm { split: via.split, index: index as u32 }, ..call };
                self.out.push(Command::Shadow(Box::new(ShadowCall { call, args, answer: answer.cloned() })));
            }
        }
    }
}

fn place(frame: &Frame, branch: u32) -> ArmCall {
    let visit = frame.nodes.get(frame.at.index()).map_or(1, |node| node.visits);
    let nothing = Arm { split: flow_ir::SplitId(0), index: 0 };
    ArmCall { frame: frame.id, flow: frame.flow, node: frame.at, visit, branch, arm: nothing }
}

/// Of the call's only operation, else what its limits counted. The conversation stays with the run.
fn facts(frame: &Frame, branch: u32, now_ms: i64) -> Facts {
    let call = frame.work.branch(branch);
    if let Some(facts) = call.and_then(|call| call.facts.as_deref()) {
        return Facts { messages: None, ..facts.clone() };
    }
    let spent = call.map_or(Spend::default(), |call| call.meter.spent);
    Facts {
        cost: spent.cost,
        input_tokens: spent.input_tokens,
        output_tokens: spent.output_tokens,
        attempts: spent.attempts,
        latency_ms: now_ms.saturating_sub(frame.entered_ms).max(0).unsigned_abs(),
        ..Facts::default()
    }
}
