//! Models that answer on the run's own clock, and a reader who writes down what is shown.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use flow_eval::Value;
use flow_ir::Bundle;
use flow_ir::setup::{Callee, Capability, Model};
use flow_ir::units::Usd;
use flow_model::{ChatReply, ChatRequest, Delta as Piece, DeltaSink, ErrorKind, ModelError, Patience};
use flow_providers::tool::{ToolError, ToolReply};
use futures_util::future::BoxFuture;
use serde_json::Value as Json;

use crate::clock::{Clock, VirtualClock};
use crate::effects::fixtures::*;
use crate::effects::{Asked, Attempt, Outside, Performer, Registry};
use crate::port::{Delta, Deltas, Effects, InvokeContext, Reply, Watch};
use crate::protocol::{OpId, Outcome, RunHeader};

/// What a model does when it is asked: pieces and an end, each after so many ms.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pieces: Vec<(u64, &'static str)>,
    end: (u64, Result<ChatReply, ModelError>),
}

/// Answers after so many ms.
pub(super) fn says(after_ms: u64, text: &str) -> Turn {
    Turn { pieces: Vec::new(), end: (after_ms, Ok(reply(text))) }
}

/// Fails after so many ms.
pub(super) fn fails(after_ms: u64, kind: ErrorKind) -> Turn {
    let status = match &kind {
        ErrorKind::Auth => Some(401),
        ErrorKind::Permission => Some(403),
        ErrorKind::RateLimited { .. } => Some(429),
        _ => None,
    };
    Turn { pieces: Vec::new(), end: (after_ms, Err(ModelError { status, ..error(kind) })) }
}

pub(super) fn broke_off() -> ErrorKind {
    ErrorKind::PartialStream { bytes: 3, events: 1 }
}

impl Turn {
    /// Shows this before.
    pub(super) fn showing(mut self, pieces: &[(u64, &'static str)]) -> Self {
        self.pieces = pieces.to_vec();
        self
    }

    /// Ends for this reason.
    pub(super) fn finishing(mut self, finish: flow_model::Finish) -> Self {
        if let Ok(reply) = &mut self.end.1 {
            reply.finish = finish;
        }
        self
    }

    /// Without a word on what it used.
    pub(super) fn silent_on_usage(mut self) -> Self {
        if let Ok(reply) = &mut self.end.1 {
            reply.usage = None;
        }
        self
    }
}

/// The models, by name or by name and key (`fast KEY_A`).
pub(super) struct Models {
    clock: VirtualClock,
    turns: Mutex<BTreeMap<String, VecDeque<Turn>>>,
    log: Mutex<Vec<String>>,
}

impl Models {
    fn note(&self, who: &str, what: &str) {
        self.log.lock().unwrap().push(format!("{} {who} {what}", self.clock.now_ms()));
    }
}

/// A call under way: dropped before its end, it was given up.
struct Flight<'a> {
    models: &'a Models,
    who: String,
    ended: bool,
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.models.note(&self.who, "given up");
        }
    }
}

impl Outside for Models {
    fn chat<'a>(
        &'a self,
        asked: Asked<'a>,
        _request: &'a ChatRequest,
        _patience: Patience,
        sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        let key = asked.model.auth.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
        let who = format!("{}{key}", asked.model.name);
        let turn = self.turns.lock().unwrap().get_mut(&who).and_then(VecDeque::pop_front);
        self.note(&who, "asked");
        Box::pin(async move {
            let mut flight = Flight { models: self, who, ended: false };
            let turn = turn.unwrap_or_else(|| fails(0, ErrorKind::Unsupported));
            if let Some(sink) = sink {
                for (after_ms, piece) in turn.pieces {
                    self.clock.sleep(after_ms).await;
                    sink(Piece::Text(piece.to_owned()));
                }
            }
            let (after_ms, result) = turn.end;
            self.clock.sleep(after_ms).await;
            flight.ended = true;
            result
        })
    }

    fn tool<'a>(
        &'a self,
        _tool: &'a flow_ir::setup::Tool,
        _args: &'a Json,
        _attempt: Attempt,
    ) -> BoxFuture<'a, Result<ToolReply, ToolError>> {
        Box::pin(std::future::ready(Ok(ToolReply::Absent)))
    }
}

/// A reader.
struct Reader {
    takes_back: bool,
    shown: Mutex<Vec<(u32, String)>>,
}

impl Watch for Reader {
    fn can_restart(&self) -> bool {
        self.takes_back
    }

    fn delta(&self, _: &RunHeader, _: OpId, delta: &Delta) {
        if let Delta::Text { attempt, text } = delta {
            self.shown.lock().unwrap().push((*attempt, text.to_string()));
        }
    }
}

/// A package, its models, and a reader if anybody looks.
pub(super) struct Stage {
    clock: VirtualClock,
    models: Arc<Models>,
    performer: Performer,
    reader: Option<Arc<Reader>>,
    /// Probes outlive the call that shielded them.
    runtime: tokio::runtime::Runtime,
}

/// More than any call here costs.
const FUNDS: Usd = Usd(1_000_000);

impl Stage {
    /// The package of the fixtures with a prompt that returns text, changed by `change`.
    pub(super) fn new(turns: &[(&str, &[Turn])], change: impl FnOnce(&mut Bundle)) -> Self {
        let mut bundle = bundle();
        bundle.prompts[0].ret = TEXT;
        for model in &mut bundle.models {
            (model.retry, model.parallel) = (0, None);
            model.can.push(Capability::Stream);
        }
        change(&mut bundle);
        let clock = VirtualClock::starting_at(0);
        let turns = turns.iter().map(|(who, turns)| ((*who).to_owned(), turns.iter().cloned().collect()));
        let turns = Mutex::new(turns.collect());
        let models = Arc::new(Models { clock: clock.clone(), turns, log: Mutex::default() });
        let performer = Performer::new(surroundings(bundle, Arc::clone(&models) as Arc<dyn Outside>));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { clock, models, performer, reader: None, runtime }
    }

    /// Somebody reads along.
    pub(super) fn read(mut self, takes_back: bool) -> Self {
        self.reader = Some(Arc::new(Reader { takes_back, shown: Mutex::default() }));
        self
    }

    pub(super) fn registry(&self) -> &Registry {
        self.performer.registry()
    }

    /// Lets time pass between calls.
    pub(super) fn wait(&self, ms: u64) {
        self.drive(self.clock.sleep(ms));
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// One call of the prompt. What the facts say it cost is what its budget has lost.
    pub(super) fn ask(&self) -> Outcome {
        let base = context(Some(FUNDS));
        let watch = self.reader.clone().map(|reader| reader as Arc<dyn Watch>);
        let deltas = Deltas::new(watch, Arc::clone(&base.header), OpId(1));
        let cx = InvokeContext { clock: Arc::new(self.clock.clone()), deltas, ..base };
        let call = invocation(Callee::Prompt(TRIAGE_PROMPT), vec![Value::text("Buy now")]);
        let Reply::Later(future) = self.performer.invoke(&cx, call) else { panic!("a prompt takes time") };
        let outcome = self.drive(future);
        let (Outcome::Ok { facts, .. } | Outcome::Err { facts, .. }) = &outcome;
        let lost = FUNDS.0 - cx.purse.left().cost.unwrap().0;
        assert_eq!(facts.cost, Usd(lost), "every attempt is paid, and none twice: {:?}", self.log());
        outcome
    }

    pub(super) fn text(&self) -> String {
        value(self.ask()).0.as_text().unwrap().to_owned()
    }

    /// Time passes only when nothing else can go on.
    fn drive<T>(&self, mut future: BoxFuture<'_, T>) -> T {
        self.runtime.block_on(async {
            loop {
                tokio::select! {
                    biased;
                    done = &mut future => return done,
                    () = tokio::task::yield_now() => assert!(self.clock.advance(), "nobody waits: {:?}", self.log()),
                }
            }
        })
    }

    /// What happened, with the time.
    pub(super) fn log(&self) -> Vec<String> {
        self.models.log.lock().unwrap().clone()
    }

    /// What happened since the last look.
    pub(super) fn news(&self) -> Vec<String> {
        std::mem::take(&mut *self.models.log.lock().unwrap())
    }

    /// What the reader has on the screen in the end: higher attempts void lower ones.
    pub(super) fn screen(&self) -> String {
        let shown = self.reader.as_ref().unwrap().shown.lock().unwrap();
        let last = shown.iter().map(|(attempt, _)| *attempt).max();
        shown.iter().filter(|(attempt, _)| Some(*attempt) == last).map(|(_, text)| text.as_str()).collect()
    }
}

/// The first model of the package.
pub(super) fn fast(bundle: &mut Bundle) -> &mut Model {
    &mut bundle.models[0]
}
