use std::path::Path;
use std::sync::Mutex;

use flow_eval::Value;
use flow_ir::Bundle;
use flow_ir::flow::Work;
use flow_ir::setup::Callee;
use flow_ir::units::ErrorClass::{Expired, Failed};
use flow_store::runs::{Owner, Reader, RunFilter, RunRow, Status};
use serde_json::json;
use tempfile::TempDir;

use super::order::Answer;
use super::*;
use crate::clock::{Clock, SystemClock};
use crate::effects::Question;
use crate::fixtures::*;
use crate::port::{InvokeContext, Reply};
use crate::protocol::{Invocation, Outcome};

type Log = Arc<Mutex<Vec<String>>>;

/// Answers after some time, or never; writes down what it was asked. People answer through the home.
#[derive(Clone)]
struct World {
    log: Log,
    /// ms until prompts and tools answer; `None` is never.
    after_ms: Option<u64>,
}

impl World {
    fn new(after_ms: Option<u64>) -> Self {
        Self { log: Log::default(), after_ms }
    }

    fn asked(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

impl Effects for World {
    fn invoke(&self, cx: &InvokeContext, invocation: Box<Invocation>) -> Reply {
        let name = match invocation.callee {
            ASK => "ask",
            READ => "read",
            WRITE => "write",
            _ => "other",
        };
        let line = invocation.args.first().and_then(Value::as_text).unwrap_or_default();
        self.log.lock().unwrap().push(format!("{name} {line}"));
        let answer = paid(&format!("{line}+"), 5);
        match self.after_ms {
            Some(0) => Reply::Now(answer),
            Some(ms) => {
                let nap = cx.clock.sleep(ms);
                Reply::Later(Box::pin(async move {
                    nap.await;
                    answer
                }))
            }
            None => Reply::Later(Box::pin(std::future::pending())),
        }
    }

    fn question(&self, cx: &InvokeContext, invocation: &Invocation) -> Option<Result<Question, Outcome>> {
        let Callee::Human(human) = invocation.callee else { return None };
        let (run, op, args) = (cx.header.run.clone(), invocation.op, invocation.args.clone());
        Some(Ok(Question { run, op, human, who: None, title: None, args, before: Vec::new() }))
    }
}

/// The system's, so many ms ahead.
struct Ahead(i64);

impl Clock for Ahead {
    fn now_ms(&self) -> i64 {
        SystemClock.now_ms() + self.0
    }

    fn sleep(&self, ms: u64) -> futures_util::future::BoxFuture<'static, ()> {
        SystemClock.sleep(ms)
    }
}

struct OneHost(Host);

impl Hosts for OneHost {
    fn host(&self, _: &BundleRow) -> Result<Host, String> {
        Ok(self.0.clone())
    }
}

/// A home in a file, and the task behind it.
struct Process {
    home: Home,
    keeper: tokio::task::JoinHandle<Result<(), Error>>,
    digest: [u8; 32],
}

impl Process {
    async fn start(at: &Path, bundle: Bundle, world: &World, running: usize) -> Self {
        Self::start_later(at, bundle, world, running, 0).await
    }

    async fn start_later(at: &Path, bundle: Bundle, world: &World, running: usize, ahead_ms: i64) -> Self {
        let program = Program::new(bundle);
        let digest = program.digest().0;
        let host = Host { program: Arc::clone(&program), effects: Arc::new(world.clone()) };
        let hosts = Arc::new(OneHost(host.clone()));
        let owner = Owner::open(&at.join("runs.db")).unwrap();
        let options = KeeperOptions {
            hosts,
            clock: Arc::new(Ahead(ahead_ms)),
            running,
            queued: 4,
            shadows: 8,
            only_new: false,
            hard_ends: HARD_ENDS,
            watch: None,
            decided: None,
        };
        let (home, keeper) = Keeper::open(owner, options).unwrap();
        let keeper = tokio::spawn(keeper.run());
        let file = program.bundle().to_file();
        let row = BundleRow { digest, file, root: ".".to_owned(), egress: Vec::new(), added_ms: 0 };
        home.introduce(row, host).await.unwrap();
        Self { home, keeper, digest }
    }

    fn submission(&self, line: &str) -> Submission {
        Submission {
            run: None,
            tenant: "t".into(),
            user: "".into(),
            bundle: self.digest,
            flow: FlowId(0),
            args: vec![Value::text(line)],
            lane: None,
            once: None,
            watch: None,
        }
    }

    async fn submit(&self, line: &str) -> SmolStr {
        self.home.submit(self.submission(line)).await.unwrap().run
    }

    async fn answer(&self, question: &str, by: &str, value: &str) -> Result<(), AnswerError> {
        let (question, by) = (question.to_owned(), by.into());
        self.home.answer(Answer { question, by, roles: None, value: json!(value) }).await
    }

    /// As a crash does: nothing is awaited, nothing is told.
    async fn crash(self) {
        self.keeper.abort();
        assert!(self.keeper.await.is_err());
    }
}

fn place() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn row(at: &Path, run: &str) -> RunRow {
    Reader::open(&at.join("runs.db")).unwrap().run(run).unwrap().unwrap()
}

fn returned(progress: Progress) -> String {
    match progress {
        Progress::Ended(ended) => match ended.result {
            RunResult::Returned(value) => value.as_text().unwrap().to_owned(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn asks(progress: Progress) -> String {
    match progress {
        Progress::Asks(questions) => questions[0].clone(),
        other => panic!("{other:?}"),
    }
}

/// Asks a model, then reads, then writes.
fn three() -> Bundle {
    let nodes = vec![
        node("a", work(ASK, vec![slot(0)]), vec![to(1)]),
        node("b", work(READ, vec![slot(1)]), vec![to(2)]),
        node("c", work(WRITE, vec![slot(2)]), vec![give(slot(3)), give(text("doubt")).on(&[Failed])]),
    ];
    bundle(vec![flow("f", nodes)])
}

/// Asks a model, then a person, then a model.
fn review(limits: flow_ir::units::Limits) -> Bundle {
    let asked = flow_ir::setup::Call { limits, ..call(REVIEW, vec![slot(1)]) };
    let nodes = vec![
        node("a", work(ASK, vec![slot(0)]), vec![to(1)]),
        node("b", Work::Call(asked), vec![to(2), give(text("late")).on(&[Expired])]),
        node("c", work(ASK, vec![slot(2)]), vec![give(slot(3))]),
    ];
    bundle(vec![flow("f", nodes)])
}

#[tokio::test]
async fn a_run_ends_and_is_kept() {
    let (at, world) = (place(), World::new(Some(0)));
    let process = Process::start(at.path(), three(), &world, 8).await;
    let run = process.submit("x").await;
    assert_eq!(returned(process.home.follow(&run).await), "x+++");
    let row = row(at.path(), &run);
    assert_eq!((row.status, row.cost, row.flow.as_str()), (Status::Returned, 15, "f"));
    assert_eq!(returned(process.home.follow(&run).await), "x+++", "told again from the file");
    assert_eq!(world.asked(), ["ask x", "read x+", "write x++"]);
}

#[tokio::test]
async fn a_run_that_waits_for_a_person_is_not_in_memory_and_survives() {
    let (at, world) = (place(), World::new(Some(0)));
    let limit = time(3_600_000);
    let first = Process::start(at.path(), review(limit.clone()), &world, 8).await;
    let run = first.submit("x").await;
    let question = asks(first.home.follow(&run).await);
    first.crash().await;
    let second = Process::start(at.path(), review(limit), &world, 8).await;
    assert_eq!(row(at.path(), &run).status, Status::Waiting);
    assert!(matches!(second.answer("nobody.1", "ann", "yes").await, Err(AnswerError::Unknown)));
    second.answer(&question, "ann", "yes").await.unwrap();
    assert_eq!(returned(second.home.follow(&run).await), "yes+");
    assert!(matches!(second.answer(&question, "bob", "no").await, Err(AnswerError::Closed)));
    assert_eq!(world.asked(), ["ask x", "ask yes"], "no finished step is repeated");
}

#[tokio::test]
async fn a_question_expires_even_if_the_process_was_away() {
    let (at, world, limit) = (place(), World::new(Some(0)), 3_600_000);
    let first = Process::start(at.path(), review(time(limit)), &world, 8).await;
    let run = first.submit("x").await;
    asks(first.home.follow(&run).await);
    first.crash().await;
    let kept = row(at.path(), &run);
    assert!(kept.wake_ms.unwrap() >= kept.started_ms + 3_600_000, "never early");
    let second = Process::start_later(at.path(), review(time(limit)), &world, 8, 7_200_000).await;
    let ended = loop {
        match second.home.follow(&run).await {
            // What was due meanwhile fires at once, but after this was asked.
            Progress::Asks(_) => tokio::task::yield_now().await,
            other => break other,
        }
    };
    assert_eq!(returned(ended), "late");
}

#[tokio::test]
async fn what_was_in_flight_runs_again_after_a_crash() {
    let at = place();
    let silent = World::new(None);
    let limited = || {
        let mut bundle = three();
        bundle.flows[0].limits = money(1_000);
        bundle.tools.iter_mut().for_each(|tool| tool.once = true);
        bundle
    };
    let first = Process::start(at.path(), limited(), &silent, 8).await;
    let run = first.submit("x").await;
    while silent.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    first.crash().await;
    let world = World::new(Some(0));
    let second = Process::start(at.path(), limited(), &world, 8).await;
    assert_eq!(returned(second.home.follow(&run).await), "x+++");
    assert_eq!(world.asked(), ["ask x", "read x+", "write x++"]);
}

#[tokio::test]
async fn a_write_without_a_key_is_never_repeated() {
    let at = place();
    let nodes =
        vec![node("c", work(WRITE, vec![slot(0)]), vec![give(slot(1)), give(text("doubt")).on(&[Failed])])];
    let program = || bundle(vec![flow("f", nodes.clone())]);
    let silent = World::new(None);
    let first = Process::start(at.path(), program(), &silent, 8).await;
    let run = first.submit("x").await;
    while silent.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    first.crash().await;
    let world = World::new(Some(0));
    let second = Process::start(at.path(), program(), &world, 8).await;
    assert_eq!(returned(second.home.follow(&run).await), "doubt");
    assert!(world.asked().is_empty(), "{:?}", world.asked());
    let cost = row(at.path(), &run).cost;
    assert_eq!(cost, 1, "the lost call is charged what the tool costs");
}

#[tokio::test]
async fn runs_of_a_lane_go_one_after_another_and_repeats_get_the_first() {
    let (at, world) = (place(), World::new(Some(0)));
    let process = Process::start(at.path(), review(time(3_600_000)), &world, 8).await;
    let in_lane = |line: &str, once: &str| Submission {
        lane: Some("ann".to_owned()),
        once: Some(once.to_owned()),
        ..process.submission(line)
    };
    let first = process.home.submit(in_lane("1", "a")).await.unwrap();
    let second = process.home.submit(in_lane("2", "b")).await.unwrap();
    let again = process.home.submit(in_lane("3", "a")).await.unwrap();
    assert_eq!(again, Accepted { run: first.run.clone(), existing: true });
    let question = asks(process.home.follow(&first.run).await);
    assert_eq!(row(at.path(), &second.run).status, Status::Queued);
    process.answer(&question, "", "yes").await.unwrap();
    process.home.follow(&first.run).await;
    asks(process.home.follow(&second.run).await);
    assert_eq!(world.asked(), ["ask 1", "ask yes", "ask 2"]);
}

#[tokio::test]
async fn too_many_are_refused_and_queued_ones_survive() {
    let (at, silent) = (place(), World::new(None));
    let process = Process::start(at.path(), three(), &silent, 1).await;
    let mut runs = Vec::new();
    for n in 0..5 {
        runs.push(process.submit(&n.to_string()).await);
    }
    let refused = process.home.submit(process.submission("6")).await;
    assert!(matches!(refused, Err(Refused::Full)), "{refused:?}");
    process.crash().await;
    let world = World::new(Some(0));
    let process = Process::start(at.path(), three(), &world, 2).await;
    for run in &runs {
        assert!(returned(process.home.follow(run).await).ends_with("+++"));
    }
    let rows = Reader::open(&at.path().join("runs.db")).unwrap();
    let rows = rows.runs(&RunFilter { limit: 10, ..RunFilter::default() }).unwrap();
    assert_eq!(rows.iter().filter(|row| row.status == Status::Returned).count(), 5);
}

#[tokio::test]
async fn a_cancelled_run_ends_wherever_it_is() {
    let (at, silent) = (place(), World::new(None));
    let process = Process::start(at.path(), three(), &silent, 1).await;
    let (running, queued) = (process.submit("1").await, process.submit("2").await);
    assert!(process.home.cancel(&queued).await.unwrap());
    assert!(process.home.cancel(&running).await.unwrap());
    for run in [&running, &queued] {
        let Progress::Ended(ended) = process.home.follow(run).await else { panic!("{run}") };
        assert_eq!(ended.result, RunResult::Cancelled);
        assert!(!process.home.cancel(run).await.unwrap(), "once is enough");
    }
}

#[tokio::test]
async fn a_drained_home_starts_nothing_and_the_next_one_goes_on() {
    let (at, slow) = (place(), World::new(Some(20)));
    let process = Process::start(at.path(), three(), &slow, 4).await;
    let run = process.submit("x").await;
    while slow.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    process.home.drain().await;
    assert_eq!(slow.asked(), ["ask x"]);
    assert!(matches!(process.home.submit(process.submission("y")).await, Err(Refused::Draining)));
    process.home.stop();
    process.keeper.await.unwrap().unwrap();
    let world = World::new(Some(0));
    let process = Process::start(at.path(), three(), &world, 4).await;
    assert_eq!(returned(process.home.follow(&run).await), "x+++");
    assert_eq!(world.asked(), ["read x+", "write x++"]);
    assert_eq!(row(at.path(), &run).cost, 15, "what was never started is not charged as lost");
}

#[tokio::test]
async fn two_processes_cannot_drive_one_file() {
    let (at, world) = (place(), World::new(Some(0)));
    let _first = Process::start(at.path(), three(), &world, 4).await;
    let second = Owner::open(&at.path().join("runs.db"));
    assert!(second.is_err_and(|error| error.to_string().contains("another process")));
}

#[tokio::test]
async fn a_damaged_run_is_set_aside_and_the_others_go_on() {
    let (at, silent) = (place(), World::new(None));
    let process = Process::start(at.path(), three(), &silent, 4).await;
    let damaged = process.submit("x").await;
    let whole = process.submit("y").await;
    process.crash().await;
    let db = rusqlite::Connection::open(at.path().join("runs.db")).unwrap();
    let flip = "UPDATE run SET header = CAST(substr(header, 1, 20) || x'00' || substr(header, 22) AS BLOB) WHERE id = ?1";
    assert_eq!(db.execute(flip, [damaged.as_str()]).unwrap(), 1);
    drop(db);
    let world = World::new(Some(0));
    let process = Process::start(at.path(), three(), &world, 4).await;
    assert_eq!(returned(process.home.follow(&whole).await), "y+++");
    let db = rusqlite::Connection::open(at.path().join("runs.db")).unwrap();
    let told: (i64, String) = db
        .query_row("SELECT status, reason FROM run WHERE id = ?1", [damaged.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(told.0, 3);
    assert!(told.1.contains("is not what was written"), "{}", told.1);
}

#[tokio::test]
async fn a_run_that_ends_the_process_is_set_aside_and_the_others_go_on() {
    let (at, silent) = (place(), World::new(None));
    let first = Process::start(at.path(), three(), &silent, 8).await;
    let (bad, good) = (first.submit("bad").await, first.submit("good").await);
    first.crash().await;
    for _ in 0..2 {
        Process::start(at.path(), three(), &silent, 8).await.crash().await;
    }
    assert_eq!(row(at.path(), &bad).status, Status::Active, "three times is not four");
    let well = World::new(Some(0));
    let last = Process::start(at.path(), three(), &well, 8).await;
    assert_eq!(returned(last.home.follow(&good).await), "good+++");
    let bad = row(at.path(), &bad);
    assert_eq!(bad.status, Status::Parked);
    assert!(bad.reason.unwrap().starts_with("quarantined: the process ended hard 3 times"));
    assert!(last.home.cancel(&bad.id).await.unwrap(), "whoever has looked at it may end it");
}

#[tokio::test]
async fn an_end_in_order_makes_nobody_a_suspect() {
    let (at, silent) = (place(), World::new(None));
    let mut run = None;
    for _ in 0..5 {
        let process = Process::start(at.path(), three(), &silent, 8).await;
        if run.is_none() {
            run = Some(process.submit("slow").await);
        }
        process.home.stop();
        process.keeper.await.unwrap().unwrap();
    }
    let well = Process::start(at.path(), three(), &World::new(Some(0)), 8).await;
    assert_eq!(returned(well.home.follow(&run.unwrap()).await), "slow+++");
}

#[tokio::test]
async fn a_run_that_has_ended_is_begun_again_under_another_name() {
    let (at, world) = (place(), World::new(Some(0)));
    let process = Process::start(at.path(), three(), &world, 8).await;
    let run = process.submit("x").await;
    returned(process.home.follow(&run).await);
    let reader = Reader::open(&at.path().join("runs.db")).unwrap();
    let again = flow_store::runs::MessageKind::Retry { new: "again".to_owned() };
    reader.leave_message(&run, &again, 1).unwrap();
    while reader.run("again").unwrap().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(returned(process.home.follow("again").await), "x+++");
    assert_eq!(world.asked().len(), 6, "everything was done again");
}

#[tokio::test]
async fn what_a_waiting_run_has_used_is_known() {
    let (at, world) = (place(), World::new(Some(0)));
    let process = Process::start(at.path(), review(time(3_600_000)), &world, 8).await;
    let run = process.submit("x").await;
    asks(process.home.follow(&run).await);
    let row = row(at.path(), &run);
    assert_eq!((row.status, row.cost, row.is_summed_up()), (Status::Waiting, 5, true));
}

#[tokio::test]
async fn bundles_that_no_run_needs_leave_the_memory_and_come_back_when_one_does() {
    let (at, world) = (place(), World::new(Some(0)));
    let process = Process::start(at.path(), three(), &world, 8).await;
    let other = Program::new(review(time(1_000)));
    let row = BundleRow {
        digest: other.digest().0,
        file: other.bundle().to_file(),
        root: ".".to_owned(),
        egress: Vec::new(),
        added_ms: 0,
    };
    let host = Host { program: other, effects: Arc::new(world.clone()) };
    process.home.introduce(row, host).await.unwrap();
    let run = process.submit("x").await;
    assert_eq!(returned(process.home.follow(&run).await), "x+++", "of the first bundle");
    let unknown = Submission { bundle: [0; 32], ..process.submission("x") };
    assert!(matches!(process.home.submit(unknown).await, Err(Refused::Bundle(_))));
}

#[tokio::test]
async fn every_word_of_another_process_is_heard_one_after_another() {
    let (at, world) = (place(), World::new(Some(0)));
    let process = Process::start(at.path(), review(time(3_600_000)), &world, 8).await;
    let reader = Reader::open(&at.path().join("runs.db")).unwrap();
    for line in ["x", "y", "z"] {
        let run = process.submit(line).await;
        asks(process.home.follow(&run).await);
        // The file gives the number of a message again when the message is gone.
        reader.leave_message(&run, &flow_store::runs::MessageKind::Cancel, 1).unwrap();
        while !reader.run(&run).unwrap().unwrap().status.has_ended() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}
