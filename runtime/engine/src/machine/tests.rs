mod approval;
mod forms;
mod limits;
mod random;
mod snapshot;

use std::fmt::Write as _;

use flow_eval::Value;
use flow_ir::flow::Flow;
use flow_ir::{Bundle, FlowId};

use super::*;
use crate::fixtures::bundle;
use crate::protocol::{ArmEnd, Invocation, Record, RunError};

/// A run whose commands are written down, one short word each.
///
/// `ask#1(hi)` an operation and its number, `timer#2(500)`, `cancel#1`, `+node` entered, `=node`
/// produced, `!node:Class` raised, `>edge` taken, `arm0` ended, `shadow0(hi)/answer` wanted, and the end: `returned(x)`, `failed(Class message @node)`.
struct Tape {
    machine: Machine,
    bundle: Bundle,
    out: Vec<Command>,
    now_ms: i64,
}

fn header() -> Arc<RunHeader> {
    Arc::new(RunHeader {
        run: "run-1".into(),
        tenant: "t".into(),
        user: "".into(),
        flow: FlowId(0),
        args: vec![Value::text("hi")],
        started_ms: 1_000,
        seed: 1,
        paused: Vec::new(),
    })
}

impl Tape {
    fn of(flows: Vec<Flow>) -> Self {
        Self::with(bundle(flows))
    }

    fn with(bundle: Bundle) -> Self {
        let (machine, out) = Machine::start(Program::new(bundle.clone()), header());
        Self { machine, bundle, out, now_ms: 1_000 }
    }

    fn tell(&mut self, op: u32, outcome: Outcome) -> &mut Self {
        self.now_ms += 10;
        let event = Event::Resolved { op: OpId(op), outcome, now_ms: self.now_ms };
        self.machine.apply_into(event, &mut self.out);
        self
    }

    fn fire(&mut self, op: u32) -> &mut Self {
        self.now_ms += 10;
        self.machine.apply_into(Event::Fired { op: OpId(op), now_ms: self.now_ms }, &mut self.out);
        self
    }

    fn hear(&mut self, event: Event) {
        self.machine.apply_into(event, &mut self.out);
    }

    fn cancel(&mut self) -> &mut Self {
        self.machine.apply_into(Event::CancelRequested { now_ms: self.now_ms }, &mut self.out);
        self
    }

    fn invocations(&self) -> Vec<&Invocation> {
        fn invocation(command: &Command) -> Option<&Invocation> {
            match command {
                Command::Invoke(invocation) => Some(invocation),
                _ => None,
            }
        }
        self.out.iter().filter_map(invocation).collect()
    }

    fn ends(&self) -> Vec<&ArmEnd> {
        fn end(command: &Command) -> Option<&ArmEnd> {
            match command {
                Command::Compare(end) => Some(end),
                _ => None,
            }
        }
        self.out.iter().filter_map(end).collect()
    }

    /// Everything said since the last look.
    fn says(&mut self) -> String {
        let mut line = String::new();
        for command in std::mem::take(&mut self.out) {
            if !line.is_empty() {
                line.push(' ');
            }
            self.word(&command, &mut line);
        }
        line
    }

    fn word(&self, command: &Command, line: &mut String) {
        let name = |flow: &FlowId, node: &flow_ir::NodeId| {
            self.bundle.flows[flow.index()].nodes[node.index()].name.clone()
        };
        let word = match command {
            Command::Invoke(call) => {
                let args: Vec<String> = call.args.iter().map(show).collect();
                format!("{}#{}({})", callee(&self.bundle, call), call.op.0, args.join(","))
            }
            Command::Timer { op, after_ms } => format!("timer#{}({after_ms})", op.0),
            Command::Cancel { op } => format!("cancel#{}", op.0),
            Command::Record(Record::Entered { flow, node, .. }) => format!("+{}", name(flow, node)),
            Command::Record(Record::Produced { flow, node, degraded, .. }) => {
                format!("={}{}", name(flow, node), if *degraded { "~" } else { "" })
            }
            Command::Record(Record::Raised { flow, node, class, .. }) => {
                format!("!{}:{}", name(flow, node), class.name())
            }
            Command::Record(Record::Took { edge, .. }) => format!(">{edge}"),
            Command::Compare(end) => {
                let error = end.error.map(|class| format!(":{}", class.name())).unwrap_or_default();
                format!("arm{}{error}", end.call.arm.index)
            }
            Command::Shadow(shadow) => {
                let args: Vec<String> = shadow.args.iter().map(show).collect();
                let answer = shadow.answer.as_ref().map_or_else(|| "-".to_owned(), show);
                format!("shadow{}({})/{answer}", shadow.call.arm.index, args.join(","))
            }
            Command::Finish(RunResult::Returned(value)) => format!("returned({})", show(value)),
            Command::Finish(RunResult::Cancelled) => "cancelled".to_owned(),
            Command::Finish(RunResult::Failed(RunError { class, message, node, .. })) => {
                format!("failed({} {message} @{node})", class.name())
            }
        };
        write!(line, "{word}").unwrap();
    }
}

fn callee(bundle: &Bundle, call: &Invocation) -> String {
    use flow_ir::setup::Callee;
    match call.callee {
        Callee::Prompt(id) => bundle.prompts[id.index()].name.to_string(),
        Callee::Tool(id) => bundle.tools[id.index()].name.to_string(),
        Callee::Human(id) => bundle.humans[id.index()].name.to_string(),
        other => format!("{other:?}"),
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::List(items) | Value::Record(items) => {
            format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(","))
        }
        other => format!("{other:?}"),
    }
}
