//! A world that bills: by chance, or doing its worst.

use std::sync::Mutex;

use fastrand::Rng;
use flow_eval::Value;
use flow_ir::Bundle;
use flow_ir::setup::Tool;
use flow_ir::tokens::count;
use flow_ir::units::ErrorClass;
use flow_model::{
    ChatReply, ChatRequest, DeltaSink, ErrorKind, Finish, ModelError, Output, Patience, Phase, ToolCall,
    Usage,
};
use flow_providers::tool::{ToolError, ToolReply};
use flow_runtime::effects::{Asked, Attempt, Outside, People, PersonAnswer, PersonError, Question};
use futures_util::future::{BoxFuture, ready};
use serde_json::{Value as Json, json};

use super::generate::VERDICTS;
use super::script::{End, Plan};

/// How the world behaves.
pub(crate) enum Mode {
    Random(Rng),
    Worst(Plan),
}

pub(crate) struct World {
    state: Mutex<State>,
    /// In the order declared.
    humans: Vec<String>,
    /// Of the first model of the chain.
    retries: u32,
}

#[derive(Default)]
struct State {
    mode: Option<Mode>,
    /// By prompt or person: visits done, final answers given in this one.
    done: std::collections::HashMap<String, (usize, u32)>,
}

impl World {
    pub(crate) fn new(bundle: &Bundle) -> Self {
        let humans = bundle.humans.iter().map(|human| human.name.to_string()).collect();
        let retries = bundle.models.iter().find(|model| model.name == "m0").map_or(0, |model| model.retry);
        Self { state: Mutex::default(), humans, retries }
    }

    pub(crate) fn set(&self, mode: Mode) {
        *self.state.lock().unwrap() = State { mode: Some(mode), ..State::default() };
    }

    fn attempt(&self, asked: Asked<'_>, request: &ChatRequest) -> Result<ChatReply, ModelError> {
        let mut state = self.state.lock().unwrap();
        let State { mode, done } = &mut *state;
        match mode.as_mut().unwrap() {
            Mode::Random(random) => by_chance(random, request),
            Mode::Worst(plan) => {
                let name = asked.prompt.rsplit('.').next().unwrap();
                // Not on the way that was spelled out: anything will do.
                let Some(lines) = plan.get(name) else { return Ok(says(request, 3, None)) };
                // Only the last attempt of the chain ever answers: the fallback is asked before any retry is made.
                if lines.chain {
                    let is_first = asked.model.name == "m0";
                    let tried = &mut done.entry(format!("{name} at m0")).or_default().1;
                    *tried += u32::from(is_first);
                    let is_last = is_first && *tried > self.retries * lines.several.max(1);
                    if is_last && *tried == (self.retries + 1) * lines.several.max(1) {
                        *tried = 0;
                    }
                    if if self.retries == 0 { is_first } else { !is_last } {
                        return Err(timeout());
                    }
                }
                let (visits, given) = done.entry(name.to_owned()).or_default();
                let end = lines.ends[*visits % lines.ends.len()];
                *given += 1;
                if *given == lines.several {
                    (*visits, *given) = (*visits + 1, 0);
                }
                match end {
                    End::Timeout => Err(timeout()),
                    End::Verdict(verdict) => Ok(says(request, verdict, None)),
                }
            }
        }
    }
}

/// An attempt that broke off is billed in full.
fn timeout() -> ModelError {
    ModelError::new(ErrorKind::Timeout { phase: Phase::Total }, "too slow")
}

/// Without usage, the worst case of the attempt is billed.
fn says(request: &ChatRequest, verdict: usize, usage: Option<Usage>) -> ChatReply {
    let text = match request.output {
        Output::Text => "fine".to_owned(),
        Output::Json { .. } => json!({ "value": VERDICTS[verdict] }).to_string(),
    };
    ChatReply { text, finish: Finish::Stop, usage, ..ChatReply::default() }
}

fn by_chance(random: &mut Rng, request: &ChatRequest) -> Result<ChatReply, ModelError> {
    let sent: u64 = request.messages.iter().map(|message| count(&message.plain_text())).sum();
    let most = request.max_output.unwrap();
    let usage = random.bool().then(|| Usage {
        input: Some(random.u64(..=sent)),
        output: Some(random.u64(..=most)),
        ..Usage::default()
    });
    match random.u8(..10) {
        0..=2 => Err(timeout()),
        3 => Err(ModelError::new(ErrorKind::PartialStream { bytes: 1, events: 1 }, "cut")),
        4 => Err(ModelError::new(
            ErrorKind::Overloaded { retry_after_ms: Some(random.u64(..200_000)) },
            "full",
        )),
        5 if !request.tools.is_empty() => {
            let text = "so ".repeat(random.usize(..200));
            let calls = (0..random.usize(1..12)).map(|at| ToolCall {
                id: at.to_string(),
                name: if random.bool() { "hint".to_owned() } else { "nothing".to_owned() },
                arguments: json!({ "of": "x".repeat(random.usize(..60)) }).to_string(),
            });
            Ok(ChatReply {
                text,
                tool_calls: calls.collect(),
                finish: Finish::ToolCall,
                usage,
                ..ChatReply::default()
            })
        }
        6 => Ok(ChatReply {
            text: "nonsense \"{\" ".repeat(random.usize(..90)),
            usage,
            ..ChatReply::default()
        }),
        _ => Ok(says(request, random.usize(..VERDICTS.len()), usage)),
    }
}

impl Outside for World {
    fn chat<'a>(
        &'a self,
        asked: Asked<'a>,
        request: &'a ChatRequest,
        _patience: Patience,
        _sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        Box::pin(ready(self.attempt(asked, request)))
    }

    fn tool<'a>(
        &'a self,
        tool: &'a Tool,
        _args: &'a Json,
        _attempt: Attempt,
    ) -> BoxFuture<'a, Result<ToolReply, ToolError>> {
        let mut state = self.state.lock().unwrap();
        let State { mode, done } = &mut *state;
        let fails = match mode.as_mut().unwrap() {
            Mode::Random(random) => random.u8(..3) == 0,
            Mode::Worst(plan) => {
                let ends =
                    plan.get(tool.name.as_str()).map(|lines| lines.ends.as_slice()).unwrap_or_default();
                let (visits, given) = done.entry(tool.name.to_string()).or_default();
                let fails = ends.get(*visits % ends.len().max(1)) == Some(&End::Timeout);
                *given += 1;
                // A failure is tried again once.
                if !fails || *given > tool.retry {
                    (*visits, *given) = (*visits + 1, 0);
                }
                fails
            }
        };
        let error = ToolError {
            class: ErrorClass::Timeout,
            message: "no ".repeat(400),
            retryable: true,
            retry_after_ms: None,
        };
        Box::pin(ready(if fails { Err(error) } else { Ok(ToolReply::Json(json!("a word"))) }))
    }
}

impl People for World {
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<PersonAnswer, PersonError>> {
        let mut state = self.state.lock().unwrap();
        let State { mode, done } = &mut *state;
        let verdict = match mode.as_mut().unwrap() {
            Mode::Random(random) => Some(random.usize(..VERDICTS.len())).filter(|_| random.u8(..4) > 0),
            Mode::Worst(plan) => {
                let name = self.humans[question.human.index()].clone();
                let lines = plan.get(&name).cloned().unwrap_or_default();
                let (visits, given) = done.entry(name).or_default();
                let end = lines.ends.get(*visits % lines.ends.len().max(1));
                let verdict = if let Some(End::Verdict(verdict)) = end { *verdict } else { 3 };
                *given += 1;
                if *given == lines.several {
                    (*visits, *given) = (*visits + 1, 0);
                }
                Some(verdict)
            }
        };
        let answer = match verdict {
            Some(verdict) => Ok(PersonAnswer {
                value: Value::unit_variant(u32::try_from(verdict).unwrap()),
                by: Some(format!("person {}", question.before.len()).into()),
            }),
            None => Err(PersonError { class: ErrorClass::Expired, message: "nobody".to_owned() }),
        };
        Box::pin(ready(answer))
    }
}
