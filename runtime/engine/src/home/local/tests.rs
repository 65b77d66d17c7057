use std::sync::Mutex;

use flow_ir::setup::{Call, Callee};
use flow_ir::units::ErrorClass::{Expired, Timeout};
use flow_policy::budget::Amount;
use futures_util::FutureExt as _;

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
        paused: Vec::new(),
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

/// How every arm and shadow ended, in order.
#[derive(Default)]
struct Ends(Mutex<Vec<ArmEnd>>);

impl Watch for Ends {
    fn command(&self, _: &RunHeader, command: &Command) {
        if let Command::Compare(end) = command {
            self.0.lock().unwrap().push((**end).clone());
        }
    }
}

/// Walks a run whose arm asks a model, with these shadows beside it.
async fn beside_of(
    shadows: Vec<Call>,
    more: Vec<flow_ir::flow::Flow>,
    answer: Answer,
) -> (Ended, Vec<ArmEnd>) {
    let (mut runner, ..) = runner(two_nodes(), answer);
    runner.program = Program::new(beside(shadows, more));
    let ends = Arc::new(Ends::default());
    let watch = Arc::clone(&ends) as Arc<dyn Watch>;
    let ended = runner.run(header(), Some(watch), &CancellationToken::new()).await;
    let ends = std::mem::take(&mut *ends.0.lock().unwrap());
    (ended, ends)
}

#[tokio::test]
async fn every_kind_of_call_can_be_a_shadow_and_costs_the_run_nothing() {
    let nodes = vec![
        node("c", work(READ, vec![slot(0)]), vec![to(1)]),
        node("d", work(READ, vec![slot(1)]), vec![give(slot(2))]),
    ];
    let shadows = vec![
        call(READ, vec![slot(0)]),
        call(sub(1), vec![slot(0)]),
        call(Callee::Value, vec![text("model")]),
    ];
    let (ended, ends) = beside_of(shadows, vec![flow("g", nodes)], |cx, call, log| match call.callee {
        ASK => Reply::Now(paid("model", 5)),
        _ => {
            assert!(call.shadow);
            assert_eq!(cx.header.tenant, "t");
            drop(log);
            Reply::Now(paid("other", 7))
        }
    })
    .await;
    assert_eq!(ended.result, Returned(flow_eval::Value::text("model")));
    assert_eq!(ended.usage.cost, flow_ir::units::Usd(5));
    let told: Vec<_> = ends
        .iter()
        .map(|end| (end.shadow, end.call.arm.index, end.facts.cost.0, end.differs.clone()))
        .collect();
    let differs = || Some(vec!["value".into()]);
    assert_eq!(told[0], (false, 0, 5, None));
    let mut shadows = told[1..].to_vec();
    shadows.sort_by_key(|shadow| shadow.1);
    assert_eq!(shadows, [(true, 0, 7, differs()), (true, 1, 14, differs()), (true, 2, 0, Some(Vec::new()))]);
}

#[tokio::test]
async fn a_shadow_changes_nothing_whatever_its_bundle_says() {
    let asks = vec![node("c", work(REVIEW, vec![slot(0)]), vec![give(slot(1))])];
    let shadows = vec![call(WRITE, vec![slot(0)]), call(sub(1), vec![slot(0)])];
    let (ended, ends) = beside_of(shadows, vec![flow("g", asks)], |_, call, _| {
        assert_eq!(call.callee, ASK);
        Reply::Now(said("x"))
    })
    .await;
    assert_eq!(ended.result, Returned(flow_eval::Value::text("x")));
    let errors: Vec<_> = ends.iter().filter(|end| end.shadow).map(|end| end.error).collect();
    assert_eq!(errors, [Some(flow_ir::units::ErrorClass::Denied); 2]);
}

#[tokio::test]
async fn a_run_does_not_wait_for_its_shadows() {
    let (mut runner, log, clock) = runner(two_nodes(), |cx, call, log| match call.callee {
        ASK => after(cx, 10, log, "arm"),
        _ => after(cx, 500, log, "shadow"),
    });
    runner.program = Program::new(beside(vec![call(READ, vec![slot(0)])], Vec::new()));
    let mut driver = Driver::new(runner);
    driver.start(header(), None);
    let ended = driver.next().await.unwrap();
    assert_eq!((ended.result, clock.now_ms()), (Returned(flow_eval::Value::text("arm")), START_MS + 10));
    assert!(driver.next().await.is_none());
    assert_eq!(*log.lock().unwrap(), ["arm done", "shadow done"]);
}

#[tokio::test]
async fn the_shadows_of_a_run_that_is_cancelled_end_with_it() {
    let (mut runner, ..) = runner(two_nodes(), |_, call, _| match call.callee {
        ASK if call.node.0 == 0 => Reply::Now(said("arm")),
        _ => Reply::Later(Box::pin(std::future::pending())),
    });
    let mut slow = beside(vec![call(READ, vec![slot(0)])], Vec::new());
    slow.flows[0].nodes[0].edges = vec![to(1)];
    slow.flows[0].nodes.push(node("b", work(ASK, vec![slot(0)]), vec![give(slot(0))]));
    runner.program = Program::new(slow);
    let mut driver = Driver::new(runner);
    let key = driver.start(header(), None);
    assert_eq!(driver.len(), 2);
    driver.cancel(key);
    assert_eq!(driver.next().await.unwrap().result, Cancelled);
    assert!(driver.next().now_or_never().is_some_and(|last| last.is_none()));
}
