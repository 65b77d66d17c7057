//! Shadows: runs of a driver beside its runs. They write nothing, ask nobody, and what comes of them is only compared.

use std::sync::Arc;

use flow_eval::Value;
use flow_ir::setup::Callee;
use flow_ir::types::Type;
use flow_ir::units::ErrorClass;
use flow_ir::{Bundle, TypeId};
use smol_str::SmolStr;

use super::RunKey;
use crate::machine::Usage;
use crate::port::Watch;
use crate::program::Program;
use crate::protocol::{ArmEnd, Command, Facts, Outcome, Record, RunHeader, RunResult, ShadowCall};

/// What a shadow's run is beside.
pub(super) struct Beside {
    /// `None` if the run is somebody else's.
    pub(super) parent: Option<RunKey>,
    pub(super) header: Arc<RunHeader>,
    pub(super) watch: Option<Arc<dyn Watch>>,
    pub(super) shadow: Box<ShadowCall>,
    /// Of its one node.
    facts: Option<Box<Facts>>,
}

impl Beside {
    pub(super) fn new(
        parent: Option<RunKey>,
        header: Arc<RunHeader>,
        watch: Option<Arc<dyn Watch>>,
        shadow: Box<ShadowCall>,
    ) -> Self {
        Self { parent, header, watch, shadow, facts: None }
    }

    /// Of the run that makes the call.
    pub(super) fn own_header(&self, flow: flow_ir::FlowId, now_ms: i64) -> Arc<RunHeader> {
        let call = &self.shadow.call;
        let place = [call.frame, call.node.0, call.visit, call.branch, call.arm.split.0, call.arm.index];
        let place = place.map(|number| number.to_string()).join(".");
        Arc::new(RunHeader {
            // No run is called like this, so what it asks is told apart from what the run asks.
            run: format!("{}~{place}", self.header.run).into(),
            flow,
            args: self.shadow.args.clone(),
            started_ms: now_ms,
            ..(*self.header).clone()
        })
    }

    /// Keeps what its node used.
    pub(super) fn note(&mut self, record: &Record) {
        if let Record::Produced { frame: 0, facts, .. } | Record::Raised { frame: 0, facts, .. } = record {
            self.facts = Some(Box::new(Facts { messages: None, ..(**facts).clone() }));
        }
    }

    /// Tells whoever watches the run. A shadow that was cancelled says nothing about anything.
    pub(super) fn tell(self, program: &Program, result: RunResult, usage: Usage, now_ms: i64) {
        let (error, value) = match result {
            RunResult::Returned(value) => (None, Some(value)),
            RunResult::Failed(error) => (Some(error.class), None),
            RunResult::Cancelled => return,
        };
        let ret = program.bundle().splits.get(self.shadow.call.arm.split.index()).map(|split| split.ret);
        let both = value.as_ref().zip(self.shadow.answer.as_ref()).zip(ret);
        let differs = both.map(|((shadow, answer), ret)| differences(program.bundle(), ret, answer, shadow));
        let end = ArmEnd {
            call: self.shadow.call,
            shadow: true,
            error,
            facts: self.facts.unwrap_or_else(|| Box::new(used(usage))),
            value,
            differs,
            now_ms,
        };
        if let Some(watch) = &self.watch {
            watch.command(&self.header, &Command::Compare(Box::new(end)));
        }
    }
}

fn used(usage: Usage) -> Facts {
    Facts {
        cost: usage.cost,
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        latency_ms: usage.elapsed_ms,
        ..Facts::default()
    }
}

/// Why a shadow must not perform this, whatever its bundle says.
pub(super) fn refusal(program: &Program, callee: Callee) -> Option<Outcome> {
    let is_refused = program.is_write(callee) || matches!(callee, Callee::Human(_));
    is_refused.then(|| Outcome::Err {
        class: ErrorClass::Denied,
        message: "a shadow changes nothing and asks nobody".into(),
        facts: Box::default(),
    })
}

/// Names of the fields in which two values differ; `value` where they are no records.
fn differences(bundle: &Bundle, ty: TypeId, one: &Value, other: &Value) -> Vec<SmolStr> {
    if one == other {
        return Vec::new();
    }
    match (bundle.ty(ty), one.as_fields(), other.as_fields()) {
        (Type::Record(record), Some(one), Some(other)) => {
            let fields = record.fields.iter().zip(one.iter().zip(other));
            fields.filter(|(_, (one, other))| one != other).map(|(field, _)| field.name.clone()).collect()
        }
        _ => vec!["value".into()],
    }
}
