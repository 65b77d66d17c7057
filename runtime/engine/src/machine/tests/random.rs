//! Random graphs, random schedules.

use std::collections::BTreeSet;

use flow_ir::expr::Expr;
use flow_ir::flow::{Edge, Node, Work};
use flow_ir::setup::{Call, Callee};
use flow_ir::units::{ErrorClass, Limits, Usd};
use flow_policy::retry::Draws;
use proptest::prelude::*;

use super::*;
use crate::fixtures::*;

struct Dice(Draws);

impl Dice {
    fn below(&mut self, n: u32) -> u32 {
        (self.0.draw() % u64::from(n.max(1))) as u32
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }
}

const N_NODES: u32 = 4;

/// Flows call only flows behind them; edges without `max` lead only forward: what the compiler lets through.
fn random_bundle(dice: &mut Dice) -> Bundle {
    let n_flows = 1 + dice.below(3);
    bundle((0..n_flows).map(|n| random_flow(dice, n, n_flows)).collect())
}

fn random_flow(dice: &mut Dice, index: u32, n_flows: u32) -> Flow {
    let nodes = (0..N_NODES).map(|n| random_node(dice, n, index, n_flows)).collect();
    let mut made = flow(&format!("f{index}"), nodes);
    made.counters = vec![dice.below(3), dice.below(2)];
    made.limits = random_limits(dice, 20);
    made
}

fn random_limits(dice: &mut Dice, percent: u32) -> Limits {
    Limits {
        cost: dice.chance(percent).then(|| Usd(i64::from(dice.below(60)))),
        time_ms: dice.chance(percent).then(|| u64::from(dice.below(500))),
        tokens: dice.chance(percent / 2).then(|| u64::from(dice.below(60))),
        quantiles_ms: Vec::new(),
    }
}

fn random_expr(dice: &mut Dice) -> Expr {
    match dice.below(8) {
        0 => broken(),
        1 => slot(1 + dice.below(N_NODES)),
        2 => text("x"),
        _ => slot(0),
    }
}

fn random_call(dice: &mut Dice, flow: u32, n_flows: u32) -> Call {
    let callee = match dice.below(7) {
        0 => Callee::Value,
        1 => READ,
        2 => WRITE,
        3 => REVIEW,
        4 if flow + 1 < n_flows => sub(flow + 1 + dice.below(n_flows - flow - 1)),
        5 => Callee::Sleep,
        _ => ASK,
    };
    let arg = if callee == Callee::Sleep { duration(i64::from(dice.below(300))) } else { random_expr(dice) };
    Call {
        limits: random_limits(dice, 15),
        otherwise: dice.chance(20).then(|| random_expr(dice)),
        ..call(callee, vec![arg])
    }
}

fn random_node(dice: &mut Dice, index: u32, flow: u32, n_flows: u32) -> Node {
    let work = match dice.below(6) {
        0 => Work::Route,
        1 => Work::All {
            branches: (0..dice.below(4)).map(|_| ("b".into(), random_call(dice, flow, n_flows))).collect(),
            limits: random_limits(dice, 20),
            ret: NOTHING,
        },
        2 => Work::Each {
            local: flow_ir::LocalId(0),
            list: if dice.chance(10) { broken() } else { texts(&["p", "q", "r"][..dice.below(4) as usize]) },
            call: random_call(dice, flow, n_flows),
            limits: random_limits(dice, 20),
            ret: LIST,
        },
        _ => Work::Call(random_call(dice, flow, n_flows)),
    };
    let mut edges: Vec<Edge> = (0..dice.below(3)).map(|_| random_edge(dice, index)).collect();
    edges.push(forward(dice, index));
    edges.extend((0..dice.below(3)).map(|_| {
        let classes = if dice.chance(50) { &ErrorClass::ALL[..] } else { &ErrorClass::ALL[..3] };
        let edge = random_edge(dice, index).on(classes);
        Edge { when: None, implicit: dice.chance(30), ..edge }
    }));
    node(&format!("n{index}"), work, edges)
}

fn random_edge(dice: &mut Dice, index: u32) -> Edge {
    let edge =
        if dice.chance(40) { to(dice.below(N_NODES)).max(dice.below(2)) } else { forward(dice, index) };
    if dice.chance(40) { edge.when(equals(random_expr(dice), text("x"))) } else { edge }
}

fn forward(dice: &mut Dice, index: u32) -> Edge {
    match dice.below(4) {
        0 => give(random_expr(dice)),
        1 if dice.chance(30) => fail(random_expr(dice)),
        _ if index + 1 < N_NODES => to(index + 1 + dice.below(N_NODES - index - 1)),
        _ => give(slot(0)),
    }
}

fn random_outcome(dice: &mut Dice) -> Outcome {
    if dice.chance(25) {
        return failed(ErrorClass::ALL[dice.below(8) as usize]);
    }
    let mut outcome = paid(["x", "y"][dice.below(2) as usize], i64::from(dice.below(20)));
    if let Outcome::Ok { facts, .. } = &mut outcome {
        facts.input_tokens = u64::from(dice.below(20));
    }
    outcome
}

/// What a home knows about a run.
#[derive(Default)]
struct Ledger {
    invoked: BTreeSet<OpId>,
    timers: BTreeSet<OpId>,
    cancelled: BTreeSet<OpId>,
}

impl Ledger {
    fn note(&mut self, commands: &[Command]) {
        for command in commands {
            match command {
                Command::Invoke(call) => assert!(self.invoked.insert(call.op)),
                Command::Timer { op, .. } => assert!(self.timers.insert(*op)),
                Command::Cancel { op } => {
                    let known = self.invoked.remove(op) || self.timers.remove(op);
                    assert!(known, "cancelled what was not under way");
                    self.cancelled.insert(*op);
                }
                Command::Record(_) | Command::Compare(_) | Command::Shadow(_) | Command::Finish(_) => {}
            }
        }
    }

    fn event(&mut self, dice: &mut Dice, now_ms: i64) -> Event {
        let open: Vec<OpId> = self.invoked.iter().chain(&self.timers).copied().collect();
        let op = open[dice.below(open.len() as u32) as usize];
        if self.timers.remove(&op) {
            return Event::Fired { op, now_ms };
        }
        self.invoked.remove(&op);
        Event::Resolved { op, outcome: random_outcome(dice), now_ms }
    }
}

fn counters_hold(machine: &Machine) -> bool {
    machine.state.frames.iter().flatten().all(|frame| {
        let max = &machine.program.bundle().flows[frame.flow.index()].counters;
        frame.counters.iter().zip(max).all(|(taken, max)| taken <= max)
    })
}

fn stray(dice: &mut Dice, ledger: &Ledger, now_ms: i64) -> Event {
    let late = ledger.cancelled.iter().next_back().copied().unwrap_or(OpId(u32::MAX));
    if dice.chance(50) {
        return Event::Fired { op: late, now_ms };
    }
    Event::Resolved { op: late, outcome: random_outcome(dice), now_ms }
}

/// A machine that was written and read back. Changed bytes are refused or read, but never break anything.
fn through_bytes(program: &Arc<Program>, machine: &Machine, dice: &mut Dice) -> Machine {
    let mut bytes = machine.snapshot();
    let again = Machine::restore(Arc::clone(program), header(), &bytes).unwrap();
    assert_eq!(again.state_hash(), machine.state_hash());
    let place = dice.below(bytes.len() as u32) as usize;
    bytes[place] ^= 1 << dice.below(8);
    let _ = Machine::restore(Arc::clone(program), header(), &bytes);
    let cut = Machine::restore(Arc::clone(program), header(), &bytes[..place]);
    assert!(cut.is_err());
    again
}

/// Walks a random graph by a random schedule, and checks everything that must always hold.
fn walk(seed: u64) {
    let mut dice = Dice(Draws::new(seed));
    let program = Program::new(random_bundle(&mut dice));
    let (mut machine, first) = Machine::start(Arc::clone(&program), header());
    let mut ledger = Ledger::default();
    ledger.note(&first);
    let (mut said, mut heard, mut now_ms) = (vec![first], Vec::new(), 1_000);
    while machine.result().is_none() {
        assert!(heard.len() < 200_000, "the run does not end");
        now_ms += i64::from(dice.below(50));
        if dice.chance(10) {
            let before = machine.state_hash();
            assert_eq!(machine.apply(&stray(&mut dice, &ledger, now_ms)), []);
            assert_eq!(machine.state_hash(), before, "a stray event changed the state");
        }
        let under_way: BTreeSet<OpId> = machine.pending().collect();
        assert_eq!(under_way, ledger.invoked.union(&ledger.timers).copied().collect());
        let cancel = dice.below(2_000) == 0;
        let event = if cancel { Event::CancelRequested { now_ms } } else { ledger.event(&mut dice, now_ms) };
        if dice.chance(5) {
            machine = through_bytes(&program, &machine, &mut dice);
        }
        let commands = machine.apply(&event);
        ledger.note(&commands);
        assert!(counters_hold(&machine));
        heard.push(event);
        said.push(commands);
    }
    assert!(ledger.invoked.is_empty() && ledger.timers.is_empty(), "the end left something under way");
    assert!(matches!(said.last().and_then(|last| last.last()), Some(Command::Finish(_))));
    replay(&program, &heard, &said);
    let cut = dice.below(heard.len() as u32 + 1) as usize;
    let mut again = Machine::replay(Arc::clone(&program), header(), heard[..cut].iter().cloned());
    for event in &heard[cut..] {
        again.apply(event);
    }
    assert_eq!(again.state_hash(), machine.state_hash());
}

/// The same events give the same commands, prefix by prefix.
fn replay(program: &Arc<Program>, heard: &[Event], said: &[Vec<Command>]) {
    let (mut machine, first) = Machine::start(Arc::clone(program), header());
    assert_eq!(first, said[0]);
    for (event, commands) in heard.iter().zip(&said[1..]) {
        assert_eq!(&machine.apply(event), commands);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_run_ends_and_replays_equal(seed in any::<u64>()) {
        walk(seed);
    }
}
