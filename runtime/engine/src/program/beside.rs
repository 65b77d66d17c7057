//! The shadows of a Bundle's splits, each as a flow that can be walked beside a run.

use std::sync::Arc;

use flow_ir::setup::{Arm as Declared, Split};
use flow_ir::{Bundle, FlowId};

use super::Program;
use super::alone::Alone;
use crate::protocol::Arm;

/// A Bundle with a flow for each shadow.
#[derive(Debug)]
pub(super) struct Beside {
    program: Arc<Program>,
    /// By split: the flow of its first shadow.
    first: Vec<FlowId>,
}

impl Beside {
    /// `None` without shadows.
    pub(super) fn of(bundle: &Bundle) -> Option<Self> {
        if bundle.splits.iter().all(|split| split.shadows.is_empty()) {
            return None;
        }
        let mut with = bundle.clone();
        let mut first = Vec::new();
        for split in &bundle.splits {
            first.push(FlowId(with.flows.len() as u32));
            for shadow in &split.shadows {
                alone(split, shadow).add_to(&mut with);
            }
        }
        Some(Self { program: Program::new(with), first })
    }

    pub(super) fn flow(&self, shadow: Arm) -> Option<(Arc<Program>, FlowId)> {
        let first = self.first.get(shadow.split.index())?;
        let flow = FlowId(first.0.checked_add(shadow.index)?);
        Some((Arc::clone(&self.program), flow))
    }
}

/// Without its `else`: what is compared is how the callable itself did.
fn alone(split: &Split, shadow: &Declared) -> Alone {
    let mut call = shadow.call.clone();
    call.otherwise = None;
    Alone { name: split.name.clone(), params: split.params.clone(), call, is_vouched: false }
}
