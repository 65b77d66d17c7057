//! Starting, killing, and looking at what is left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};
use std::sync::Arc;

use flow_compiler::PackageInput;
use flow_runtime::Program;
use flow_runtime::home::durable::{Record, header_of, read};
use flow_runtime::protocol::{Command, Event, OpId};
use flow_store::runs::{Reader, RunFilter};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::child::COST;

/// A store, a world, and a flow that is walked in them.
pub struct Scene {
    place: TempDir,
    child: PathBuf,
    bundle: Arc<Program>,
    flow: String,
}

/// What a run left behind.
#[derive(Clone, PartialEq, Debug)]
pub struct Left {
    /// Moments where a crash would have mattered.
    pub moments: u64,
    /// What the flow returned.
    pub result: Json,
    /// Micro-dollars.
    pub cost: i64,
}

/// What the log says at some time.
#[derive(Default, Debug)]
struct Known {
    /// Keys of operations with an outcome.
    finished: BTreeSet<String>,
    /// Whether one that must not be repeated was announced and has no outcome.
    in_doubt: bool,
}

impl Scene {
    /// The package of the crash test, compiled.
    #[must_use]
    pub fn program() -> Arc<Program> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crash");
        let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let file = ("main.flow".to_owned(), vec!["main".to_owned()], text("main.flow"));
        let input =
            PackageInput { manifest: Some(("flow.toml".to_owned(), text("flow.toml"))), files: vec![file] };
        let checked = flow_compiler::check(&input);
        let output = checked.output.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
        Program::new(output.bundle)
    }

    /// An empty store. `child` is the binary `crash-child`.
    #[must_use]
    pub fn new(child: &Path, bundle: &Arc<Program>, flow: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("bundle"), bundle.bundle().to_file()).unwrap();
        Self { place, child: child.to_owned(), bundle: Arc::clone(bundle), flow: flow.to_owned() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn start(&self, kill_at: u64) -> Output {
        let mut process = Process::new(&self.child);
        process.args([self.path("runs.db"), self.path("world"), self.path("bundle")]);
        process.arg(&self.flow).arg(kill_at.to_string()).output().unwrap()
    }

    /// Walks on until the end.
    #[must_use]
    pub fn finish(&self) -> Left {
        let output = self.start(0);
        Self::left(&output).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Walks on until the n-th moment; `None` if it was killed there.
    #[must_use]
    pub fn kill_at(&self, moment: u64) -> Option<Left> {
        use std::os::unix::process::ExitStatusExt as _;
        let before = self.world();
        let known = self.known();
        let output = self.start(moment);
        let left = Self::left(&output);
        let killed = output.status.signal() == Some(9);
        assert!(left.is_some() || killed, "{}", String::from_utf8_lossy(&output.stderr));
        self.check_world(&before, &known);
        left
    }

    fn left(output: &Output) -> Option<Left> {
        let told: Json = serde_json::from_slice(&output.stdout).ok()?;
        let result = told.get("result")?.clone();
        Some(Left { moments: told.get("moments")?.as_u64()?, result, cost: told.get("cost")?.as_i64()? })
    }

    /// Finishes what was killed, and checks every promise.
    pub fn finish_and_check(&self, expected: &Left) {
        let (before, known) = (self.world(), self.known());
        let left = self.finish();
        self.check_world(&before, &known);
        self.check_end(&left, expected, known.in_doubt);
    }

    /// Checks how a run ended that was killed on the way. `doubted`: a write without a key was cut off.
    pub fn check_end(&self, left: &Left, expected: &Left, doubted: bool) {
        if doubted {
            assert_eq!(left.result, "Doubt", "what is in doubt is told");
            return;
        }
        assert_eq!(left.result, expected.result);
        let count =
            |kind: &str| self.resources().iter().filter(|entry| entry["write"].get(kind).is_some()).count();
        let emits = usize::from(self.flow != "timers");
        assert_eq!(count("topic_emit"), emits, "told once");
        assert_eq!(count("memory_add"), usize::from(self.flow == "fan"), "remembered once");
        let prompts = self.world().iter().filter(|(name, ..)| name == "draft").count() as i64;
        assert!(left.cost >= prompts * COST, "{} for {prompts} prompts: money was forgotten", left.cost);
    }

    /// Whether a write without a key is in doubt now.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.known().in_doubt
    }

    /// Calls of prompts and tools: name, key, argument.
    fn world(&self) -> Vec<(String, String, String)> {
        let text = std::fs::read_to_string(self.path("world")).unwrap_or_default();
        let line = |line: &str| {
            let mut parts = line.splitn(3, '|').map(str::to_owned);
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap())
        };
        text.lines().map(line).collect()
    }

    fn resources(&self) -> Vec<Json> {
        let entries = Reader::open(&self.path("runs.db")).unwrap().resources().unwrap();
        entries.iter().map(|entry| serde_json::from_str(entry).unwrap()).collect()
    }

    /// Compares the world with what it was, and with what the log knew then.
    fn check_world(&self, before: &[(String, String, String)], known: &Known) {
        let after = self.world();
        assert_eq!(before, &after[..before.len()], "the past does not change");
        let count = |calls: &[(String, String, String)], key: &str| {
            calls.iter().filter(|(_, other, _)| other == key).count()
        };
        for key in &known.finished {
            assert_eq!(count(before, key), count(&after, key), "a finished step ran again");
        }
        let mut args: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, key, arg) in &after {
            if ["pay", "plain"].contains(&name.as_str()) {
                assert_eq!(count(&after, key), 1, "`{name}` was done twice");
            }
            assert_eq!(args.entry(key).or_insert(arg), arg, "one key, two calls");
        }
    }

    /// What the log says now.
    fn known(&self) -> Known {
        let Ok(reader) = Reader::open(&self.path("runs.db")) else { return Known::default() };
        let runs = reader.runs(&RunFilter { limit: 2, ..RunFilter::default() }).unwrap();
        assert!(runs.len() <= 1, "the run was accepted twice");
        let Some(row) = runs.first() else { return Known::default() };
        let log = reader.log(row.no).unwrap();
        let header = header_of(&row.header).unwrap();
        let told = read(&self.bundle, &header, &log, true).unwrap();
        let (mut resolved, mut intents) = (BTreeSet::new(), BTreeSet::new());
        for record in log.iter().map(|bytes| Record::from_bytes(bytes).unwrap()) {
            match record {
                Record::Event(Event::Resolved { op, .. }) => drop(resolved.insert(op)),
                Record::Intent(op) => drop(intents.insert(op)),
                Record::Event(_) | Record::Lost(_) | Record::Untouched(_) => {}
            }
        }
        let key = |command: &Command| match command {
            Command::Invoke(invocation) if resolved.contains(&invocation.op) => {
                Some(invocation.idempotency_key.to_string())
            }
            _ => None,
        };
        let pending: BTreeSet<OpId> = told.machine.pending().collect();
        Known {
            finished: told.said.iter().filter_map(key).collect(),
            in_doubt: intents.iter().any(|op| pending.contains(op)),
        }
    }
}
