//! Answering from a recording.
//!
//! An answer belongs to a callable. Among those not yet used, one that was given to an equal request is taken;
//! else the next in order, since a request may hold the time or the run's id. A prompt that has changed gets no
//! answer at all: that would be a guess.

use std::sync::{Mutex, PoisonError};

use flow_ir::setup::Tool;
use flow_ir::units::ErrorClass;
use flow_model::{ChatReply, ChatRequest, Delta, DeltaSink, ErrorKind, ModelError, Patience};
use flow_providers::tool::{ToolError, ToolReply};
use futures_util::future::BoxFuture;
use serde_json::Value as Json;

use super::format::{Cassette, Exchange, PromptAnswer, ToolAnswer};
use crate::effects::outside::{Asked, Attempt, Outside};

/// A world that answers from a recording. Vectors are made without a model.
#[derive(Debug)]
pub struct Replay {
    /// As shown in messages: the file.
    name: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    exchanges: Vec<Option<Exchange>>,
    problems: Vec<String>,
}

/// Why there is no recorded answer.
pub(super) enum Missing {
    /// The prompt has changed: the digest of the recording.
    Stale(String),
    /// None is left.
    Spent,
}

impl Replay {
    /// Of a recording; `name` is the file, for messages.
    #[must_use]
    pub fn new(name: impl Into<String>, cassette: Cassette) -> Self {
        let exchanges = cassette.exchanges.into_iter().map(Some).collect();
        Self { name: name.into(), state: Mutex::new(State { exchanges, problems: Vec::new() }) }
    }

    /// What was asked for and not recorded, in order. Flows may handle errors, so whoever started the run must
    /// look here: a run with problems proves nothing.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.with(|state| state.problems.clone())
    }

    /// Callables whose recorded answers were not all used.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        let mut names = self.with(|state| {
            let left = state.exchanges.iter().flatten();
            left.map(|exchange| name_of(exchange).to_owned()).collect::<Vec<_>>()
        });
        names.sort_unstable();
        names.dedup();
        names
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        // Nothing that runs under the lock can panic half-way.
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn prompt(&self, asked: Asked<'_>, request: &ChatRequest) -> Result<PromptAnswer, Missing> {
        self.with(|state| {
            let of = |exchange: &Exchange| matches!(exchange, Exchange::Prompt { name, .. } if name == asked.prompt);
            let equal = |exchange: &Exchange| {
                matches!(exchange, Exchange::Prompt { request: Some(known), .. } if **known == *request)
            };
            let position = state.choose(of, equal).ok_or(Missing::Spent)?;
            let slot = state.exchanges.get_mut(position).ok_or(Missing::Spent)?;
            match slot {
                Some(Exchange::Prompt { digest: Some(digest), .. }) if digest != asked.digest => {
                    Err(Missing::Stale(digest.clone()))
                }
                _ => match slot.take() {
                    Some(Exchange::Prompt { answer, .. }) => Ok(answer),
                    Some(Exchange::Tool { .. }) | None => Err(Missing::Spent),
                },
            }
        })
    }

    pub(super) fn answer_of_tool(&self, tool: &str, args: &Json) -> Option<ToolAnswer> {
        self.with(|state| {
            let of = |exchange: &Exchange| matches!(exchange, Exchange::Tool { name, .. } if name == tool);
            let equal =
                |exchange: &Exchange| matches!(exchange, Exchange::Tool { args: Some(known), .. } if known == args);
            let position = state.choose(of, equal)?;
            match state.exchanges.get_mut(position)?.take() {
                Some(Exchange::Tool { answer, .. }) => Some(answer),
                Some(Exchange::Prompt { .. }) | None => None,
            }
        })
    }

    fn problem(&self, message: String) -> String {
        self.with(|state| state.problems.push(message.clone()));
        message
    }

    fn missing(&self, asked: Asked<'_>, missing: &Missing) -> ModelError {
        let Asked { prompt, digest, .. } = asked;
        let short = |digest: &str| digest.chars().take(4).collect::<String>();
        let message = match missing {
            Missing::Stale(recorded) => format!(
                "FL0903: {} was recorded for prompt `{prompt}#{}`, now `{prompt}#{}`; record again with `flowc test --record`",
                self.name,
                short(recorded),
                short(digest)
            ),
            Missing::Spent => format!(
                "{} holds no further answer for prompt `{prompt}`; record again, or use --live",
                self.name
            ),
        };
        ModelError::new(ErrorKind::Unsupported, self.problem(message))
    }
}

fn name_of(exchange: &Exchange) -> &str {
    match exchange {
        Exchange::Prompt { name, .. } | Exchange::Tool { name, .. } => name,
    }
}

impl State {
    fn choose(&self, of: impl Fn(&Exchange) -> bool, equal: impl Fn(&Exchange) -> bool) -> Option<usize> {
        let unused = || self.exchanges.iter().enumerate().filter_map(|(at, slot)| Some((at, slot.as_ref()?)));
        let own = || unused().filter(|(_, exchange)| of(exchange));
        own().find(|(_, exchange)| equal(exchange)).or_else(|| own().next()).map(|(at, _)| at)
    }
}

impl Outside for Replay {
    fn chat<'a>(
        &'a self,
        asked: Asked<'a>,
        request: &'a ChatRequest,
        _patience: Patience,
        sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        let result = match self.prompt(asked, request) {
            Ok(PromptAnswer::Reply(reply)) => Ok(*reply),
            Ok(PromptAnswer::Error(error)) => Err(error),
            Err(missing) => Err(self.missing(asked, &missing)),
        };
        if let (Ok(reply), Some(sink)) = (&result, sink) {
            sink(Delta::Text(reply.text.clone()));
        }
        Box::pin(std::future::ready(result))
    }

    fn tool<'a>(
        &'a self,
        tool: &'a Tool,
        args: &'a Json,
        _attempt: Attempt,
    ) -> BoxFuture<'a, Result<ToolReply, ToolError>> {
        let result = match self.answer_of_tool(&tool.name, args) {
            Some(answer) => answer.into(),
            None => {
                let message = format!(
                    "{} holds no further answer for tool `{}`; record again, or use --live",
                    self.name, tool.name
                );
                let message = self.problem(message);
                Err(ToolError { class: ErrorClass::Failed, message, retryable: false, retry_after_ms: None })
            }
        };
        Box::pin(std::future::ready(result))
    }
}
