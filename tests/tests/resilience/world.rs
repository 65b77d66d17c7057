//! A package with a primary and a fallback, compiled from its text and run against real servers.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use flow_eval::Value;
use flow_ir::FlowId;
use flow_ir::setup::{Model, Tool};
use flow_ir::units::Usd;
use flow_model::{ChatReply, ChatRequest, DeltaSink, EmbedReply, EmbedRequest, ModelError, Patience};
use flow_providers::http::{Egress, EgressOptions};
use flow_providers::tool::{ToolError, ToolReply};
use flow_providers::{FixedSecrets, Providers, Routing};
use flow_runtime::clock::SystemClock;
use flow_runtime::effects::{Asked, Attempt, Live, Nobody, Outside, Performer, Registry, Surroundings};
use flow_runtime::home::local::{Ended, Runner};
use flow_runtime::port::{DayLimits, Treasury, Watch};
use flow_runtime::protocol::{Command, Facts, Record, RunHeader};
use flow_runtime::{Program, new_run_id};
use flow_store::LocalStore;
use futures_util::future::BoxFuture;
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

/// The package, with `PRIMARY`, `SECOND` and the primary's settings to be filled in.
const PACKAGE: &str = r#"//! Asks a model that may be ill.

model primary = openai_compatible("http://PRIMARY/v1", "m-1") {
  context: 8k tokens
  output: 100 tokens
  price_in: 100 USD / 1M tokens
  price_out: 200 USD / 1M tokens
  SETTINGS
  fallback: [second]
}

model second = openai_compatible("http://SECOND/v1", "m-2") {
  context: 8k tokens
  output: 100 tokens
  price_in: 100 USD / 1M tokens
  price_out: 200 USD / 1M tokens
  timeout: 20s
}

prompt answer(line: text in 1..200): text in ..100 tokens {
  output: 50 tokens
  user: "{{line}}"
}

pub flow chat(line: text in 1..200): text in ..100 tokens {
  -> write

  node write = answer(line) using primary
    -> return write
}
"#;

/// Real servers behind a seam that writes down when the primary is asked.
pub(crate) struct Counting {
    live: Live,
    asked: Mutex<Vec<Instant>>,
}

impl Outside for Counting {
    fn chat<'a>(
        &'a self,
        asked: Asked<'a>,
        request: &'a ChatRequest,
        patience: Patience,
        sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        if asked.model.name == "primary" {
            self.asked.lock().unwrap().push(Instant::now());
        }
        self.live.chat(asked, request, patience, sink)
    }

    fn embed<'a>(
        &'a self,
        model: &'a Model,
        request: &'a EmbedRequest,
        patience: Patience,
    ) -> BoxFuture<'a, Result<EmbedReply, ModelError>> {
        self.live.embed(model, request, patience)
    }

    fn tool<'a>(
        &'a self,
        tool: &'a Tool,
        args: &'a Json,
        attempt: Attempt,
    ) -> BoxFuture<'a, Result<ToolReply, ToolError>> {
        self.live.tool(tool, args, attempt)
    }
}

/// A process: a program, its effects, its gates and its money.
#[derive(Clone)]
pub(crate) struct World {
    program: Arc<Program>,
    performer: Performer,
    outside: Arc<Counting>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) treasury: Arc<Treasury>,
}

/// A run that has ended, and what its one node did.
pub(crate) struct Told {
    pub(crate) ended: Ended,
    pub(crate) facts: Facts,
}

impl World {
    pub(crate) fn new(primary: SocketAddr, second: SocketAddr, settings: &str, day: Option<Usd>) -> Self {
        let text = PACKAGE
            .replace("PRIMARY", &primary.to_string())
            .replace("SECOND", &second.to_string())
            .replace("SETTINGS", settings);
        let checked = flow_tests::checking::workspace(&[("main.flow".to_owned(), text)]).check();
        assert!(checked.diagnostics.iter().all(|found| !found.is_error()), "{:#?}", checked.diagnostics);
        let bundle = Arc::new(checked.output.expect("a bundle").bundle);
        let egress = Egress::new(EgressOptions::default()).unwrap();
        let secrets = ["KEY_A", "KEY_B"].map(|name| (name.to_owned(), name.to_lowercase()));
        let providers = Providers::new(egress, Arc::new(FixedSecrets::new(secrets)), Routing::default());
        let outside = Arc::new(Counting {
            live: Live::new(providers, std::env::temp_dir(), Vec::new()),
            asked: Mutex::default(),
        });
        let (registry, treasury) =
            (Registry::new(), Treasury::new(DayLimits { default: day, ..DayLimits::default() }));
        let with = Surroundings {
            bundle: Arc::clone(&bundle),
            outside: Arc::clone(&outside) as Arc<dyn Outside>,
            people: Arc::new(Nobody),
            store: LocalStore::in_memory(),
        };
        let performer = Performer::sharing(with, Arc::clone(&registry), Arc::clone(&treasury));
        Self { program: Program::new((*bundle).clone()), performer, outside, registry, treasury }
    }

    pub(crate) async fn run(&self) -> Told {
        self.run_for(Reader::Nobody).await
    }

    /// With somebody who reads along, or not.
    pub(crate) async fn run_for(&self, reader: Reader) -> Told {
        let seen = Arc::new(Seen { reader, ..Seen::default() });
        let header = Arc::new(RunHeader {
            run: new_run_id(),
            tenant: "acme".into(),
            user: "".into(),
            flow: FlowId(0),
            args: vec![Value::text("hello")],
            started_ms: 0,
            seed: 1,
            paused: Vec::new(),
        });
        let runner = Runner {
            program: Arc::clone(&self.program),
            effects: Arc::new(self.performer.clone()),
            clock: Arc::new(SystemClock),
        };
        let watch = Arc::clone(&seen) as Arc<dyn Watch>;
        let ended = runner.run(header, Some(watch), &CancellationToken::new()).await;
        let facts = seen.facts.lock().unwrap().take().unwrap_or_default();
        Told { ended, facts }
    }

    /// When the primary was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Instant> {
        self.outside.asked.lock().unwrap().clone()
    }

    /// `closed`, `open` or `half_open`.
    pub(crate) fn state_of_primary(&self) -> String {
        let states = self.registry.states(now_ms());
        let primary = states.breakers.iter().find(|(name, _)| name.contains("m-1"));
        primary.map(|(_, state)| state.state.clone()).unwrap()
    }
}

pub(crate) fn now_ms() -> i64 {
    flow_runtime::clock::Clock::now_ms(&SystemClock)
}

/// Who reads an answer while it comes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Reader {
    #[default]
    Nobody,
    /// Somebody from whom text can be taken back.
    Patient,
    /// Somebody who keeps what was read.
    Keeping,
}

#[derive(Default)]
struct Seen {
    reader: Reader,
    facts: Mutex<Option<Facts>>,
}

impl Watch for Seen {
    fn command(&self, _: &RunHeader, command: &Command) {
        if let Command::Record(Record::Produced { facts, .. } | Record::Raised { facts, .. }) = command {
            *self.facts.lock().unwrap() = Some((**facts).clone());
        }
    }

    fn wants_deltas(&self, _: &RunHeader) -> bool {
        self.reader != Reader::Nobody
    }

    fn can_restart(&self) -> bool {
        self.reader != Reader::Keeping
    }
}
