//! The process that dies.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flow_eval::{Value, json};
use flow_ir::setup::Callee;
use flow_ir::units::{ErrorClass, Usd};
use flow_ir::{Bundle, FlowId};
use flow_runtime::clock::SystemClock;
use flow_runtime::effects::{Closed, Performer, Question, Surroundings, ThroughHome};
use flow_runtime::home::durable::{
    Answer, Ended, Home, Host, Hosts, Keeper, KeeperOptions, Progress, Submission,
};
use flow_runtime::port::{Effects, InvokeContext, Reply};
use flow_runtime::protocol::{Facts, Invocation, Outcome, RunResult};
use flow_runtime::{Program, port::Reservation};
use flow_store::LocalStore;
use flow_store::runs::{BundleRow, Owner, Reader};
use serde_json::json;

/// What every prompt costs, in micro-dollars.
pub(super) const COST: i64 = 10;

static MOMENTS: AtomicU64 = AtomicU64::new(0);
static KILL_AT: AtomicU64 = AtomicU64::new(0);

/// A moment where a crash matters; at the chosen one the process is gone.
fn moment() {
    let number = MOMENTS.fetch_add(1, Ordering::SeqCst) + 1;
    if number == KILL_AT.load(Ordering::SeqCst) {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
        loop {
            std::thread::park();
        }
    }
}

/// `crash-child STORE WORLD BUNDLE FLOW KILL_AT`: walks the flow to its end, or dies at that moment (0 is never).
/// Prints how many moments there were, and the result.
pub fn child() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [store, world, bundle, flow, kill_at] = args.as_slice() else { panic!("five arguments: {args:?}") };
    KILL_AT.store(kill_at.parse().unwrap(), Ordering::SeqCst);
    let bundle = Bundle::from_file(&std::fs::read(bundle).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(walk(Path::new(store), PathBuf::from(world), bundle.clone(), flow));
    let RunResult::Returned(value) = &ended.result else { panic!("{:?}", ended.result) };
    let ret = bundle.flow(ended.header.flow).unwrap().ret;
    let result = json::encode(&bundle, ret, value);
    let moments = MOMENTS.load(Ordering::SeqCst);
    println!("{}", json!({ "moments": moments, "result": result, "cost": ended.usage.cost.0 }));
}

async fn walk(store: &Path, world: PathBuf, bundle: Bundle, flow: &str) -> Ended {
    let owner = Owner::open_watched(store, Some(Arc::new(|_| moment()))).unwrap();
    let reader = owner.reader().unwrap();
    let resources = LocalStore::beside_runs(owner.writer().clone(), &reader.resources().unwrap()).unwrap();
    let shared = Arc::new(bundle.clone());
    let performer = Performer::new(Surroundings {
        bundle: Arc::clone(&shared),
        outside: Arc::new(Closed),
        people: Arc::new(ThroughHome),
        store: resources,
    });
    let file = OpenOptions::new().create(true).append(true).open(world).unwrap();
    let effects = Arc::new(World { bundle: shared, performer, file: Arc::new(file) });
    let host = Host { program: Program::new(bundle.clone()), effects };
    let hosts = Arc::new(Only(host.clone()));
    let clock = Arc::new(SystemClock);
    // The campaign kills one run as often as it likes; that it is set aside is tested where quarantine is.
    let (hard_ends, watch) = (u32::MAX, None);
    let options = KeeperOptions {
        hosts,
        clock,
        running: 8,
        queued: 8,
        shadows: 8,
        only_new: false,
        hard_ends,
        watch,
        decided: None,
    };
    let (home, keeper) = Keeper::open(owner, options).unwrap();
    let keeper = tokio::spawn(keeper.run());
    let digest = host.program.digest().0;
    let row = BundleRow { digest, file: bundle.to_file(), root: ".".into(), egress: Vec::new(), added_ms: 0 };
    home.introduce(row, host).await.unwrap();
    let flow = bundle.flows.iter().position(|other| other.name == flow).unwrap();
    let submission = Submission {
        run: None,
        tenant: "t".into(),
        user: "".into(),
        bundle: digest,
        flow: FlowId(flow as u32),
        args: vec![Value::text("x")],
        lane: None,
        once: Some("the only one".to_owned()),
        watch: None,
    };
    let run = home.submit(submission).await.unwrap().run;
    let ended = follow(&home, &reader, &run).await;
    home.stop();
    keeper.await.unwrap().unwrap();
    ended
}

/// Plays the people, too.
async fn follow(home: &Home, reader: &Reader, run: &str) -> Ended {
    loop {
        match home.follow(run).await {
            Progress::Ended(ended) => return *ended,
            Progress::Asks(questions) => {
                for question in questions {
                    answer(home, reader, question).await;
                }
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Says no until the draft is long enough; in the flow of timers nobody says anything.
async fn answer(home: &Home, reader: &Reader, question: String) {
    let row = reader.question(&question).unwrap().unwrap();
    if row.flow == "timers" {
        return;
    }
    let line = row.shown["line"].as_str().unwrap().to_owned();
    let value = match line.matches('+').count() {
        0..3 => json!({ "No": { "why": line } }),
        _ => json!("Yes"),
    };
    // The question may have expired in between.
    drop(home.answer(Answer { question, by: "ann".into(), roles: None, value }).await);
}

struct Only(Host);

impl Hosts for Only {
    fn host(&self, _: &BundleRow) -> Result<Host, String> {
        Ok(self.0.clone())
    }
}

/// Writes down every call of a prompt or tool in a file of its own: the part of the world that a crash does not
/// undo.
struct World {
    bundle: Arc<Bundle>,
    performer: Performer,
    file: Arc<File>,
}

impl World {
    fn name(&self, callee: Callee) -> Option<String> {
        match callee {
            Callee::Prompt(id) => Some(self.bundle.prompts[id.index()].name.to_string()),
            Callee::Tool(id) => Some(self.bundle.tools[id.index()].name.to_string()),
            _ => None,
        }
    }
}

impl Effects for World {
    fn invoke(&self, cx: &InvokeContext, invocation: Box<Invocation>) -> Reply {
        let Some(name) = self.name(invocation.callee) else { return self.performer.invoke(cx, invocation) };
        let is_prompt = matches!(invocation.callee, Callee::Prompt(_));
        let amount = amount_of(if is_prompt { COST } else { 0 });
        let reserved = match cx.purse.reserve(amount, cx.clock.now_ms()) {
            Ok(reserved) => reserved,
            Err(short) => return Reply::Now(short_of_money(&short)),
        };
        let line = invocation.args[0].as_text().unwrap().to_owned();
        let (file, key) = (Arc::clone(&self.file), invocation.idempotency_key.clone());
        Reply::Later(Box::pin(async move {
            tokio::task::yield_now().await;
            moment();
            (&*file).write_all(format!("{name}|{key}|{line}\n").as_bytes()).unwrap();
            moment();
            done(&line, amount, reserved)
        }))
    }

    fn question(&self, cx: &InvokeContext, invocation: &Invocation) -> Option<Result<Question, Outcome>> {
        self.performer.question(cx, invocation)
    }
}

fn amount_of(micros: i64) -> flow_policy::budget::Amount {
    flow_policy::budget::Amount { cost: Usd(micros), tokens: 0 }
}

fn done(line: &str, amount: flow_policy::budget::Amount, reserved: Reservation) -> Outcome {
    reserved.settle(amount);
    let facts = Box::new(Facts { cost: amount.cost, attempts: 1, ..Facts::default() });
    Outcome::Ok { value: Value::text(format!("{line}+")), facts }
}

fn short_of_money(short: &flow_runtime::port::Shortage) -> Outcome {
    let facts = Box::new(Facts { attempts: 1, ..Facts::default() });
    Outcome::Err { class: ErrorClass::Budget, message: short.to_string().into(), facts }
}
