//! Answers of a test, in place of callables.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flow_eval::json::sample;
use flow_eval::{Context, Value, eval, eval_function, run_check};
use flow_ir::expr::Expr;
use flow_ir::setup::{Call, Callee, Effect};
use flow_ir::testing::{Answer, Given};
use flow_ir::units::{ErrorClass, Usd};
use flow_ir::{Bundle, LocalId, TypeId};
use flow_model::{ChatReply, ChatRequest, DeltaSink, Message, ModelError, Patience, Role};
use flow_policy::budget::Amount;
use flow_providers::tool::{ToolError, ToolReply};
use futures_util::future::BoxFuture;
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::outside::{Asked, Attempt, Closed, Outside};
use super::performer::{Performer, Surroundings, failed};
use super::prompt;
use super::spent::Raised;
use crate::port::{Effects, InvokeContext, Reply};
use crate::protocol::{Facts, Invocation, Outcome};

/// How deep one answer may delegate to another.
const DEEPEST: u32 = 8;

/// A test's answers.
pub struct Script {
    /// In the order written.
    pub givens: Vec<Given>,
    /// Of the test: what its expressions see. Slots that are only known afterwards are empty.
    pub slots: Vec<Option<Value>>,
    /// By the names that `cassette("…")` uses: replays, or recorders around a live world.
    pub cassettes: HashMap<SmolStr, Arc<dyn Outside>>,
}

/// Effects of a test. Callables without an answer: prompts and people fail and are reported, tools give a sample
/// of their result, resources work.
#[derive(Clone)]
pub struct Scripted {
    inner: Arc<Inner>,
}

struct Inner {
    performer: Performer,
    script: Script,
    /// Whether what has no answer is asked for.
    asks: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Answers given so far, by the position of the given.
    used: HashMap<usize, usize>,
    calls: Vec<(Callee, Vec<Value>)>,
    problems: Vec<String>,
}

impl Scripted {
    /// The world and the people of `with` are never asked.
    #[must_use]
    pub fn new(with: Surroundings, script: Script) -> Self {
        let with = Surroundings { outside: Arc::new(Closed), people: Arc::new(super::human::Nobody), ..with };
        Self::with(Performer::new(with), script, false)
    }

    /// For a row of an eval: prompts without an answer ask their models, and tools that only read are called, in the
    /// performer's world. Other tools give a sample of their result: an eval changes nothing.
    #[must_use]
    pub fn evaluating(performer: Performer, script: Script) -> Self {
        Self::with(performer, script, true)
    }

    fn with(performer: Performer, script: Script, asks: bool) -> Self {
        Self { inner: Arc::new(Inner { performer, script, asks, state: Mutex::default() }) }
    }

    /// The arguments of every call of a callable, in the order of the calls.
    #[must_use]
    pub fn calls(&self, callee: Callee) -> Vec<Vec<Value>> {
        let state = self.inner.state();
        let own = state.calls.iter().filter(|(called, _)| *called == callee);
        own.map(|(_, args)| args.clone()).collect()
    }

    /// What makes the test worthless whatever its flow did with it: unanswered prompts and people.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.inner.state().problems.clone()
    }

    /// Positions of givens that were never asked.
    #[must_use]
    pub fn unasked(&self) -> Vec<usize> {
        let state = self.inner.state();
        (0..self.inner.script.givens.len()).filter(|position| !state.used.contains_key(position)).collect()
    }
}

impl Effects for Scripted {
    fn invoke(&self, cx: &InvokeContext, invocation: Box<Invocation>) -> Reply {
        self.inner.state().calls.push((invocation.callee, invocation.args.clone()));
        answer(&self.inner, cx, invocation, DEEPEST)
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bundle(&self) -> &Bundle {
        self.performer.inner.bundle()
    }
}

fn answer(inner: &Arc<Inner>, cx: &InvokeContext, invocation: Box<Invocation>, depth: u32) -> Reply {
    // The last given of a callable wins, as the nearest does elsewhere.
    let mut givens = inner.script.givens.iter().enumerate().rev();
    let Some((position, given)) = givens.find(|(_, given)| given.callee == invocation.callee) else {
        return unanswered(inner, cx, invocation);
    };
    let turn = {
        let mut state = inner.state();
        let turn = state.used.entry(position).or_insert(0);
        *turn += 1;
        *turn - 1
    };
    Turn { inner, cx, turn, depth }.give(&given.answer, invocation)
}

fn unanswered(inner: &Arc<Inner>, cx: &InvokeContext, invocation: Box<Invocation>) -> Reply {
    let bundle = inner.bundle();
    let refuse = |message: String, class| {
        inner.state().problems.push(message.clone());
        Reply::Now(failed(Raised::new(class, message)))
    };
    match invocation.callee {
        Callee::Prompt(_) if inner.asks => inner.performer.invoke(cx, invocation),
        Callee::Prompt(id) => {
            let name = bundle.prompts.get(id.index()).map_or("", |prompt| prompt.name.as_str());
            let message =
                format!("FL0902: `{name}` would call a real model in a test; write `given {name} = …`");
            refuse(message, ErrorClass::Refused)
        }
        Callee::Human(id) => {
            let name = bundle.humans.get(id.index()).map_or("", |human| human.name.as_str());
            let message = match inner.asks {
                true => format!(
                    "an eval asks no people, and nothing answers for `{name}`; write `given {name} = …`"
                ),
                false => {
                    format!("FL0902: `{name}` would ask a real person in a test; write `given {name} = …`")
                }
            };
            refuse(message, ErrorClass::Failed)
        }
        Callee::Tool(id) => match bundle.tools.get(id.index()) {
            Some(tool) if inner.asks && tool.effect == Effect::Read => inner.performer.invoke(cx, invocation),
            tool => {
                let ret = tool.map_or(TypeId(0), |tool| tool.ret);
                Reply::Now(plain(sample(bundle, ret), Facts::default()))
            }
        },
        _ => inner.performer.invoke(cx, invocation),
    }
}

/// A value that came without cost.
fn plain(value: Value, facts: Facts) -> Outcome {
    Outcome::Ok { value, facts: Box::new(Facts { attempts: 1, ..facts }) }
}

/// One call that is answered.
#[derive(Clone, Copy)]
struct Turn<'a> {
    inner: &'a Arc<Inner>,
    cx: &'a InvokeContext,
    /// How often the given has been asked before.
    turn: usize,
    depth: u32,
}

impl Turn<'_> {
    fn give(self, answer: &Answer, invocation: Box<Invocation>) -> Reply {
        match answer {
            Answer::Value(expr) => Reply::Now(self.value(expr, &invocation, None)),
            Answer::Sure(expr, sure) => Reply::Now(self.value(expr, &invocation, Some(*sure))),
            Answer::Fails(class) => {
                let message = format!("the test lets it fail with {}", class.name());
                Reply::Now(failed(Raised::new(*class, message)))
            }
            Answer::Sequence(answers) => match answers.get(self.turn).or(answers.last()) {
                Some(next) => self.give(next, invocation),
                None => Reply::Now(failed(Raised::invalid("the sequence of the test is empty"))),
            },
            Answer::Raw(expr) => match self.eval(expr, &parameters(&invocation)) {
                Ok(value) => {
                    let text = value.as_text().unwrap_or_default().to_owned();
                    self.inner.performer.with_outside(Arc::new(Fixed(text))).invoke(self.cx, invocation)
                }
                Err(raised) => Reply::Now(failed(raised)),
            },
            Answer::Late(answer, after_ms) => {
                let nap = self.cx.clock.sleep(*after_ms);
                let reply = self.give(answer, invocation);
                Reply::Later(Box::pin(async move {
                    nap.await;
                    outcome_of(reply).await
                }))
            }
            Answer::Costs(answer, cost) => self.costs(answer, *cost, invocation),
            Answer::Cassette(file) => match self.inner.script.cassettes.get(file) {
                Some(world) => {
                    self.inner.performer.with_outside(Arc::clone(world)).invoke(self.cx, invocation)
                }
                None => {
                    let message = format!("the cassette `{file}` was not loaded");
                    self.inner.state().problems.push(message.clone());
                    Reply::Now(failed(Raised::new(ErrorClass::Failed, message)))
                }
            },
            Answer::Delegate(locals, call) => self.delegate(locals, call, &invocation),
        }
    }

    fn eval(self, expr: &Expr, locals: &[(LocalId, Value)]) -> Result<Value, Raised> {
        let cx = Context::new(self.inner.bundle(), &self.inner.script.slots).with_locals(locals);
        eval(expr, &cx).map_err(Raised::from)
    }

    fn value(self, expr: &Expr, invocation: &Invocation, sure: Option<f64>) -> Outcome {
        match self.eval(expr, &parameters(invocation)) {
            Ok(value) => {
                let facts = self.facts(invocation, expr.ty, &value, sure);
                plain(value, facts)
            }
            Err(raised) => failed(raised),
        }
    }

    /// What a real call would have said about itself, as far as it can be known.
    fn facts(self, invocation: &Invocation, ty: TypeId, value: &Value, sure: Option<f64>) -> Facts {
        let facts = Facts { confidence: sure, ..Facts::default() };
        match invocation.callee {
            Callee::Human(_) => Facts { by: Some("test".into()), ..facts },
            Callee::Prompt(id) => {
                let performer = &self.inner.performer;
                let text = value.as_text().map_or_else(
                    || flow_eval::json::encode(self.inner.bundle(), ty, value).to_string(),
                    str::to_owned,
                );
                let sent = prompt::sent(&performer.inner, self.cx, invocation, id);
                let messages = sent.map(|mut messages| {
                    messages.push(Message::text(Role::Assistant, text));
                    prompt::as_value(&messages)
                });
                Facts {
                    prompt: performer.prompt_digest(id).map(SmolStr::from),
                    confidence: sure.or(prompt::declares_confidence(&performer.inner, id).then_some(1.0)),
                    messages,
                    ..facts
                }
            }
            _ => facts,
        }
    }

    /// Draws on the limits like a real call.
    fn costs(self, answer: &Answer, cost: Usd, invocation: Box<Invocation>) -> Reply {
        let amount = Amount { cost, tokens: 0 };
        match self.cx.purse.reserve(amount, self.cx.clock.now_ms()) {
            Ok(reservation) => reservation.settle(amount),
            Err(_) => {
                let left = self.cx.purse.left().cost.unwrap_or_default();
                let message = format!("this call costs {cost}, and {left} is left");
                return Reply::Now(failed(Raised::new(ErrorClass::Budget, message)));
            }
        }
        let charge = move |outcome: Outcome| match outcome {
            Outcome::Ok { value, facts } => Outcome::Ok { value, facts: Box::new(charged(*facts, cost)) },
            Outcome::Err { class, message, facts } => {
                Outcome::Err { class, message, facts: Box::new(charged(*facts, cost)) }
            }
        };
        match self.give(answer, invocation) {
            Reply::Now(outcome) => Reply::Now(charge(outcome)),
            Reply::Later(future) => Reply::Later(Box::pin(async move { charge(future.await) })),
        }
    }

    fn delegate(self, locals: &[LocalId], call: &Call, invocation: &Invocation) -> Reply {
        let Some(depth) = self.depth.checked_sub(1) else {
            return Reply::Now(failed(Raised::invalid("the answers of the test delegate in a circle")));
        };
        let bound: Vec<(LocalId, Value)> =
            locals.iter().copied().zip(invocation.args.iter().cloned()).collect();
        let args: Result<Vec<Value>, Raised> = call.args.iter().map(|arg| self.eval(arg, &bound)).collect();
        let args = match args {
            Ok(args) => args,
            Err(raised) => return Reply::Now(failed(raised)),
        };
        let cx = Context::new(self.inner.bundle(), &self.inner.script.slots);
        let pure = match call.callee {
            Callee::Value => {
                args.into_iter().next().ok_or_else(|| Raised::invalid("an answer without a value"))
            }
            Callee::Function(id) => eval_function(&cx, id, args).map_err(Raised::from),
            Callee::Check(id) => match self.inner.bundle().checks.get(id.index()) {
                Some(check) => run_check(&cx, check, args).map_err(Raised::from),
                None => Err(Raised::invalid("no such check")),
            },
            Callee::Flow(_) | Callee::Split(_) => {
                Err(Raised::new(ErrorClass::Failed, "an answer of a test cannot start a flow or a split"))
            }
            callee => {
                let (model, filter) = (call.model, None);
                let next = Invocation { callee, args, model, filter, ..invocation.clone() };
                return answer(self.inner, self.cx, Box::new(next), depth);
            }
        };
        Reply::Now(pure.map_or_else(failed, |value| plain(value, Facts::default())))
    }
}

/// The parameters of the answered callable, as locals 0, 1, ….
fn parameters(invocation: &Invocation) -> Vec<(LocalId, Value)> {
    (0..).map(LocalId).zip(invocation.args.iter().cloned()).collect()
}

fn charged(facts: Facts, cost: Usd) -> Facts {
    Facts { cost, ..facts }
}

async fn outcome_of(reply: Reply) -> Outcome {
    match reply {
        Reply::Now(outcome) => outcome,
        Reply::Later(future) => future.await,
    }
}

/// A model that always writes the same.
struct Fixed(String);

impl Outside for Fixed {
    fn chat<'a>(
        &'a self,
        _asked: Asked<'a>,
        _request: &'a ChatRequest,
        _patience: Patience,
        _sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        // Nothing was used, and that is known: the test's model is free.
        let usage =
            Some(flow_model::Usage { input: Some(0), output: Some(0), ..flow_model::Usage::default() });
        let reply = ChatReply { text: self.0.clone(), usage, ..ChatReply::default() };
        Box::pin(std::future::ready(Ok(reply)))
    }

    fn tool<'a>(
        &'a self,
        tool: &'a flow_ir::setup::Tool,
        args: &'a Json,
        attempt: Attempt,
    ) -> BoxFuture<'a, Result<ToolReply, ToolError>> {
        Box::pin(async move { Closed.tool(tool, args, attempt).await })
    }
}

#[cfg(test)]
mod tests;
