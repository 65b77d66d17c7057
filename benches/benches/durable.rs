//! Durable runs of five steps, every step on the disk before the next begins: the home in a file, the same behind
//! HTTP, and a program written by hand with axum and rusqlite that keeps every step too. Then what waiting runs
//! cost, in memory and at the next start.
//!
//! `cargo bench -p flow-benches --bench durable [runs|waiting]`; `FLOW_BENCH_DIR` says which disk is measured,
//! `FLOW_WAITING` how many runs wait (20,000).

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use flow_compiler::PackageInput;
use flow_eval::Value;
use flow_ir::setup::Callee;
use flow_ir::{Bundle, FlowId};
use flow_runtime::Program;
use flow_runtime::clock::SystemClock;
use flow_runtime::effects::Question;
use flow_runtime::home::durable::{
    HARD_ENDS, Home, Host, Hosts, Keeper, KeeperOptions, Progress, Submission,
};
use flow_runtime::port::{Effects, InvokeContext, Reply};
use flow_runtime::protocol::{Facts, Invocation, Outcome};
use flow_server::{Hub, Limits, Options, Server, watcher};
use flow_store::runs::{BundleRow, Owner};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

const IN_FLIGHT: [usize; 3] = [1, 32, 256];
const WINDOW: Duration = Duration::from_secs(4);

const FLOWS: &str = r#"
tool step(line: text in ..100): text in ..100 = http.post("http://x.internal/step") {
  effect: Read
}

human ask(line: text in ..100): text in ..100 {
  role: anybody
}

pub flow five(x: text in ..100): text in ..100 {
  -> a

  node a = step(x)
    -> b

  node b = step(a)
    -> c

  node c = step(b)
    -> d

  node d = step(c)
    -> e

  node e = step(d)
    -> return e
}

pub flow wait(x: text in ..100): text in ..100 {
  -> asked

  node asked = ask(x) within 30d
    -> return asked
    -> return x on Expired
}

on http.post("/five", key: none) -> five(event.x)
"#;

/// Answers at once, as a stub does: what is measured is keeping.
struct Stub;

impl Effects for Stub {
    fn invoke(&self, _: &InvokeContext, _: Box<Invocation>) -> Reply {
        let facts = Facts { attempts: 1, ..Facts::default() };
        Reply::Now(Outcome::Ok { value: Value::text("an answer"), facts: Box::new(facts) })
    }

    fn question(&self, cx: &InvokeContext, invocation: &Invocation) -> Option<Result<Question, Outcome>> {
        let Callee::Human(human) = invocation.callee else { return None };
        let (run, op, args) = (cx.header.run.clone(), invocation.op, invocation.args.clone());
        Some(Ok(Question { run, op, human, who: None, title: None, args, before: Vec::new() }))
    }
}

#[derive(Clone)]
struct Only(Host);

impl Hosts for Only {
    fn host(&self, _: &BundleRow) -> Result<Host, String> {
        Ok(self.0.clone())
    }
}

fn bundle() -> Bundle {
    let file = ("main.flow".to_owned(), vec!["main".to_owned()], FLOWS.to_owned());
    let checked = flow_compiler::check(&PackageInput { manifest: None, files: vec![file] });
    let errors: Vec<_> = checked.diagnostics.iter().filter(|found| found.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    checked.output.expect("no error, so a bundle").bundle
}

/// A directory on the disk that is measured.
fn place() -> tempfile::TempDir {
    let base = std::env::var_os("FLOW_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    tempfile::tempdir_in(base).unwrap()
}

fn row(host: &Host) -> BundleRow {
    let (digest, file) = (host.program.digest().0, host.program.bundle().to_file());
    BundleRow { digest, file, root: ".".to_owned(), egress: Vec::new(), added_ms: 0 }
}

async fn home(path: &Path, hub: Option<&Arc<Hub>>) -> (Home, Host) {
    let host = Host { program: Program::new(bundle()), effects: Arc::new(Stub) };
    let options = KeeperOptions {
        hosts: Arc::new(Only(host.clone())),
        clock: Arc::new(SystemClock),
        running: 4_096,
        queued: usize::MAX,
        shadows: 8,
        only_new: false,
        hard_ends: HARD_ENDS,
        watch: hub.map(watcher),
        decided: None,
    };
    let (home, keeper) = Keeper::open(Owner::open(path).unwrap(), options).unwrap();
    tokio::spawn(keeper.run());
    home.introduce(row(&host), host.clone()).await.unwrap();
    (home, host)
}

fn submission(host: &Host, flow: u32) -> Submission {
    Submission {
        run: None,
        tenant: "t".into(),
        user: "".into(),
        bundle: host.program.digest().0,
        flow: FlowId(flow),
        args: vec![Value::text("a line of text")],
        lane: None,
        once: None,
        watch: None,
    }
}

async fn one_in_process(home: Home, host: Host) {
    let run = home.submit(submission(&host, 0)).await.unwrap().run;
    assert!(matches!(home.follow(&run).await, Progress::Ended(_)));
}

/// Runs per second, and how long one took at the median and at the 99th percentile, in ms.
async fn measure<F: Future<Output = ()>>(in_flight: usize, one: impl Fn() -> F) -> (f64, f64, f64) {
    let timed = || async {
        let began = Instant::now();
        one().await;
        began.elapsed()
    };
    let began = Instant::now();
    let mut flights: FuturesUnordered<_> = (0..in_flight).map(|_| timed()).collect();
    let mut took = Vec::new();
    while let Some(one) = flights.next().await {
        took.push(one);
        if began.elapsed() < WINDOW {
            flights.push(timed());
        }
    }
    let rate = took.len() as f64 / began.elapsed().as_secs_f64();
    took.sort();
    let place = |share: f64| ((took.len() - 1) as f64 * share) as usize;
    let at = |share: f64| took.get(place(share)).map_or(f64::NAN, |one| one.as_secs_f64() * 1e3);
    (rate, at(0.5), at(0.99))
}

/// What somebody would write: a table of steps, a transaction a step, a mutex around the connection.
async fn by_hand(State(db): State<Arc<Mutex<Connection>>>, body: String) -> String {
    let mut line = body;
    for step in 0..5 {
        let (db, text) = (Arc::clone(&db), line);
        line = tokio::task::spawn_blocking(move || {
            let db = db.lock().unwrap();
            let mut insert = db.prepare_cached("INSERT INTO step(at, line) VALUES (?1, ?2)").unwrap();
            insert.execute(rusqlite::params![step, text]).unwrap();
            "an answer".to_owned()
        })
        .await
        .unwrap();
    }
    line
}

async fn hand_written(path: &Path) -> String {
    let db = Connection::open(path).unwrap();
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE step(id INTEGER PRIMARY KEY, at INTEGER, line TEXT)")
        .unwrap();
    let app = Router::new().route("/five", post(by_hand)).with_state(Arc::new(Mutex::new(db)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    format!("http://{address}/five")
}

async fn served(path: &Path) -> String {
    let hub = Arc::new(Hub::default());
    let (home, host) = home(path, Some(&hub)).await;
    let options =
        Options { home, host, store: path.to_owned(), hub, limits: Limits::usual(), registry: None };
    let server = Server::bind(options, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let url = format!("http://{}/five", server.address());
    tokio::spawn(server.run(CancellationToken::new()));
    url
}

async fn post_one(client: reqwest::Client, url: String) {
    let reply = client.post(&url).json(&serde_json::json!({ "x": "a line of text" })).send().await.unwrap();
    assert!(reply.status().is_success(), "{}", reply.status());
    reply.bytes().await.unwrap();
}

async fn runs() {
    println!(
        "durable runs of five steps, synchronous=FULL      in flight    runs/s   p50 ms   p99 ms   by hand"
    );
    let client = reqwest::Client::builder().tcp_nodelay(true).no_proxy().build().unwrap();
    for in_flight in IN_FLIGHT {
        let (a, b, c) = (place(), place(), place());
        let hand = hand_written(&a.path().join("hand.db")).await;
        let hand = measure(in_flight, || post_one(client.clone(), hand.clone())).await;
        let url = served(&b.path().join("runs.db")).await;
        let http = measure(in_flight, || post_one(client.clone(), url.clone())).await;
        let (home, host) = home(&c.path().join("runs.db"), None).await;
        let inside = measure(in_flight, || one_in_process(home.clone(), host.clone())).await;
        let rows = [
            ("by hand: axum, rusqlite, HTTP", hand),
            ("flowc serve, HTTP", http),
            ("the home, in process", inside),
        ];
        for (name, (rate, p50, p99)) in rows {
            println!("{name:<50} {in_flight:>8} {rate:>9.0} {p50:>8.2} {p99:>8.2} {:>8.2}x", rate / hand.0);
        }
    }
}

/// Bytes of this process in memory; `None` where the system does not tell.
fn resident() -> Option<i64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split(' ').nth(1)?.parse::<i64>().ok()? * 4_096)
}

async fn waiting() {
    let n: usize = std::env::var("FLOW_WAITING").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let place = place();
    let path = place.path().join("runs.db");
    let (first, host) = home(&path, None).await;
    let before = resident();
    let mut flights = FuturesUnordered::new();
    for _ in 0..n {
        flights.push(first.submit(submission(&host, 1)));
        if flights.len() == 256 {
            flights.next().await.unwrap().unwrap();
        }
    }
    while let Some(accepted) = flights.next().await {
        let run = accepted.unwrap().run;
        assert!(matches!(first.follow(&run).await, Progress::Asks(_)));
    }
    let grown = resident().zip(before).map(|(after, before)| (after - before) as f64 / n as f64);
    let size = std::fs::metadata(&path).unwrap().len() as f64 / n as f64;
    println!(
        "{n} runs that wait for a person: {:.0} bytes of memory each, {size:.0} bytes of file each",
        grown.unwrap_or(f64::NAN)
    );
    first.stop();
    // The file is free when its keeper has let go of it.
    let owner = loop {
        match Owner::open(&path) {
            Ok(owner) => break owner,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    drop(owner);
    let began = Instant::now();
    let (second, _) = home(&path, None).await;
    second.mark("up", 1).await.unwrap();
    println!("the next start with them takes {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
}

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let which: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let wants = |name: &str| which.is_empty() || which.iter().any(|arg| arg == name);
    if wants("runs") {
        runtime.block_on(runs());
    }
    if wants("waiting") {
        runtime.block_on(waiting());
    }
}
