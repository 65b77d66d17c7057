//! The answers of a test: its `given`s, with its cassettes; and `--record`, which writes them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use flow_eval::Value;
use flow_ir::testing::Test;
use flow_providers::{HostSecrets, SecretString, Secrets as _, default_key};
use flow_runtime::clock::{Clock, SystemClock, VirtualClock};
use flow_runtime::effects::{Outside, Recorder, Replay, Script, Scripted, Surroundings};
use flow_store::LocalStore;
use smol_str::SmolStr;

use super::case::{Case, Verdict, runtime};
use crate::commands::run::world;
use crate::exit::Stop;
use crate::load;
use crate::trial::{self, BEGIN_MS};

/// The answers of one test.
pub(super) struct Answers {
    /// What is asked in place of the world.
    pub(super) scripted: Scripted,
    /// Whose time counts: recording waits for real systems.
    pub(super) clock: Arc<dyn Clock>,
    /// Recordings that answer, to be asked what they lacked.
    pub(super) replays: Vec<Arc<Replay>>,
}

/// Answers from what the test says and from its recordings.
pub(super) fn scripted(case: &Case, test: &Test, slots: Vec<Option<Value>>) -> Result<Answers, String> {
    let (replays, cassettes) = trial::cassettes(case.root(), &test.givens)?;
    let clock = Arc::new(VirtualClock::starting_at(BEGIN_MS));
    Ok(Answers { scripted: effects(case, test, slots, cassettes), clock, replays })
}

fn effects(
    case: &Case,
    test: &Test,
    slots: Vec<Option<Value>>,
    cassettes: HashMap<SmolStr, Arc<dyn Outside>>,
) -> Scripted {
    let with = Surroundings {
        bundle: Arc::clone(case.bundle()),
        outside: Arc::new(flow_runtime::effects::Closed),
        people: Arc::new(flow_runtime::effects::Nobody),
        store: LocalStore::in_memory(),
    };
    Scripted::new(with, Script { givens: test.givens.clone(), slots, cassettes })
}

/// Runs the tests that have cassettes against real systems, and writes the cassettes. A cassette that several
/// tests share is recorded by all of them, so that none loses its answers.
pub(super) fn all(case: &Case, tests: &[&Test], every: &[Test]) -> Result<Vec<Verdict>, Stop> {
    let wanted: BTreeSet<SmolStr> =
        tests.iter().flat_map(|test| trial::cassette_names(&test.givens)).collect();
    let tests: Vec<&Test> =
        every.iter().filter(|test| !trial::cassette_names(&test.givens).is_disjoint(&wanted)).collect();
    if tests.is_empty() {
        return Err(Stop::usage("no test names a cassette, so there is nothing to record")
            .help("write `given triage = cassette(\"cassettes/triage.json\")` in a test"));
    }
    let live: Arc<dyn Outside> = Arc::new(world::real(case.egress(), case.mcp(), case.root().to_owned())?);
    let mut recorders: BTreeMap<SmolStr, (PathBuf, Arc<Recorder>)> = BTreeMap::new();
    for name in wanted {
        let path = case.root().join(name.as_str());
        let earlier =
            if path.is_file() { Some(Replay::new(name.as_str(), world::cassette(&path)?)) } else { None };
        let recorder = Recorder::new(Arc::clone(&live), earlier, secrets(case));
        recorders.insert(name, (path, Arc::new(recorder)));
    }
    let runtime = runtime()?;
    let verdicts = tests.iter().map(|test| {
        case.one(&runtime, test, |slots| {
            let of = |name: SmolStr| {
                let recorder =
                    recorders.get(&name).map(|(_, recorder)| Arc::clone(recorder) as Arc<dyn Outside>);
                recorder.map(|recorder| (name, recorder))
            };
            let cassettes = trial::cassette_names(&test.givens).into_iter().filter_map(of).collect();
            let scripted = effects(case, test, slots, cassettes);
            Ok(Answers { scripted, clock: Arc::new(SystemClock), replays: Vec::new() })
        })
    });
    let verdicts: Vec<Verdict> = verdicts.collect();
    for (path, recorder) in recorders.values() {
        write(path, &recorder.cassette().to_text())?;
    }
    Ok(verdicts)
}

fn write(path: &std::path::Path, text: &str) -> Result<(), Stop> {
    let failed =
        |error: std::io::Error| Stop::usage(format!("cannot write `{}`: {error}", load::shown(path)));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}

/// Every key and token that this package may send, to be taken out of what is written.
fn secrets(case: &Case) -> Vec<SecretString> {
    let bundle = case.bundle();
    let models = bundle.models.iter().filter_map(|model| model.auth.as_ref());
    let tools = bundle.tools.iter().filter_map(|tool| tool.auth.as_ref());
    let usual = bundle.models.iter().filter_map(|model| default_key(model.provider));
    let servers = case.mcp().iter().filter_map(|server| server.auth.as_deref());
    let aws = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"];
    let names = models
        .chain(tools)
        .map(SmolStr::as_str)
        .chain(usual)
        .chain(servers)
        .chain(aws)
        .chain(["OPENAI_API_KEY"]);
    let secrets = HostSecrets::default();
    names.filter_map(|name| secrets.secret(name)).collect()
}
