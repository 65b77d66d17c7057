//! One reply: cache, budget, attempts, retries, fallbacks.

use flow_ir::effort::{self, MESSAGE_TOKENS, MODEL_TIMEOUT_MS, UNCAPPED_OUTPUT};
use flow_ir::profile::Profile;
use flow_ir::setup::{Capability, Model};
use flow_ir::units::{ErrorClass, Usd};
use flow_ir::{ModelId, tokens};
use flow_model::{
    ChatReply, ChatRequest, Delta as Piece, ErrorKind, Message, ModelError, Output, Part, Patience, Prices,
    ToolSpec, Usage, cost_of,
};
use flow_policy::budget::Amount;
use flow_policy::retry::{Failure, Plan, Verdict, after_failure};
use flow_store::{Place, Stamp, Write};
use smol_str::SmolStr;

use super::Call;
use crate::effects::outside::Asked;
use crate::effects::spent::{Raised, Spent, pause};
use crate::port::Delta;

/// Makes the request for a model of the chain.
pub(super) type RequestFor<'r> = &'r (dyn Fn(&Model) -> Result<ChatRequest, Raised> + Sync);

/// Asks the model, then its fallbacks in order.
pub(super) async fn reply(
    call: &Call<'_>,
    request: RequestFor<'_>,
    spent: &mut Spent,
) -> Result<ChatReply, Raised> {
    let chain = effort::chain(&call.inner.bundle().models, call.model);
    let mut errors: Vec<ModelError> = Vec::new();
    for (id, model) in &chain {
        let request = request(model)?;
        if let Some(reply) = cached(call, &request) {
            return Ok(reply);
        }
        match attempts(call, (*id, model), &request, spent).await? {
            Ok(reply) => {
                remember(call, &request, &reply);
                note(spent, &reply);
                return Ok(reply);
            }
            Err(error) => {
                let next = error.kind.may_fall_back();
                tracing::warn!(run = %call.cx.header.run, model = %model.name, kind = ?error.kind, "a model failed");
                errors.push(error);
                if !next {
                    break;
                }
            }
        }
    }
    Err(raised(errors))
}

/// The last error decides the class; all of them are told.
fn raised(errors: Vec<ModelError>) -> Raised {
    let class = errors.last().map_or(ErrorClass::Failed, ModelError::class);
    let messages: Vec<String> = errors.into_iter().map(|error| error.message).collect();
    Raised::new(class, messages.join("; then "))
}

fn note(spent: &mut Spent, reply: &ChatReply) {
    spent.facts.model = Some(reply.model.as_str().into()).filter(|model: &SmolStr| !model.is_empty());
    spent.facts.request_id = reply.request_id.as_deref().map(SmolStr::from);
    spent.facts.finish = Some(reply.finish.name().into());
}

/// Asks one model until it answers or asking again makes no sense. The outer error ends the whole call.
async fn attempts(
    call: &Call<'_>,
    (id, model): (ModelId, &Model),
    request: &ChatRequest,
    spent: &mut Spent,
) -> Result<Result<ChatReply, ModelError>, Raised> {
    let plan = Plan::new(model.retry);
    let worst = worst_of(request, model);
    fits(model, request, worst)?;
    let mut made = 0;
    loop {
        if spent.remaining_ms(call.cx) == Some(0) {
            let message = format!("the time of `{}` is used up", call.prompt.name);
            return Err(Raised::new(ErrorClass::Timeout, message));
        }
        made += 1;
        let result = attempt(call, (id, model), request, worst, spent).await?;
        let error = match result {
            Ok(reply) => return Ok(Ok(reply)),
            Err(error) => error,
        };
        let failure = Failure {
            attempts: made,
            retryable: error.is_retryable(),
            retry_after_ms: error.kind.retry_after_ms(),
            remaining_ms: spent.remaining_ms(call.cx),
        };
        match after_failure(&plan, &failure, spent.draw()) {
            Verdict::Again { after_ms } => pause(call.cx, after_ms).await,
            Verdict::GiveUp(_) => return Ok(Err(error)),
        }
    }
}

/// One attempt inside of a reservation of its worst case.
async fn attempt(
    call: &Call<'_>,
    (id, model): (ModelId, &Model),
    request: &ChatRequest,
    worst: Worst,
    spent: &mut Spent,
) -> Result<Result<ChatReply, ModelError>, Raised> {
    let permit = call.inner.gates.model(id).await;
    let reservation = call.cx.purse.reserve(worst.amount()).map_err(|_| no_money(call, model, worst))?;
    spent.facts.attempts += 1;
    let patience =
        Patience::of_attempt(spent.attempt_ms(call.cx, model.timeout_ms.unwrap_or(MODEL_TIMEOUT_MS)));
    let asked = Asked { prompt: &call.prompt.name, digest: call.digest, model };
    let (deltas, number) = (call.cx.deltas.clone(), spent.facts.attempts);
    let mut show = move |piece: Piece| match piece {
        Piece::Text(text) => deltas.send(Delta::Text { attempt: number, text: text.into() }),
    };
    let streams = call.cx.deltas.is_watched()
        && matches!(request.output, Output::Text)
        && model.can.contains(&Capability::Stream);
    let sink = streams.then_some(&mut show as &mut (dyn FnMut(Piece) + Send));
    let result = call.inner.with.outside.chat(asked, request, patience, sink).await;
    drop(permit);
    let used = used(&result, worst, Prices::of(model));
    reservation.settle(used);
    spent.pay(used.cost);
    count(spent, &result);
    Ok(result)
}

fn no_money(call: &Call<'_>, model: &Model, worst: Worst) -> Raised {
    let left = call.cx.purse.left();
    let money = left.cost.map(|left| format!("{left} is left")).into_iter();
    let tokens = left.tokens.map(|left| format!("{left} tokens are left"));
    let left: Vec<String> = money.chain(tokens).collect();
    let message = format!(
        "asking `{}` for `{}` may cost up to {} and {} tokens, and {}",
        model.name,
        call.prompt.name,
        worst.cost,
        worst.input + worst.output,
        left.join(", ")
    );
    Raised::new(ErrorClass::Budget, message)
}

/// The most that one attempt can use.
#[derive(Clone, Copy, Debug)]
struct Worst {
    input: u64,
    output: u64,
    cost: Usd,
}

impl Worst {
    const fn amount(self) -> Amount {
        Amount { cost: self.cost, tokens: self.input + self.output }
    }
}

/// By the same count of tokens as the compiler's bounds.
fn worst_of(request: &ChatRequest, model: &Model) -> Worst {
    let texts: u64 = request.messages.iter().map(message_tokens).sum();
    let schema = match &request.output {
        Output::Text => 0,
        Output::Json { schema, .. } => tokens::count(&schema.to_string()),
    };
    let tools: u64 = request.tools.iter().map(tool_tokens).sum();
    let pictures = request.messages.iter().flat_map(|message| &message.content);
    let pictures = pictures.filter(|part| matches!(part, Part::Image { .. })).count() as u64;
    let pictures = pictures * Profile::of_provider(model.provider).image_tokens;
    let input = effort::scaled(texts + schema + tools, model) + pictures;
    let output = request.max_output.unwrap_or(UNCAPPED_OUTPUT);
    let usage = Usage { input: Some(input), output: Some(output), ..Usage::default() };
    Worst { input, output, cost: cost_of(&usage, Prices::of(model)) }
}

fn message_tokens(message: &Message) -> u64 {
    let calls = message.tool_calls.iter();
    let calls: u64 = calls.map(|call| tokens::count(&call.name) + tokens::count(&call.arguments)).sum();
    tokens::count(&message.plain_text()) + calls + MESSAGE_TOKENS
}

fn tool_tokens(tool: &ToolSpec) -> u64 {
    let words = tokens::count(&tool.name) + tokens::count(&tool.description);
    words + tokens::count(&tool.parameters.to_string()) + MESSAGE_TOKENS
}

/// What cannot fit is not sent.
fn fits(model: &Model, request: &ChatRequest, worst: Worst) -> Result<(), Raised> {
    let needed = worst.input + request.max_output.unwrap_or(0);
    match model.context {
        Some(context) if needed > context => Err(Raised::invalid(format!(
            "about {} tokens would be sent and up to {} answered, and `{}` holds {context}",
            worst.input, worst.output, model.name
        ))),
        Some(_) | None => Ok(()),
    }
}

/// A provider that does not say what was used is paid the worst case. So is an attempt that broke off: it may
/// well be billed. One that was turned away is not.
fn used(result: &Result<ChatReply, ModelError>, worst: Worst, prices: Prices) -> Amount {
    match result {
        Ok(ChatReply { usage: Some(usage), .. }) => {
            let tokens = usage.input.unwrap_or(0) + usage.output.unwrap_or(0);
            Amount { cost: cost_of(usage, prices), tokens }
        }
        Ok(_) => worst.amount(),
        Err(error) => match error.kind {
            ErrorKind::Timeout { .. } | ErrorKind::PartialStream { .. } => worst.amount(),
            _ => Amount::default(),
        },
    }
}

fn count(spent: &mut Spent, result: &Result<ChatReply, ModelError>) {
    if let Ok(ChatReply { usage: Some(usage), .. }) = result {
        spent.facts.input_tokens += usage.input.unwrap_or(0);
        spent.facts.output_tokens += usage.output.unwrap_or(0);
    }
}

/// `cache: Exact`: the key is everything that decides the answer.
fn cache_key(call: &Call<'_>, request: &ChatRequest) -> Option<(Place, String)> {
    if !call.prompt.cache || !call.prompt.tools.is_empty() {
        return None;
    }
    let request = serde_json::to_vec(request).ok()?;
    let place = Place::new(format!("prompt {}", call.prompt.name), call.cx.header.tenant.as_str());
    Some((place, format!("{} {}", call.digest, flow_ir::Digest::of(&request))))
}

fn cached(call: &Call<'_>, request: &ChatRequest) -> Option<ChatReply> {
    let (place, key) = cache_key(call, request)?;
    // A cache that cannot be read is an empty one.
    let json = call.inner.with.store.cached(&place, &key, call.cx.now_ms).ok()??;
    serde_json::from_value(json).ok()
}

fn remember(call: &Call<'_>, request: &ChatRequest, reply: &ChatReply) {
    let Some((place, key)) = cache_key(call, request) else { return };
    let Ok(value) = serde_json::to_value(reply) else { return };
    let stamp = Stamp { key: String::new(), now_ms: call.cx.now_ms };
    let write = Write::CachePut { key, value, vector: None, until_ms: None };
    if let Err(error) = call.inner.with.store.write(&place, &stamp, write) {
        tracing::warn!(run = %call.cx.header.run, %error, "an answer was not cached");
    }
}
