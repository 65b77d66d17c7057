//! The walker against the bare machine and against a program written by hand.
//!
//! One flow of five nodes, each one call, answered by a stub at once. Prints runs per second on one core, the
//! ratio to the hand-written program, and the resident memory of a waiting run.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::collections::HashMap;
use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use flow_benches::{on_core, run_header};
use flow_eval::Value;
use flow_ir::expr::{Expr, ExprKind};
use flow_ir::flow::{Edge, Flow, Node, Slot, Target, Work};
use flow_ir::setup::{Call, Callee};
use flow_ir::types::{Field, Labels, Type};
use flow_ir::units::{Limits, Usd};
use flow_ir::{Bundle, HumanId, NodeId, PromptId, SlotId, TypeId};
use flow_runtime::clock::SystemClock;
use flow_runtime::home::local::{Driver, Runner};
use flow_runtime::port::{Effects, InvokeContext, Reply};
use flow_runtime::protocol::{Command, Event, Facts, Invocation, Outcome, RunHeader};
use flow_runtime::{Machine, Program};

const N_NODES: u32 = 5;
const WAITING: usize = 10_000;

fn slot(n: u32) -> Expr {
    Expr { ty: TypeId(0), kind: ExprKind::Slot(SlotId(n)) }
}

fn node(n: u32, callee: Callee) -> Node {
    let to = match n + 1 < N_NODES {
        true => Target::Node(NodeId(n + 1), Vec::new()),
        false => Target::Return(Some(slot(n + 1))),
    };
    let call = Call {
        callee,
        args: vec![slot(n)],
        filter: None,
        model: None,
        limits: Limits::default(),
        otherwise: None,
        ret: TypeId(0),
    };
    Node {
        name: format!("n{n}").into(),
        doc: "".into(),
        params: Vec::new(),
        result: Some(SlotId(n + 1)),
        work: Work::Call(call),
        edges: vec![Edge { to, when: None, on: Vec::new(), max: None, implicit: false, clears: Vec::new() }],
        live: Vec::new(),
        handler: false,
    }
}

/// Five calls in a row, each with the result of the one before.
fn program(callee: Callee) -> Arc<Program> {
    let text = |name: &str| Field {
        name: name.into(),
        wire: name.into(),
        doc: "".into(),
        ty: TypeId(0),
        labels: Labels::default(),
    };
    let entry = Edge {
        to: Target::Node(NodeId(0), Vec::new()),
        when: None,
        on: Vec::new(),
        max: None,
        implicit: false,
        clears: Vec::new(),
    };
    let flow = Flow {
        name: "five".into(),
        doc: "".into(),
        public: true,
        params: vec![text("line")],
        ret: TypeId(0),
        limits: Limits::default(),
        slots: (0..=N_NODES)
            .map(|n| Slot { name: format!("s{n}").into(), ty: TypeId(0), labels: Labels::default() })
            .collect(),
        counters: Vec::new(),
        entry: vec![entry],
        nodes: (0..N_NODES).map(|n| node(n, callee)).collect(),
    };
    let types = vec![Type::Text { size: None }];
    Program::new(Bundle { package: "bench".into(), types, flows: vec![flow], ..Bundle::default() })
}

fn answer() -> Outcome {
    let facts =
        Facts { cost: Usd(10), input_tokens: 100, output_tokens: 20, attempts: 1, ..Facts::default() };
    Outcome::Ok { value: Value::text("an answer"), facts: Box::new(facts) }
}

struct Stub;

impl Effects for Stub {
    fn invoke(&self, _: &InvokeContext, invocation: Box<Invocation>) -> Reply {
        black_box(&invocation.args);
        Reply::Now(answer())
    }
}

/// Never answers, as a person does.
struct Silent;

impl Effects for Silent {
    fn invoke(&self, _: &InvokeContext, _: Box<Invocation>) -> Reply {
        Reply::Later(Box::pin(std::future::pending()))
    }
}

fn driver(effects: impl Effects + 'static, callee: Callee) -> Driver {
    Driver::new(Runner { program: program(callee), effects: Arc::new(effects), clock: Arc::new(SystemClock) })
}

/// Seconds that this thread was on a core, so that a busy machine does not spoil the figure; where the system
/// does not tell, seconds on the wall.
fn seconds_since(start: Instant) -> f64 {
    on_core().unwrap_or_else(|| start.elapsed()).as_secs_f64()
}

/// Runs per second of `one` on one core: the best of five windows.
fn rate(mut one: impl FnMut(u64)) -> f64 {
    let mut n_run = 0;
    let origin = Instant::now();
    let mut window = |length: Duration| {
        let (start, first) = (seconds_since(origin), n_run);
        while seconds_since(origin) - start < length.as_secs_f64() {
            for _ in 0..4096 {
                one(n_run);
                n_run += 1;
            }
        }
        (n_run - first) as f64 / (seconds_since(origin) - start)
    };
    window(Duration::from_millis(300));
    (0..5).map(|_| window(Duration::from_millis(400))).fold(0.0, f64::max)
}

fn bare_machine() -> f64 {
    let program = program(Callee::Prompt(PromptId(0)));
    let mut commands = Vec::new();
    let mut events = Vec::new();
    rate(|run| {
        let mut machine = Machine::start_into(Arc::clone(&program), run_header(run), false, &mut commands);
        while machine.result().is_none() {
            let asked = commands.drain(..).filter_map(|command| match command {
                Command::Invoke(call) => Some(Event::Resolved { op: call.op, outcome: answer(), now_ms: 1 }),
                _ => None,
            });
            events.extend(asked);
            for event in events.drain(..) {
                machine.apply_into(event, &mut commands);
            }
        }
        commands.clear();
        black_box(machine.result());
    })
}

fn in_memory() -> f64 {
    let mut driver = driver(Stub, Callee::Prompt(PromptId(0)));
    let mut cx = Context::from_waker(Waker::noop());
    rate(|run| {
        driver.start(run_header(run), None);
        let Poll::Ready(Some(ended)) = driver.poll_next(&mut cx) else { return };
        black_box(ended);
    })
}

/// The same five calls as somebody would write them: an async function over a client behind a trait.
trait Client: Send + Sync {
    fn ask<'a>(&'a self, line: Value) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;
}

impl Client for Stub {
    fn ask<'a>(&'a self, line: Value) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>> {
        Box::pin(async move {
            black_box(&line);
            answer()
        })
    }
}

async fn by_hand(client: &dyn Client, header: &RunHeader, state: &mut HashMap<&'static str, Value>) -> i64 {
    let mut line = header.args.first().cloned().unwrap_or(Value::None);
    let mut cost = 0;
    for name in ["n0", "n1", "n2", "n3", "n4"] {
        if let Outcome::Ok { value, facts } = client.ask(line.clone()).await {
            cost += facts.cost.0;
            state.insert(name, value.clone());
            line = value;
        }
    }
    cost
}

fn hand_written() -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let client: Arc<dyn Client> = Arc::new(Stub);
    rate(|run| {
        let header = run_header(run);
        let spent = runtime.block_on(async {
            let mut state = HashMap::new();
            by_hand(&*client, &header, &mut state).await
        });
        black_box(spent);
    })
}

fn hand_spawned() -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let client: Arc<dyn Client> = Arc::new(Stub);
    rate(|run| {
        let (header, client) = (run_header(run), Arc::clone(&client));
        let task = runtime.spawn(async move {
            let mut state = HashMap::new();
            by_hand(&*client, &header, &mut state).await
        });
        black_box(runtime.block_on(task).unwrap());
    })
}

/// Resident bytes of this process.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}

fn waiting_run() -> usize {
    let mut driver = driver(Silent, Callee::Human(HumanId(0)));
    let mut cx = Context::from_waker(Waker::noop());
    let before = resident();
    for run in 0..WAITING {
        driver.start(run_header(run as u64), None);
    }
    let _ = driver.poll_next(&mut cx);
    let after = resident();
    assert_eq!(driver.len(), WAITING);
    after.saturating_sub(before) / WAITING
}

fn main() {
    let waiting = waiting_run();
    let hand = hand_written();
    let spawned = hand_spawned();
    let bare = bare_machine();
    let memory = in_memory();
    println!("five nodes, stub models, one core            runs/s   nodes/s   by hand");
    for (name, rate) in [
        ("by hand, awaited in place", hand),
        ("by hand, one tokio task a run", spawned),
        ("bare machine", bare),
        ("in memory (driver)", memory),
    ] {
        println!("{name:<38} {rate:>12.0} {:>9.0} {:>10.2}x", rate * f64::from(N_NODES), rate / hand);
    }
    println!("{WAITING} waiting runs: {waiting} bytes resident each");
}
