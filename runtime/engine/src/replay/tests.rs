use std::sync::Mutex;

use flow_eval::Value;
use flow_ir::Bundle;
use flow_ir::units::ErrorClass::Expired;

use super::*;
use crate::clock::SystemClock;
use crate::fixtures::*;
use crate::port::{Effects, InvokeContext, Reply};
use crate::protocol::{Invocation, OpId, Outcome};

/// Answers prompts and tools with another text, and writes down what it was asked.
#[derive(Default)]
struct Anew(Mutex<Vec<String>>);

impl Effects for Anew {
    fn invoke(&self, _: &InvokeContext, call: Box<Invocation>) -> Reply {
        let line = call.args.first().and_then(Value::as_text).unwrap_or_default();
        self.0.lock().unwrap().push(line.to_owned());
        Reply::Now(paid(&format!("new {line}"), 7))
    }
}

fn header(line: &str) -> Arc<RunHeader> {
    Arc::new(RunHeader {
        run: "run".into(),
        tenant: "t".into(),
        user: "".into(),
        flow: FlowId(0),
        args: vec![Value::text(line)],
        started_ms: 1_000,
        seed: 1,
        paused: Vec::new(),
    })
}

/// A run in which operation n is answered by the nth of these, a second each; `None` lets its timer fire.
fn tape(bundle: Bundle, answers: &[Option<Outcome>]) -> Tape {
    let mut now_ms = 1_000;
    let mut events = Vec::new();
    for (n, answer) in answers.iter().enumerate() {
        let op = OpId(n as u32 + 1);
        now_ms += 1_000;
        events.push(match answer {
            Some(outcome) => Event::Resolved { op, outcome: outcome.clone(), now_ms },
            None => Event::Fired { op, now_ms: now_ms + 60_000 },
        });
    }
    Tape { program: Program::new(bundle), header: header("hi"), events }
}

fn fork(tape: &Tape, from: u32, effects: &Arc<Anew>) -> Forked {
    let effects = Arc::clone(effects) as Arc<dyn Effects>;
    let from = Place { flow: FlowId(0), node: NodeId(from), time: 1 };
    let fork = Fork { from, changed: Vec::new(), effects, clock: Arc::new(SystemClock) };
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(tape.fork(&fork))
}

fn returned(text: &str) -> Option<RunResult> {
    Some(RunResult::Returned(Value::text(text)))
}

/// ask(line) → review(a) → write(b) → ask("end").
fn desk() -> Bundle {
    bundle(vec![flow(
        "desk",
        vec![
            node("draft", work(ASK, vec![slot(0)]), vec![to(1)]),
            node("check", work(REVIEW, vec![slot(1)]), vec![to(2), give(text("late")).on(&[Expired])]),
            node("send", work(WRITE, vec![slot(1)]), vec![to(3)]),
            node("last", work(ASK, vec![text("end")]), vec![give(slot(4))]),
        ],
    )])
}

fn answers() -> Vec<Option<Outcome>> {
    vec![Some(said("old hi")), Some(said("yes")), Some(said("sent")), Some(paid("bye", 3))]
}

#[test]
fn the_same_events_are_the_same_run() {
    let tape = tape(desk(), &answers());
    let (once, twice) = (tape.again(), tape.again());
    assert_eq!(once, twice);
    assert_eq!((once.result, once.usage.elapsed_ms), (returned("bye"), 4_000));
    let half = Tape { events: tape.events[..2].to_vec(), ..tape };
    assert_eq!(half.again().result, None);
}

#[test]
fn a_fork_asks_the_node_again_and_nothing_that_did_not_change() {
    let (tape, anew) = (tape(desk(), &answers()), Arc::new(Anew::default()));
    let forked = fork(&tape, 3, &anew);
    assert_eq!(*anew.0.lock().unwrap(), ["end"]);
    assert_eq!((forked.walked.result, forked.asked, forked.stuck), (returned("new end"), 1, None));
    assert_eq!(forked.stood_in, []);
    assert_eq!(forked.walked.usage.cost.0, 7);
}

#[test]
fn writes_and_people_answer_as_then_and_are_never_called() {
    let (tape, anew) = (tape(desk(), &answers()), Arc::new(Anew::default()));
    let forked = fork(&tape, 0, &anew);
    assert_eq!(*anew.0.lock().unwrap(), ["hi"], "`last` asks what it asked then");
    assert_eq!(forked.stood_in, [REVIEW, WRITE], "with another text than then");
    assert_eq!((forked.walked.result, forked.stuck), (returned("bye"), None));
}

#[test]
fn a_new_way_to_a_write_that_was_not_made_ends_there() {
    let other = bundle(vec![flow(
        "desk",
        vec![
            node(
                "draft",
                work(ASK, vec![slot(0)]),
                vec![give(text("kept")).when(equals(slot(1), text("old hi"))), to(1)],
            ),
            node("send", work(WRITE, vec![slot(1)]), vec![give(text("sent"))]),
        ],
    )]);
    let (tape, anew) = (tape(other, &[Some(said("old hi"))]), Arc::new(Anew::default()));
    assert_eq!(tape.again().result, returned("kept"));
    let forked = fork(&tape, 0, &anew);
    assert_eq!((forked.walked.result, forked.stuck), (None, Some(Stuck::Unheard(WRITE))));
}

#[test]
fn nobody_waits_for_a_person_who_never_answered() {
    let mut desk = desk();
    let limited = call(REVIEW, vec![slot(1)]);
    let limited = flow_ir::setup::Call { limits: time(60_000), ..limited };
    desk.flows[0].nodes[1].work = flow_ir::flow::Work::Call(limited);
    // The prompt is operation 1; the question and its timer are 2 and 3, in whichever order the machine makes them.
    let timer = {
        let mut out = Vec::new();
        let program = Program::new(desk.clone());
        let mut machine = Machine::start_into(program, header("hi"), false, &mut out);
        let answered = Event::Resolved { op: OpId(1), outcome: said("old hi"), now_ms: 2_000 };
        let said = machine.apply(&answered);
        let timer = said.iter().find_map(|command| match command {
            Command::Timer { op, .. } => Some(*op),
            _ => None,
        });
        timer.unwrap()
    };
    let mut tape = tape(desk, &[Some(said("old hi"))]);
    tape.events.push(Event::Fired { op: timer, now_ms: 62_000 });
    assert_eq!(tape.again().result, returned("late"));
    let anew = Arc::new(Anew::default());
    let forked = fork(&tape, 0, &anew);
    assert_eq!((forked.walked.result, forked.stuck), (returned("late"), None));
    assert!(forked.walked.usage.elapsed_ms >= 60_000, "in the run's own time");
}

#[test]
fn a_node_that_was_not_visited_cannot_be_forked_from() {
    let (tape, anew) = (tape(desk(), &answers()[..1]), Arc::new(Anew::default()));
    assert_eq!(fork(&tape, 3, &anew).stuck, Some(Stuck::NeverThere));
}
