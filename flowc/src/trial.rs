//! One call, walked in a world of its own: what tests and the rows of evals have in common.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use flow_eval::{Context, Value, eval, json};
use flow_ir::expr::{Expr, RunFact};
use flow_ir::setup::{Call, Callee};
use flow_ir::testing::{Answer, Given, TestValue};
use flow_ir::types::{Field, Labels};
use flow_ir::{Bundle, FlowId, NodeId, SlotId, TypeId};
use flow_runtime::Program;
use flow_runtime::effects::{Outside, Replay};
use flow_runtime::home::local::Ended;
use flow_runtime::program::alone::{Alone, slot};
use flow_runtime::protocol::RunResult;
use smol_str::SmolStr;

use crate::commands::run::world;
use crate::graph::text::{self, Names};
use crate::journal::{Journal, Step};
use crate::load;

/// When every trial on a virtual clock begins: a Monday morning, so that it says the same on every day.
pub(crate) const BEGIN_MS: i64 = 1_767_603_600_000;

/// Where a call begins: a flow of the package, or one that was made around the call.
#[derive(Clone)]
pub(crate) struct Start {
    pub(crate) program: Arc<Program>,
    pub(crate) flow: FlowId,
}

impl Start {
    /// Of a call in a bundle, whose program this is.
    pub(crate) fn of(bundle: &Bundle, program: &Arc<Program>, call: &Call) -> Self {
        match call.callee {
            Callee::Flow(flow) => Self { program: started(bundle, program, flow), flow },
            _ => {
                let (program, flow) = around(bundle, call);
                Self { program, flow }
            }
        }
    }
}

/// The slots that are known before the run: samples, and the row of an eval.
pub(crate) fn known(
    bundle: &Bundle,
    root: &Path,
    values: &[(TestValue, TypeId)],
    row: Option<&Value>,
) -> Result<Vec<Option<Value>>, String> {
    let one = |(value, ty): &(TestValue, TypeId)| match value {
        TestValue::Sample(name) => sample(bundle, root, name, *ty).map(Some),
        TestValue::Row => Ok(row.cloned()),
        TestValue::Result
        | TestValue::Error
        | TestValue::Visited(..)
        | TestValue::Visits(..)
        | TestValue::Degraded(..)
        | TestValue::Calls(_)
        | TestValue::Measure(_)
        | TestValue::Run(_) => Ok(None),
    };
    values.iter().map(one).collect()
}

fn sample(bundle: &Bundle, root: &Path, name: &str, ty: TypeId) -> Result<Value, String> {
    let path = root.join("samples").join(format!("{name}.json"));
    let shown = load::shown(&path);
    let text = load::read_text(&path).map_err(|stop| format!("sample `{name}`: {}", stop.message))?;
    let json: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| format!("`{shown}` is not JSON: {error}"))?;
    json::decode(bundle, ty, &json).map_err(|error| format!("`{shown}` does not fit: {error}"))
}

/// The arguments of a call whose slots are known.
pub(crate) fn arguments(bundle: &Bundle, call: &Call, slots: &[Option<Value>]) -> Result<Vec<Value>, String> {
    let cx = Context::new(bundle, slots);
    let one = |arg: &Expr| eval(arg, &cx).map_err(|invalid| format!("the arguments: {invalid}"));
    call.args.iter().map(one).collect()
}

/// Recordings with their names, as the givens name them.
type Cassettes = (Vec<Arc<Replay>>, HashMap<SmolStr, Arc<dyn Outside>>);

/// Opens the cassettes that givens name.
pub(crate) fn cassettes(root: &Path, givens: &[Given]) -> Result<Cassettes, String> {
    let mut found = Cassettes::default();
    for name in cassette_names(givens) {
        let path = root.join(name.as_str());
        if !path.is_file() {
            let shown = load::shown(&path);
            return Err(format!("there is no cassette `{shown}`; `flowc test --record` makes it"));
        }
        let cassette = world::cassette(&path).map_err(|stop| stop.message)?;
        let replay = Arc::new(Replay::new(name.as_str(), cassette));
        found.0.push(Arc::clone(&replay));
        found.1.insert(name, replay);
    }
    Ok(found)
}

/// The cassettes that givens name.
pub(crate) fn cassette_names(givens: &[Given]) -> BTreeSet<SmolStr> {
    let mut names = BTreeSet::new();
    givens.iter().for_each(|given| collect(&given.answer, &mut names));
    names
}

fn collect(answer: &Answer, names: &mut BTreeSet<SmolStr>) {
    match answer {
        Answer::Cassette(name) => {
            names.insert(name.clone());
        }
        Answer::Sequence(answers) => answers.iter().for_each(|answer| collect(answer, names)),
        Answer::Late(answer, _) | Answer::Costs(answer, _) => collect(answer, names),
        Answer::Value(_) | Answer::Fails(_) | Answer::Sure(..) | Answer::Raw(_) | Answer::Delegate(..) => {}
    }
}

/// What a slot is called; measures are not.
pub(crate) fn name(bundle: &Bundle, value: &TestValue, row: &str) -> String {
    let node = |flow: &FlowId, node: &NodeId| {
        bundle.flow(*flow).map_or_else(String::new, |flow| Names::of_flow(bundle, flow).node(*node))
    };
    match value {
        TestValue::Sample(name) => format!("sample({name:?})"),
        TestValue::Result => "result".to_owned(),
        TestValue::Error => "error".to_owned(),
        TestValue::Visited(flow, at) => format!("visited({})", node(flow, at)),
        TestValue::Visits(flow, at) => format!("visits({})", node(flow, at)),
        TestValue::Degraded(flow, at) => format!("degraded({})", node(flow, at)),
        TestValue::Calls(callee) => format!("calls({})", text::callee(bundle, *callee)),
        TestValue::Run(fact) => format!("run.{}", text::run_fact(*fact)),
        TestValue::Row => row.to_owned(),
        TestValue::Measure(_) => String::new(),
    }
}

/// A run that has ended, to be asked what it did.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) ended: &'a Ended,
    pub(crate) journal: &'a Journal,
    pub(crate) steps: &'a [Step],
}

impl Seen<'_> {
    /// Fills the slots that were not known before the run.
    pub(crate) fn fill(self, slots: &mut [Option<Value>], values: &[(TestValue, TypeId)]) {
        for (slot, (value, _)) in slots.iter_mut().zip(values) {
            if slot.is_none() {
                *slot = seen(value, self);
            }
        }
    }
}

/// What a slot holds after the run.
fn seen(value: &TestValue, Seen { ended, journal, steps }: Seen<'_>) -> Option<Value> {
    let of = |flow: &FlowId, node: &NodeId| {
        let (flow, node) = (*flow, *node);
        steps.iter().filter(move |step| step.flow == flow && step.node == Some(node))
    };
    match value {
        TestValue::Sample(_) | TestValue::Row | TestValue::Measure(_) => None,
        TestValue::Result => match &ended.result {
            RunResult::Returned(value) => Some(value.clone()),
            RunResult::Failed(_) | RunResult::Cancelled => None,
        },
        TestValue::Error => Some(error_value(&ended.result)),
        TestValue::Visited(flow, node) => Some(Value::Bool(of(flow, node).next().is_some())),
        TestValue::Visits(flow, node) => Some(Value::Int(of(flow, node).count() as i64)),
        TestValue::Degraded(flow, node) => Some(Value::Bool(of(flow, node).any(|step| step.degraded))),
        TestValue::Calls(callee) => Some(Value::list(journal.calls(*callee).into_iter().map(Value::record))),
        TestValue::Run(fact) => Some(run_fact(*fact, ended)),
    }
}

/// `{ class, message, node, attempt }`, or `none`.
fn error_value(result: &RunResult) -> Value {
    match result {
        RunResult::Failed(error) => Value::record([
            Value::text(error.class.name()),
            Value::text(error.message.clone()),
            Value::text(error.node.clone()),
            Value::Int(i64::from(error.attempt)),
        ]),
        RunResult::Returned(_) | RunResult::Cancelled => Value::None,
    }
}

fn run_fact(fact: RunFact, ended: &Ended) -> Value {
    use flow_ir::units::Currency;
    let usage = &ended.usage;
    match fact {
        RunFact::Id => Value::text(ended.header.run.clone()),
        RunFact::Tenant => Value::text(ended.header.tenant.clone()),
        RunFact::User => Value::text(ended.header.user.clone()),
        RunFact::Cost => Value::Money(usage.cost.0, Currency::Usd),
        RunFact::Left => Value::None,
        RunFact::Elapsed => Value::Duration(i64::try_from(usage.elapsed_ms).unwrap_or(i64::MAX)),
        RunFact::Tokens => Value::Tokens(usage.input_tokens + usage.output_tokens),
        RunFact::Started => Value::text("2026-01-05T09:00:00Z"),
        RunFact::Now => Value::None,
    }
}

/// The program in which a flow may be started on its own: for a private one, whoever wrote the test vouches as
/// its callers do.
fn started(bundle: &Bundle, program: &Arc<Program>, id: FlowId) -> Arc<Program> {
    if bundle.flow(id).is_none_or(|flow| flow.public) {
        return Arc::clone(program);
    }
    let mut bundle = bundle.clone();
    if let Some(flow) = bundle.flows.get_mut(id.index()) {
        flow.entry.iter_mut().for_each(|edge| edge.clears = vec![0]);
    }
    Program::new(bundle)
}

/// A flow of one node, so that any callable can be called by itself. Whoever wrote the test vouches for the call.
fn around(bundle: &Bundle, call: &Call) -> (Arc<Program>, FlowId) {
    let mut bundle = bundle.clone();
    let param = |(at, arg): (usize, &Expr)| {
        let name: smol_str::SmolStr = format!("argument {}", at + 1).into();
        Field { wire: name.clone(), name, doc: "".into(), ty: arg.ty, labels: Labels::default() }
    };
    let params: Vec<Field> = call.args.iter().enumerate().map(param).collect();
    let args = params.iter().enumerate().map(|(at, param)| slot(SlotId(at as u32), param.ty)).collect();
    let call = Call { args, ..call.clone() };
    let flow = Alone { name: "test".into(), params, call, is_vouched: true }.add_to(&mut bundle);
    (Program::new(bundle), flow)
}
