//! One test: the call is walked with scripted answers on a virtual clock, then every `need` is judged.

use std::path::PathBuf;
use std::sync::Arc;

use flow_compiler::manifest::Mcp;
use flow_eval::{Context, Value, eval, json};
use flow_ir::expr::{Expr, ExprKind, RunFact};
use flow_ir::flow::{Edge, Flow, Node, Slot, Target, Work};
use flow_ir::setup::{Call, Callee};
use flow_ir::testing::{Test, TestValue};
use flow_ir::types::{Field, Labels, Type};
use flow_ir::units::Limits;
use flow_ir::{Bundle, FlowId, NodeId, SlotId, TypeId};
use flow_runtime::Program;
use flow_runtime::home::local::{Ended, Runner};
use flow_runtime::port::Watch;
use flow_runtime::protocol::{RunError, RunHeader, RunResult};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::explain::{self, Failure};
use super::record::{self, Answers};
use crate::compile::Built;
use crate::exit::Stop;
use crate::graph::text;
use crate::journal::{Journal, Step, Totals};
use crate::load;

/// When every test begins: a Monday morning, so that a test says the same on every day.
pub(super) const BEGIN_MS: i64 = 1_767_603_600_000;

/// The tests of one package, ready to be run.
pub(super) struct Case {
    bundle: Arc<Bundle>,
    program: Arc<Program>,
    root: PathBuf,
    egress: Vec<String>,
    mcp: Vec<Mcp>,
}

/// How one test went.
pub(crate) struct Verdict {
    /// Of the test.
    pub(crate) title: String,
    /// Where it stands: `main.flow:120`.
    pub(crate) place: String,
    /// Empty if it passed.
    pub(crate) failures: Vec<Failure>,
    /// How the run failed, if it did.
    pub(crate) error: Option<RunError>,
    /// What the run did.
    pub(crate) steps: Vec<Step>,
    /// The steps as words.
    pub(crate) path: String,
    /// Sums over the run.
    pub(crate) totals: Totals,
    /// Virtual time, ms.
    pub(crate) elapsed_ms: u64,
    /// Callables that the test answers for and that were never called.
    pub(crate) unasked: Vec<String>,
}

impl Verdict {
    /// Whether every `need` holds.
    pub(crate) fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// A run that has ended, with what was seen of it.
struct Walked {
    ended: Ended,
    journal: Arc<Journal>,
    bundle: Arc<Bundle>,
    /// What makes the test worthless, whatever the flow did with it.
    problems: Vec<String>,
    /// Positions of givens that were never asked.
    unasked: Vec<usize>,
}

impl Case {
    pub(super) fn new(built: &Built) -> Self {
        Self {
            program: Program::new(built.bundle.clone()),
            bundle: Arc::new(built.bundle.clone()),
            root: built.root.clone(),
            egress: built.egress.clone(),
            mcp: built.mcp.clone(),
        }
    }

    pub(super) fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    pub(super) fn root(&self) -> &std::path::Path {
        &self.root
    }

    pub(super) fn egress(&self) -> &[String] {
        &self.egress
    }

    /// `[mcp.NAME]` of flow.toml.
    pub(super) fn mcp(&self) -> &[Mcp] {
        &self.mcp
    }

    /// Runs tests one after another, each in a world of its own.
    pub(super) fn all(&self, tests: &[&Test]) -> Result<Vec<Verdict>, Stop> {
        let runtime = runtime()?;
        let one = |test: &&Test| self.one(&runtime, test, |slots| record::scripted(self, test, slots));
        Ok(tests.iter().map(one).collect())
    }

    /// Runs a test against these answers, which may read its samples.
    pub(super) fn one(
        &self,
        runtime: &Runtime,
        test: &Test,
        answers: impl FnOnce(Vec<Option<Value>>) -> Result<Answers, String>,
    ) -> Verdict {
        let walked =
            self.samples(test).and_then(answers).and_then(|answers| self.walk(runtime, test, answers));
        match walked {
            Ok(walked) => self.judge(test, &walked),
            Err(message) => broken(test, message),
        }
    }

    /// The program in which a flow may be started on its own: for a private one, whoever wrote the test vouches as
    /// its callers do.
    fn started(&self, id: FlowId) -> Arc<Program> {
        if self.bundle.flow(id).is_none_or(|flow| flow.public) {
            return Arc::clone(&self.program);
        }
        let mut bundle = Bundle::clone(&self.bundle);
        if let Some(flow) = bundle.flows.get_mut(id.index()) {
            flow.entry.iter_mut().for_each(|edge| edge.clears = vec![0]);
        }
        Program::new(bundle)
    }

    fn walk(&self, runtime: &Runtime, test: &Test, answers: Answers) -> Result<Walked, String> {
        let args = self.arguments(test)?;
        let (program, flow) = match test.call.callee {
            Callee::Flow(flow) => (self.started(flow), flow),
            _ => around(&self.bundle, &test.call),
        };
        let bundle = Arc::new(program.bundle().clone());
        let journal = Arc::new(Journal::default());
        let header = Arc::new(RunHeader {
            run: "test".into(),
            tenant: "test".into(),
            user: "tester".into(),
            flow,
            args,
            started_ms: answers.clock.now_ms(),
            seed: 1,
        });
        let effects = Arc::new(answers.scripted.clone());
        let runner = Runner { program, effects, clock: answers.clock };
        let watch = Arc::clone(&journal) as Arc<dyn Watch>;
        let cancel = CancellationToken::new();
        let ended = runtime.block_on(runner.run(header, Some(watch), &cancel));
        let mut problems = answers.scripted.problems();
        problems.extend(answers.replays.iter().flat_map(|replay| replay.problems()));
        let unasked = answers.scripted.unasked();
        Ok(Walked { ended, journal, bundle, problems, unasked })
    }

    /// The arguments of the call: constants and samples.
    fn arguments(&self, test: &Test) -> Result<Vec<Value>, String> {
        let slots = self.samples(test)?;
        let cx = Context::new(&self.bundle, &slots);
        let one = |arg: &Expr| eval(arg, &cx).map_err(|invalid| format!("the arguments: {invalid}"));
        test.call.args.iter().map(one).collect()
    }

    /// The slots that are known before the run.
    fn samples(&self, test: &Test) -> Result<Vec<Option<Value>>, String> {
        let one = |(value, ty): &(TestValue, TypeId)| match value {
            TestValue::Sample(name) => self.sample(name, *ty).map(Some),
            TestValue::Result
            | TestValue::Error
            | TestValue::Visited(..)
            | TestValue::Visits(..)
            | TestValue::Degraded(..)
            | TestValue::Calls(_)
            | TestValue::Run(_) => Ok(None),
        };
        test.values.iter().map(one).collect()
    }

    fn sample(&self, name: &str, ty: TypeId) -> Result<Value, String> {
        let path = self.root.join("samples").join(format!("{name}.json"));
        let shown = load::shown(&path);
        let text = load::read_text(&path).map_err(|stop| format!("sample `{name}`: {}", stop.message))?;
        let json: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| format!("`{shown}` is not JSON: {error}"))?;
        json::decode(&self.bundle, ty, &json).map_err(|error| format!("`{shown}` does not fit: {error}"))
    }

    fn judge(&self, test: &Test, walked: &Walked) -> Verdict {
        let steps = walked.journal.steps();
        let error = match &walked.ended.result {
            RunResult::Failed(error) => Some(error.clone()),
            RunResult::Returned(_) | RunResult::Cancelled => None,
        };
        Verdict {
            title: test.title.to_string(),
            place: place(test),
            failures: self.failures(test, walked, &steps, error.as_ref()),
            error,
            path: path(&steps, &walked.bundle),
            totals: Totals { cost: walked.ended.usage.cost, ..Totals::of(&steps) },
            steps: if walked.bundle.flows.len() == self.bundle.flows.len() {
                steps
            } else {
                own_steps(steps, &self.bundle)
            },
            elapsed_ms: walked.ended.usage.elapsed_ms,
            unasked: self.unasked(test, walked),
        }
    }

    /// What the test answers for in vain. Where a split went another way, its other arms are not in vain: the test
    /// holds for every key.
    fn unasked(&self, test: &Test, walked: &Walked) -> Vec<String> {
        let callees = walked.unasked.iter().filter_map(|at| test.givens.get(*at)).map(|given| given.callee);
        let in_vain = callees.filter(|callee| !self.beside_the_chosen_arm(*callee, &walked.journal));
        in_vain.map(|callee| text::callee(&self.bundle, callee)).collect()
    }

    fn beside_the_chosen_arm(&self, callee: Callee, journal: &Journal) -> bool {
        self.bundle.splits.iter().any(|split| {
            let arms = || split.arms.iter().chain(&split.shadows).map(|arm| arm.call.callee);
            arms().any(|arm| arm == callee) && arms().any(|arm| !journal.calls(arm).is_empty())
        })
    }

    fn failures(
        &self,
        test: &Test,
        walked: &Walked,
        steps: &[Step],
        error: Option<&RunError>,
    ) -> Vec<Failure> {
        if !walked.problems.is_empty() {
            return walked.problems.iter().cloned().map(Failure::alone).collect();
        }
        let expects_error = test.values.iter().any(|(value, _)| matches!(value, TestValue::Error));
        if let Some(error) = error.filter(|_| !expects_error) {
            let place = if error.node.is_empty() { String::new() } else { format!(" in `{}`", error.node) };
            let message = format!("the run failed{place}: {}: {}", error.class.name(), error.message);
            return vec![Failure::alone(message)];
        }
        let mut slots = match self.samples(test) {
            Ok(slots) => slots,
            Err(message) => return vec![Failure::alone(message)],
        };
        for (slot, (value, _)) in slots.iter_mut().zip(&test.values) {
            if slot.is_none() {
                *slot = seen(value, walked, steps);
            }
        }
        let judge = explain::Judge::new(&self.bundle, test, &slots);
        test.needs.iter().filter_map(|(need, text)| judge.failure(need, text)).collect()
    }
}

/// A test that cannot be run at all.
fn broken(test: &Test, message: String) -> Verdict {
    Verdict {
        title: test.title.to_string(),
        place: place(test),
        failures: vec![Failure::alone(message)],
        error: None,
        steps: Vec::new(),
        path: String::new(),
        totals: Totals::default(),
        elapsed_ms: 0,
        unasked: Vec::new(),
    }
}

/// A runtime for tests. Nothing in a test waits for real time unless it records.
pub(super) fn runtime() -> Result<Runtime, Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Stop::usage(format!("cannot start: {error}")))
}

fn place(test: &Test) -> String {
    format!("{}:{}", test.file, test.line)
}

/// What a slot holds after the run.
fn seen(value: &TestValue, walked: &Walked, steps: &[Step]) -> Option<Value> {
    let of = |flow: &FlowId, node: &NodeId| {
        let (flow, node) = (*flow, *node);
        steps.iter().filter(move |step| step.flow == flow && step.node == Some(node))
    };
    match value {
        TestValue::Sample(_) => None,
        TestValue::Result => match &walked.ended.result {
            RunResult::Returned(value) => Some(value.clone()),
            RunResult::Failed(_) | RunResult::Cancelled => None,
        },
        TestValue::Error => Some(error_value(&walked.ended.result)),
        TestValue::Visited(flow, node) => Some(Value::Bool(of(flow, node).next().is_some())),
        TestValue::Visits(flow, node) => Some(Value::Int(of(flow, node).count() as i64)),
        TestValue::Degraded(flow, node) => Some(Value::Bool(of(flow, node).any(|step| step.degraded))),
        TestValue::Calls(callee) => {
            Some(Value::list(walked.journal.calls(*callee).into_iter().map(Value::record)))
        }
        TestValue::Run(fact) => Some(run_fact(*fact, &walked.ended)),
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

/// `handle → sort → gather → return Sent`.
fn path(steps: &[Step], bundle: &Bundle) -> String {
    let mut words: Vec<String> = Vec::new();
    for step in steps.iter().filter(|step| step.frame == 0) {
        let name = step.name(bundle);
        words.push(match &step.raised {
            Some((class, _)) => format!("{name} ({})", class.name()),
            None => name.to_owned(),
        });
    }
    let end = steps.iter().rev().find(|step| step.frame == 0).and_then(|step| step.left_by(bundle));
    words.extend(end.map(|(to, _)| to).filter(|to| to.starts_with("return") || to.starts_with("fail")));
    words.join(" → ")
}

/// Without those of the flow that was made around the call.
fn own_steps(steps: Vec<Step>, bundle: &Bundle) -> Vec<Step> {
    steps.into_iter().filter(|step| bundle.flow(step.flow).is_some()).collect()
}

/// A flow of one node, so that any callable can be called by itself.
fn around(bundle: &Bundle, call: &Call) -> (Arc<Program>, FlowId) {
    let mut bundle = bundle.clone();
    let param = |(at, arg): (usize, &Expr)| {
        let name: smol_str::SmolStr = format!("argument {}", at + 1).into();
        Field { wire: name.clone(), name, doc: "".into(), ty: arg.ty, labels: Labels::default() }
    };
    let params: Vec<Field> = call.args.iter().enumerate().map(param).collect();
    let result = SlotId(params.len() as u32);
    let slot = |id: SlotId, ty: TypeId| Expr { ty, kind: ExprKind::Slot(id) };
    let args = params.iter().enumerate().map(|(at, param)| slot(SlotId(at as u32), param.ty)).collect();
    let named = |name: &smol_str::SmolStr, ty| Slot { name: name.clone(), ty, labels: Labels::default() };
    let mut slots: Vec<Slot> = params.iter().map(|param| named(&param.name, param.ty)).collect();
    slots.push(named(&"call".into(), call.ret));
    let has_result = !matches!(bundle.ty(call.ret), Type::Nothing);
    let edge =
        |to: Target| Edge { to, when: None, on: Vec::new(), max: None, implicit: false, clears: Vec::new() };
    let node = Node {
        name: "call".into(),
        doc: "".into(),
        params: Vec::new(),
        result: has_result.then_some(result),
        work: Work::Call(Call { args, ..call.clone() }),
        edges: vec![edge(Target::Return(has_result.then(|| slot(result, call.ret))))],
        live: Vec::new(),
        handler: false,
    };
    bundle.flows.push(Flow {
        name: "test".into(),
        doc: "".into(),
        public: false,
        params,
        ret: call.ret,
        limits: Limits::default(),
        slots,
        counters: Vec::new(),
        // Whoever wrote the test vouches for the call, should it be sensitive.
        entry: vec![Edge { clears: vec![0], ..edge(Target::Node(NodeId(0), Vec::new())) }],
        nodes: vec![node],
    });
    let flow = FlowId(bundle.flows.len() as u32 - 1);
    (Program::new(bundle), flow)
}
