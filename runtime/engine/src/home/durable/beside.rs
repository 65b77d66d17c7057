//! What arms of splits are compared by, in the file, and shadows beside the runs.
//!
//! Shadows have places of their own: however many there are, no run waits for one. What there is no place for is left
//! out, and counted. They are made when what their arm gave is on the disk; a crash loses those under way.

use std::sync::Arc;

use flow_eval::json;
use flow_ir::Bundle;
use flow_store::runs::{ArmKind, ArmRow, Change, RunNo};
use futures_util::future::BoxFuture;

use super::keeper::Keeper;
use super::run::Run;
use crate::home::local::Runner;
use crate::port::Watch;
use crate::protocol::{ArmEnd, Command, RunHeader, ShadowCall};

/// The call of a shadow under way.
pub(super) type ShadowFlight = BoxFuture<'static, Compared>;

/// A shadow that has ended, and beside what.
pub(super) struct Compared {
    run: RunNo,
    header: Arc<RunHeader>,
    watch: Option<Arc<dyn Watch>>,
    host: Arc<super::Host>,
    end: Option<ArmEnd>,
}

impl Keeper {
    /// Keeps how the call of an arm or shadow ended.
    pub(super) fn plan_compare(&mut self, run: RunNo, bundle: &Bundle, end: &ArmEnd) {
        self.changes.push(Change::Arm(Box::new(row(run, bundle, end))));
    }

    /// Makes the call of a shadow, if there is a place for it.
    pub(super) fn shadow(&mut self, run: &Run, shadow: Box<ShadowCall>) {
        if self.is_draining {
            return;
        }
        if self.shadows.len() >= self.options.shadows {
            self.changes.push(Change::Arm(Box::new(left_out(run.no, &shadow, self.options.clock.now_ms()))));
            return;
        }
        let (no, host, watch) = (run.no, Arc::clone(&run.host), run.watch.clone());
        let header = Arc::clone(run.machine.header());
        let runner = Runner {
            program: Arc::clone(&host.program),
            effects: Arc::clone(&host.effects),
            clock: Arc::clone(&self.options.clock),
        };
        self.shadows.push(Box::pin(async move {
            let end = runner.beside(Arc::clone(&header), shadow).await;
            Compared { run: no, header, watch, host, end }
        }));
    }

    /// A shadow has ended. Its run may have ended long before.
    pub(super) fn land_shadow(&mut self, compared: Compared) {
        let Compared { run, header, watch, host, end } = compared;
        let Some(end) = end else { return };
        self.plan_compare(run, host.program.bundle(), &end);
        if let Some(watch) = watch {
            watch.command(&header, &Command::Compare(Box::new(end)));
        }
    }
}

fn row(run: RunNo, bundle: &Bundle, end: &ArmEnd) -> ArmRow {
    let ret = bundle.splits.get(end.call.arm.split.index()).map(|split| split.ret);
    let number = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
    let value = end.value.as_ref().zip(ret).map(|(value, ret)| json::encode(bundle, ret, value));
    let differs = end.differs.as_ref();
    ArmRow {
        kind: if end.shadow { ArmKind::Shadow } else { ArmKind::Arm },
        error: end.error.map(|class| class.name().to_owned()),
        cost: end.facts.cost.0,
        input_tokens: number(end.facts.input_tokens),
        output_tokens: number(end.facts.output_tokens),
        took_ms: number(end.facts.latency_ms),
        confidence: end.facts.confidence,
        value,
        differs: differs.map(|names| names.iter().map(ToString::to_string).collect()),
        at_ms: end.now_ms,
        ..place(run, &end.call)
    }
}

fn left_out(run: RunNo, shadow: &ShadowCall, now_ms: i64) -> ArmRow {
    ArmRow { kind: ArmKind::LeftOut, at_ms: now_ms, ..place(run, &shadow.call) }
}

fn place(run: RunNo, call: &crate::protocol::ArmCall) -> ArmRow {
    ArmRow {
        run,
        frame: call.frame,
        flow: call.flow.0,
        node: call.node.0,
        visit: call.visit,
        branch: call.branch,
        split: call.arm.split.0,
        arm: call.arm.index,
        ..ArmRow::default()
    }
}
