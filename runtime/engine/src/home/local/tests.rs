use std::sync::Mutex;

use flow_ir::setup::Callee;
use flow_ir::units::ErrorClass::{Expired, Timeout};
use flow_policy::budget::Amount;

use super::*;
use crate::clock::VirtualClock;
use crate::fixtures::*;
use crate::protocol::RunResult::{Cancelled, Returned};

const START_MS: i64 = 1_000;

type Log = Arc<Mutex<Vec<String>>>;
type Answer = fn(&InvokeContext, &Invocation, Log) -> Reply;

/// Answers a call by its callee; writes down what it did.
struct Script {
    log: Log,
    answer: Answer,
}

impl Effects for Script {
    fn invoke(&self, cx: &InvokeContext, invocation: Box<Invocation>) -> Reply {
        (self.answer)(cx, &invocation, Arc::clone(&self.log))
    }
}

fn runner(flows: Vec<flow_ir::flow::Flow>, answer: Answer) -> (Runner, Log, VirtualClock) {
    let clock = VirtualClock::starting_at(START_MS);
    let log = Arc::new(Mutex::new(Vec::new()));
    let effects = Arc::new(Script { log: Arc::clone(&log), answer });
    let runner = Runner { program: Program::new(bundle(flows)), effects, clock: Arc::new(clock.clone()) };
    (runner, log, clock)
}

fn header() -> Arc<RunHeader> {
    Arc::new(RunHeader {
        run: "run-1".into(),
        tenant: "t".into(),
        user: "".into(),
        flow: flow_ir::FlowId(0),
        args: vec![flow_eval::Value::text("hi")],
        started_ms: START_MS,
        seed: 1,
    })
}

/// Answers after some virtual time, writing down when it was aborted or done.
fn after(cx: &InvokeContext, ms: u64, log: Log, name: &'static str) -> Reply {
    struct Note(Log, &'static str, bool);
    impl Drop for Note {
        fn drop(&mut self) {
            let end = if self.2 { "done" } else { "aborted" };
            self.0.lock().unwrap().push(format!("{} {end}", self.1));
        }
    }
    let nap = cx.clock.sleep(ms);
    let note = Note(log, name, false);
    Reply::Later(Box::pin(async move {
        let mut note = note;
        nap.await;
        note.2 = true;
        drop(note);
        said(name)
    }))
}

fn two_nodes() -> Vec<flow_ir::flow::Flow> {
    let nodes = vec![
        node("a", work(ASK, vec![slot(0)]), vec![to(1)]),
        node("b", work(READ, vec![slot(1)]), vec![give(slot(2))]),
    ];
    vec![flow("f", nodes)]
}

#[tokio::test]
async fn answers_at_once_and_later_answers_give_the_same_run() {
    let (now, _, _) = runner(two_nodes(), |_, _, _| Reply::Now(said("x")));
    let (later, _, clock) = runner(two_nodes(), |cx, _, log| after(cx, 100, log, "x"));
    let cancel = CancellationToken::new();
    let first = now.run(header(), None, &cancel).await;
    let second = later.run(header(), None, &cancel).await;
    assert_eq!(first.result, Returned(flow_eval::Value::text("x")));
    assert_eq!(second.result, first.result);
    assert_eq!(clock.now_ms(), START_MS + 200);
    assert_eq!(second.usage.elapsed_ms, 200);
}

#[tokio::test]
async fn an_eight_hour_review_takes_no_time() {
    let asked = flow_ir::setup::Call { limits: time(8 * 3_600_000), ..call(REVIEW, vec![slot(0)]) };
    let edges = vec![give(slot(1)), give(text("nobody")).on(&[Expired])];
    let flows = vec![flow("f", vec![node("a", flow_ir::flow::Work::Call(asked), edges)])];
    let (runner, log, clock) = runner(flows, |_, _, _| Reply::Later(Box::pin(std::future::pending())));
    let ended = runner.run(header(), None, &CancellationToken::new()).await;
    assert_eq!(ended.result, Returned(flow_eval::Value::text("nobody")));
    assert_eq!(clock.now_ms(), START_MS + 8 * 3_600_000);
    assert!(log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn timers_and_answers_come_in_the_order_of_time() {
    let asked = flow_ir::setup::Call { limits: time(150), ..call(ASK, vec![slot(0)]) };
    let edges = vec![give(slot(1)), give(text("slow")).on(&[Timeout])];
    let flows = || vec![flow("f", vec![node("a", flow_ir::flow::Work::Call(asked.clone()), edges.clone())])];
    let cancel = CancellationToken::new();
    let (quick, _, _) = runner(flows(), |cx, _, log| after(cx, 149, log, "quick"));
    assert_eq!(quick.run(header(), None, &cancel).await.result, Returned(flow_eval::Value::text("quick")));
    let (slow, log, _) = runner(flows(), |cx, _, log| after(cx, 151, log, "slow one"));
    assert_eq!(slow.run(header(), None, &cancel).await.result, Returned(flow_eval::Value::text("slow")));
    assert_eq!(*log.lock().unwrap(), ["slow one aborted"]);
}

#[tokio::test]
async fn a_cancelled_run_aborts_reads_and_waits_for_writes() {
    let both = all(vec![("x", call(READ, vec![slot(0)])), ("y", call(WRITE, vec![slot(0)]))]);
    let flows = vec![flow("f", vec![node("a", both, vec![give(slot(1))])])];
    let (runner, log, clock) = runner(flows, |cx, invocation, log| match invocation.callee {
        WRITE => after(cx, 500, log, "write"),
        _ => after(cx, 900, log, "read"),
    });
    let cancel = CancellationToken::new();
    cancel.cancel();
    let ended = runner.run(header(), None, &cancel).await;
    assert_eq!(ended.result, Cancelled);
    let mut log = log.lock().unwrap().clone();
    log.sort();
    assert_eq!(log, ["read aborted", "write done"]);
    assert_eq!(clock.now_ms(), START_MS + 500);
}

#[tokio::test]
async fn calls_side_by_side_share_their_limit() {
    let both = all(vec![("x", call(READ, vec![slot(0)])), ("y", call(READ, vec![slot(0)]))]);
    let mut limited = flow("f", vec![node("a", both, vec![give(slot(1))])]);
    limited.limits = money(100);
    let (runner, log, _) = runner(vec![limited], |cx, _, log| {
        let worst = Amount { cost: flow_ir::units::Usd(60), tokens: 0 };
        let reserved = cx.purse.reserve(worst, cx.clock.now_ms());
        log.lock().unwrap().push(format!("{}", reserved.is_ok()));
        let nap = cx.clock.sleep(10);
        Reply::Later(Box::pin(async move {
            nap.await;
            drop(reserved);
            said("x")
        }))
    });
    runner.run(header(), None, &CancellationToken::new()).await;
    assert_eq!(*log.lock().unwrap(), ["true", "false"]);
}

#[tokio::test]
async fn many_runs_wait_on_one_driver() {
    let (runner, _, clock) = runner(two_nodes(), |cx, invocation, log| {
        let ms = if invocation.callee == ASK { 50 } else { 1 };
        after(cx, ms, log, "x")
    });
    let mut driver = Driver::new(runner);
    let keys: Vec<RunKey> = (0..1_000).map(|_| driver.start(header(), None)).collect();
    driver.cancel(keys[7]);
    let mut ends = Vec::new();
    while let Some(ended) = driver.next().await {
        ends.push(ended);
    }
    assert_eq!(ends.len(), 1_000);
    assert_eq!(
        ends.iter().filter(|ended| ended.result == Cancelled).map(|ended| ended.key).collect::<Vec<_>>(),
        [keys[7]]
    );
    assert_eq!(clock.now_ms(), START_MS + 51);
    assert!(driver.is_empty());
}

#[tokio::test]
async fn who_watches_sees_events_and_commands_in_order() {
    #[derive(Default)]
    struct Seen(Mutex<Vec<String>>);
    impl Watch for Seen {
        fn event(&self, _: &RunHeader, event: &Event) {
            self.0.lock().unwrap().push(format!("{event:?}").split([' ', '{']).next().unwrap().to_owned());
        }
        fn command(&self, _: &RunHeader, command: &Command) {
            self.0.lock().unwrap().push(format!("{command:?}").split([' ', '{']).next().unwrap().to_owned());
        }
        fn delta(&self, _: &RunHeader, op: OpId, delta: &crate::port::Delta) {
            self.0.lock().unwrap().push(format!("{op:?} {delta:?}"));
        }
    }
    let flows = vec![flow("f", vec![node("a", work(Callee::Tell, vec![slot(0)]), vec![give(text("told"))])])];
    let (runner, _, _) = runner(flows, |cx, _, _| {
        cx.deltas.send(crate::port::Delta::Line("hi".into()));
        Reply::Now(said("x"))
    });
    let seen = Arc::new(Seen::default());
    let watch: Arc<dyn Watch> = Arc::clone(&seen) as _;
    runner.run(header(), Some(watch), &CancellationToken::new()).await;
    let seen = seen.0.lock().unwrap();
    let words: Vec<&str> = seen.iter().map(|word| word.split('(').next().unwrap()).collect();
    assert_eq!(words, ["Record", "Record", "Invoke", "OpId", "Resolved", "Record", "Record", "Finish"]);
}
