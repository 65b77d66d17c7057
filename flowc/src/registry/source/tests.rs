use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flow_eval::Value;
use flow_ir::setup::Tool;
use flow_ir::{Bundle, FlowId};
use flow_model::{ChatReply, ChatRequest, DeltaSink, ModelError, Patience};
use flow_providers::tool::{ToolError, ToolReply};
use flow_registry::{Error, Kind, Registry, Who};
use flow_runtime::clock::SystemClock;
use flow_runtime::effects::{Asked, Attempt, Closed, Nobody, Outside, Performer, Surroundings};
use flow_runtime::home::local::Runner;
use flow_runtime::port::Watch;
use flow_runtime::program::Program;
use flow_runtime::protocol::{Event, Outcome, RunHeader, RunResult};
use flow_store::LocalStore;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::{given, of};
use crate::compile;
use crate::load::Package;

const PACKAGE: &str = r#"
prompt say(word: text in ..20): text in 1..9 = registry("desk/say@prod") {
  output: 9 tokens
}

model quick = openai("gpt-5-mini") {
  context: 2k tokens
  output: 20 tokens
}

pub flow twice(word: text in ..20): text {
  -> first

  node first = say(word) using quick
    -> second

  node second = say(first) using quick
    -> return second
}
"#;

/// Answers with the first word of what it is asked: which text was sent can be read off the answer.
struct Echo;

impl Outside for Echo {
    fn chat<'a>(
        &'a self,
        _: Asked<'a>,
        request: &'a ChatRequest,
        _: Patience,
        _: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        let asked = request.messages.first().map(flow_model::Message::plain_text).unwrap_or_default();
        let text = asked.split(' ').next().unwrap_or_default().to_owned();
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(ChatReply { text, model: "echo".to_owned(), ..ChatReply::default() })
        })
    }

    fn tool<'a>(
        &'a self,
        tool: &'a Tool,
        args: &'a serde_json::Value,
        attempt: Attempt,
    ) -> BoxFuture<'a, Result<ToolReply, ToolError>> {
        Closed.tool(tool, args, attempt)
    }
}

/// The version that each call recorded, with the answer that it got.
#[derive(Default)]
struct Lineage(Mutex<Vec<(String, Value)>>);

impl Watch for Lineage {
    fn event(&self, _: &RunHeader, event: &Event) {
        if let Event::Resolved { outcome: Outcome::Ok { value, facts }, .. } = event
            && let Some(versions) = &facts.versions
        {
            self.0.lock().unwrap().push((versions.to_string(), value.clone()));
        }
    }
}

fn compiled(root: &Path, file: &str, text: &str) -> Bundle {
    let path = root.join(file);
    std::fs::write(&path, text).unwrap();
    let checked = compile::check(&Package::file(&path).unwrap());
    checked.built.unwrap_or_else(|| panic!("{:?}", checked.diagnostics)).bundle
}

fn version(root: &Path, word: &str) -> Vec<u8> {
    let text =
        format!("prompt say(word: text in ..20): text in 1..9 {{\n  user: \"{word} {{{{word}}}}\"\n}}\n");
    Bundle { package: "".into(), ..compiled(root, "version.flow", &text) }.canonical_bytes()
}

fn who(reason: &str) -> Who {
    Who { actor: "ann".into(), reason: reason.into(), now_ms: 1 }
}

/// v1 says `one`, v2 says `two`; `@prod` names v1.
fn filled(root: &Path, file: &Path) -> Registry {
    let mut registry = Registry::open(file).unwrap();
    let (name, pointer) = ("desk/say".parse().unwrap(), "prod".parse().unwrap());
    for word in ["one", "two"] {
        let body = version(root, word);
        let publish = |change: &flow_registry::Change<'_>| change.publish(Kind::Prompt, &name, &body);
        registry.change::<_, Error>(&who("setup"), publish).unwrap();
    }
    let first =
        |change: &flow_registry::Change<'_>| change.move_pointer(Kind::Prompt, &name, &pointer, 1, None);
    registry.change::<_, Error>(&who("setup"), first).unwrap();
    registry
}

/// To v2 and back, fifty times.
fn move_about(mut registry: Registry) {
    let (name, pointer) = ("desk/say".parse().unwrap(), "prod".parse().unwrap());
    for _ in 0..50 {
        let go =
            |change: &flow_registry::Change<'_>| change.move_pointer(Kind::Prompt, &name, &pointer, 2, None);
        registry.change::<_, Error>(&who("try"), go).unwrap();
        std::thread::sleep(Duration::from_millis(30));
        let back = |change: &flow_registry::Change<'_>| change.rollback(Kind::Prompt, &name, &pointer, None);
        registry.change::<_, Error>(&who("worse"), back).unwrap();
        std::thread::sleep(Duration::from_millis(30));
    }
}

fn runner(bundle: &Bundle, root: &Path, file: &Path) -> Runner {
    let versions = of(bundle, root, Some(file)).unwrap_or_else(|stop| panic!("{}", stop.message));
    let with = Surroundings {
        bundle: Arc::new(bundle.clone()),
        outside: Arc::new(Echo),
        people: Arc::new(Nobody),
        store: LocalStore::in_memory(),
    };
    let effects = Arc::new(given(Performer::new(with), versions));
    Runner { program: Program::new(bundle.clone()), effects, clock: Arc::new(SystemClock) }
}

fn header(at: usize) -> Arc<RunHeader> {
    Arc::new(RunHeader {
        run: format!("r{at}").into(),
        tenant: "default".into(),
        user: "".into(),
        flow: FlowId(0),
        args: vec![Value::text("hello")],
        started_ms: 1,
        seed: at as u64,
        paused: Vec::new(),
    })
}

#[test]
fn runs_name_one_version_a_node_while_the_pointer_moves() {
    let directory = tempfile::tempdir().unwrap();
    let (root, file) = (directory.path(), directory.path().join("registry.db"));
    let registry = filled(root, &file);
    let bundle = compiled(root, "main.flow", PACKAGE);
    let runner = runner(&bundle, root, &file);
    let is_over = Arc::new(AtomicBool::new(false));
    let mover = std::thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || {
            move_about(registry);
            is_over.store(true, Ordering::SeqCst);
        }
    });
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let walkers: Vec<_> = (0..16).map(|_| tokio.spawn(walk(runner.clone(), Arc::clone(&is_over)))).collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for walker in walkers {
        for versions in tokio.block_on(walker).unwrap() {
            *seen.entry(versions).or_default() += 1;
        }
    }
    mover.join().unwrap();
    let both: Vec<&str> = seen.keys().map(String::as_str).collect();
    assert_eq!(both, ["desk/say@prod = v1", "desk/say@prod = v2"], "{seen:?}");
    eprintln!("calls by version while it moved 100 times: {seen:?}");
    let history = Registry::existing(&file).unwrap();
    let moves = history.history(Kind::Prompt, &"desk/say".parse().unwrap(), &"prod".parse().unwrap());
    assert_eq!(moves.unwrap().len(), 101);
}

/// Run after run; the versions that their calls named.
async fn walk(runner: Runner, is_over: Arc<AtomicBool>) -> Vec<String> {
    let mut all = Vec::new();
    while !is_over.load(Ordering::SeqCst) {
        let lineage = Arc::new(Lineage::default());
        let watch = Arc::clone(&lineage) as Arc<dyn Watch>;
        let ended = runner.run(header(all.len()), Some(watch), &CancellationToken::new()).await;
        assert!(matches!(ended.result, RunResult::Returned(_)), "{:?}", ended.result);
        let calls = std::mem::take(&mut *lineage.0.lock().unwrap());
        assert_eq!(calls.len(), 2, "one version a node");
        for (versions, answer) in calls {
            let word = if versions == "desk/say@prod = v1" { "one" } else { "two" };
            assert_eq!(answer, Value::text(word), "{versions}");
            all.push(versions);
        }
    }
    all
}
