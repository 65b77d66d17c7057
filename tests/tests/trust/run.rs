//! A run with random outcomes, in which every text from outside is a token.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flow_eval::Value;
use flow_ir::setup::{Callee, Method};
use flow_ir::units::ErrorClass;
use flow_ir::{FlowId, NodeId};
use flow_runtime::Machine;
use flow_runtime::protocol::{Command, Event, Facts, Invocation, OpId, Outcome, Record, RunHeader};

use super::flows::Dice;
use super::package::Checked;

/// A value that left.
#[derive(Clone, Debug)]
pub(crate) struct Arg {
    pub(crate) text: String,
    pub(crate) tokens: BTreeSet<u32>,
}

/// A call through which values left, with what was known about tokens then.
#[derive(Clone, Debug)]
pub(crate) struct Sunk {
    pub(crate) flow: FlowId,
    pub(crate) node: NodeId,
    pub(crate) call: u32,
    pub(crate) callee: Callee,
    pub(crate) args: Vec<Arg>,
    /// Tokens that somebody vouches for.
    pub(crate) covered: BTreeSet<u32>,
    /// Tokens that are personal data.
    pub(crate) personal: BTreeSet<u32>,
}

/// What was seen of a run.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) sinks: Vec<Sunk>,
    /// The walker refused something sensitive.
    pub(crate) refused: bool,
}

/// A run.
pub(crate) struct Run<'c> {
    checked: &'c Checked,
    flow: FlowId,
    dice: Dice,
    next: u32,
    covered: BTreeSet<u32>,
    personal: BTreeSet<u32>,
    /// What people were shown last, by frame, node and call.
    shown: BTreeMap<(u32, u32, u32), BTreeSet<u32>>,
    /// What a node produced last, by frame and node.
    produced: BTreeMap<(u32, u32), Value>,
    queue: Vec<String>,
    open: BTreeMap<OpId, Invocation>,
    timers: BTreeSet<OpId>,
    seen: Seen,
}

impl<'c> Run<'c> {
    pub(crate) fn new(checked: &'c Checked, flow: FlowId, seed: u64) -> Self {
        Self {
            checked,
            flow,
            dice: Dice::new(seed),
            next: 1,
            covered: BTreeSet::new(),
            personal: BTreeSet::new(),
            shown: BTreeMap::new(),
            produced: BTreeMap::new(),
            queue: Vec::new(),
            open: BTreeMap::new(),
            timers: BTreeSet::new(),
            seen: Seen::default(),
        }
    }

    fn token(&mut self) -> u32 {
        // Texts of different lengths, so that conditions differ.
        self.next += [1, 7, 90, 1_000][self.dice.below(4)];
        self.next
    }

    /// Walks the flow to its end.
    pub(crate) fn walk(mut self) -> Seen {
        let (p, q) = (self.token(), self.token());
        self.personal.insert(p);
        self.covered.insert(q);
        let header = RunHeader {
            run: "run".into(),
            tenant: "t".into(),
            user: "".into(),
            flow: self.flow,
            args: vec![Value::text(written(p)), Value::text(written(q))],
            started_ms: 0,
            seed: 0,
            paused: Vec::new(),
        };
        let (mut machine, first) = Machine::start(Arc::clone(&self.checked.program), Arc::new(header));
        self.obey(first);
        let mut now_ms = 0;
        while machine.result().is_none() {
            now_ms += 10;
            let event = self.event(now_ms);
            let commands = machine.apply(&event);
            self.obey(commands);
        }
        self.seen
    }

    fn obey(&mut self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::Invoke(call) => self.invoked(*call),
                Command::Timer { op, .. } => drop(self.timers.insert(op)),
                Command::Cancel { op } => {
                    self.timers.remove(&op);
                    self.open.remove(&op);
                }
                Command::Record(Record::Produced { frame, node, value, .. }) => {
                    self.produced.insert((frame, node.0), value);
                }
                Command::Record(Record::Raised { class, .. }) => {
                    self.seen.refused |= class == ErrorClass::Denied
                }
                Command::Record(Record::Took { frame, flow, node: Some(node), edge }) => {
                    self.took(frame, flow, node, edge);
                }
                Command::Record(_) | Command::Compare(_) | Command::Shadow(_) | Command::Finish(_) => {}
            }
        }
    }

    fn invoked(&mut self, call: Invocation) {
        let args: Vec<Arg> = call.args.iter().map(arg).collect();
        if matches!(call.callee, Callee::Human(_)) {
            let all = args.iter().flat_map(|arg| arg.tokens.clone()).collect();
            self.shown.insert((call.frame, call.node.0, call.branch), all);
        }
        self.seen.sinks.push(Sunk {
            flow: call.flow,
            node: call.node,
            call: call.branch,
            callee: call.callee,
            args,
            covered: self.covered.clone(),
            personal: self.personal.clone(),
        });
        self.open.insert(call.op, call);
    }

    /// Behind a clearing edge everything is covered that was shown, or that a check let through.
    fn took(&mut self, frame: u32, flow: FlowId, node: NodeId, edge: u32) {
        let lowered = &self.checked.bundle().flow(flow).unwrap().nodes[node.index()];
        let calls: Vec<_> = lowered.work.calls().collect();
        for cleared in &lowered.edges[edge as usize].clears {
            match calls[*cleared as usize].callee {
                Callee::Human(_) => {
                    let shown = self.shown.get(&(frame, node.0, *cleared)).cloned().unwrap_or_default();
                    self.covered.extend(shown);
                }
                Callee::Check(_) => {
                    let value = self.produced.get(&(frame, node.0)).map(arg);
                    self.covered.extend(value.into_iter().flat_map(|value| value.tokens));
                }
                _ => {}
            }
        }
    }

    fn event(&mut self, now_ms: i64) -> Event {
        let timer = self.timers.iter().next().copied();
        if let Some(op) = timer.filter(|_| self.open.is_empty() || self.dice.chance(4)) {
            self.timers.remove(&op);
            return Event::Fired { op, now_ms };
        }
        let open: Vec<OpId> = self.open.keys().copied().collect();
        let op = open[self.dice.below(open.len())];
        let call = self.open.remove(&op).unwrap();
        let outcome = self.outcome(&call);
        Event::Resolved { op, outcome, now_ms }
    }

    fn outcome(&mut self, call: &Invocation) -> Outcome {
        let classes: &[ErrorClass] = match call.callee {
            Callee::Human(_) => &[ErrorClass::Expired],
            Callee::Prompt(_) => &[ErrorClass::Timeout, ErrorClass::Overload, ErrorClass::Invalid],
            _ => &[ErrorClass::Timeout, ErrorClass::Overload],
        };
        if self.dice.chance(10) {
            let class = classes[self.dice.below(classes.len())];
            return Outcome::Err { class, message: "no".into(), facts: Box::new(Facts::default()) };
        }
        Outcome::Ok { value: self.answer(call), facts: Box::new(Facts::default()) }
    }

    fn answer(&mut self, call: &Invocation) -> Value {
        let told: Vec<u32> = call.args.iter().map(arg).flat_map(|arg| arg.tokens).collect();
        let fresh = self.token();
        match call.callee {
            // A model may repeat whatever it was told.
            Callee::Prompt(_) => Value::text(self.repeated(fresh, &told)),
            Callee::Human(_) => match self.dice.below(3) {
                0 => variant(0, Vec::new()),
                1 => {
                    let reply = self.repeated(fresh, &told);
                    // The role is trusted: whatever they write, they vouch for.
                    self.covered.extend(tokens(&reply));
                    variant(1, vec![Value::text(reply)])
                }
                _ => variant(2, Vec::new()),
            },
            Callee::Tool(tool) => {
                if tool == self.checked.tool("who") {
                    self.personal.insert(fresh);
                }
                Value::text(written(fresh))
            }
            Callee::Method(_, Method::QueueAdd) => {
                self.queue.extend(call.args.iter().map(|value| arg(value).text));
                Value::Nothing
            }
            Callee::Method(_, Method::QueueTake) => {
                let found = self.queue.drain(..).take(2).map(Value::text);
                Value::list(found.collect::<Vec<_>>())
            }
            _ => Value::Nothing,
        }
    }

    fn repeated(&mut self, fresh: u32, told: &[u32]) -> String {
        let mut text = written(fresh);
        for token in told {
            if self.dice.chance(70) {
                text.push_str(&written(*token));
            }
        }
        text
    }
}

fn variant(index: u32, fields: Vec<Value>) -> Value {
    Value::Variant(index, fields.into())
}

fn written(token: u32) -> String {
    format!("<{token}>")
}

/// The tokens in a text.
fn tokens(text: &str) -> BTreeSet<u32> {
    text.split('<').filter_map(|rest| rest.split_once('>')?.0.parse().ok()).collect()
}

fn arg(value: &Value) -> Arg {
    let text = match value {
        Value::Text(text) => text.to_string(),
        other => format!("{other:?}"),
    };
    Arg { tokens: tokens(&text), text }
}
