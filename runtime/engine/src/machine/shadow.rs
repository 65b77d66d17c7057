//! Shadows of splits: calls beside the one that counts, made after the node's result is known.
//!
//! Nothing waits for a shadow, and it draws on no limit of the run. A shadow that is a flow walks beside the run
//! and is cancelled when the run ends.

use flow_eval::Value;
use flow_ir::setup::{Call, Callee};

use super::call::captured;
use super::state::{Frame, FrameRef, Step, Via};
use super::walk::Walk;
use crate::ids::{IdempotencyKey, Place, sticky_draw};
use crate::protocol::{Arm, Command, Invocation, OpId};

impl<'a> Walk<'a> {
    /// Starts the shadows of the splits that a node's calls went through.
    pub(super) fn start_shadows(&mut self, at: FrameRef, vias: Vec<(u32, Via)>) {
        for (branch, via) in vias {
            let program = self.program;
            let Some(split) = program.bundle().splits.get(via.split.index()) else { continue };
            for (index, shadow) in split.shadows.iter().enumerate() {
                let draw = sticky_draw(&via.key, &format!("{}/shadow {index}", split.name));
                if draw < shadow.share {
                    let arm = Arm { split: via.split, index: index as u32 };
                    self.start_shadow(at, branch, &via, arm, &shadow.call);
                }
            }
        }
    }

    fn start_shadow(&mut self, at: FrameRef, branch: u32, via: &Via, arm: Arm, call: &'a Call) {
        let Some(frame) = self.state.frame(at) else { return };
        let arg = |arg| self.eval_in(frame, &via.slots, &[], arg);
        let Ok(args) = call.args.iter().map(arg).collect::<Result<Vec<Value>, _>>() else { return };
        match call.callee {
            Callee::Flow(flow) => {
                let Ok(inner) = self.open_frame(flow, &args, None) else { return };
                self.with_frame(inner, |frame| frame.shadow = true);
                self.state.steps.push_back(Step::Open(inner));
            }
            Callee::Prompt(_) | Callee::Tool(_) | Callee::Human(_) | Callee::Method(..) => {
                let op = self.state.new_op();
                let Some(frame) = self.state.frame(at) else { return };
                let invocation = self.shadow_invocation(frame, branch, op, (via, arm), call, args);
                self.out.push(Command::Invoke(Box::new(invocation)));
            }
            // Pure, or without a result to compare.
            Callee::Value
            | Callee::Function(_)
            | Callee::Check(_)
            | Callee::Split(_)
            | Callee::Sleep
            | Callee::Tell => {}
        }
    }

    fn shadow_invocation(
        &self,
        frame: &Frame,
        branch: u32,
        op: OpId,
        (via, arm): (&Via, Arm),
        call: &Call,
        args: Vec<Value>,
    ) -> Invocation {
        let visit = frame.nodes.get(frame.at.index()).map_or(1, |node| node.visits);
        let place = Place { frame: frame.id, node: frame.at, visit, branch, shadow: arm.index + 1 };
        Invocation {
            op,
            frame: frame.id,
            flow: frame.flow,
            node: frame.at,
            branch,
            visit,
            callee: call.callee,
            args,
            filter: call.filter.as_ref().map(|lambda| captured(lambda, &via.slots, &[])),
            model: call.model,
            timeout_ms: call.limits.time_ms,
            left: call.limits.cost,
            pools: Vec::new(),
            arm: Some(arm),
            shadow: true,
            idempotency_key: IdempotencyKey { run: self.state.header.run.clone(), place },
        }
    }
}
