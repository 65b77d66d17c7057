//! Asking a model: render, call, decode, repair.
//!
//! `render` makes the messages, `chain` gets one reply (retries, fallbacks, budget), `decode` reads it,
//! `confidence` says how sure it is, `digest` names the prompt in recordings, `toolbox` runs the read-only tools
//! that a model asks for. One *conversation* ends with a value; a vote holds several.

mod chain;
mod confidence;
mod decode;
mod digest;
mod kept;
mod render;
mod toolbox;

pub(crate) use digest::digests;
pub(crate) use kept::Flights;
pub(crate) use render::as_value;

use flow_eval::Value;
use flow_eval::schema::wire;
use flow_ir::effort;
use flow_ir::profile::Profile;
use flow_ir::setup::{Capability, Confidence, Model, Prompt};
use flow_ir::types::Type;
use flow_ir::units::ErrorClass;
use flow_ir::{ModelId, PromptId, tokens};
use flow_model::{ChatReply, ChatRequest, Message, Output, Prefix, Role};

use super::performer::Inner;
use super::spent::{Raised, Spent};
use super::versions;
use crate::port::InvokeContext;
use crate::protocol::Invocation;

/// Everything that stays equal during one call of a prompt.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) cx: &'a InvokeContext,
    pub(crate) invocation: &'a Invocation,
    pub(crate) prompt: &'a Prompt,
    pub(crate) digest: &'a str,
    pub(crate) model: ModelId,
}

pub(crate) async fn ask(
    inner: &Inner,
    cx: &InvokeContext,
    invocation: &Invocation,
    id: PromptId,
    spent: &mut Spent,
) -> Result<Value, Raised> {
    let model = invocation.model.ok_or_else(|| Raised::invalid("no model was named for the prompt"))?;
    let resolved = versions::resolve(inner, id, model)?;
    spent.facts.versions = resolved.as_ref().map(|resolved| resolved.versions.clone());
    let inner = resolved.as_ref().map_or(inner, |resolved| &*resolved.inner);
    let prompt = inner.bundle().prompts.get(id.index()).ok_or_else(|| Raised::invalid("no such prompt"))?;
    let digest = inner.digests.get(id.index()).map(smol_str::SmolStr::as_str).unwrap_or_default();
    spent.facts.prompt = Some(digest.into());
    let call = Call { inner, cx, invocation, prompt, digest, model };
    kept::answer_once(&call, spent).await
}

/// A new answer.
async fn answer(call: &Call<'_>, spent: &mut Spent) -> Result<Value, Raised> {
    match call.prompt.confidence {
        Some(Confidence::Vote(_)) => confidence::vote(call, spent).await,
        Some(Confidence::Logprob(_) | Confidence::Field(_)) | None => converse(call, spent).await,
    }
}

/// What would be sent first, for whoever answers in a model's place.
pub(crate) fn sent(
    inner: &Inner,
    cx: &InvokeContext,
    invocation: &Invocation,
    id: PromptId,
) -> Option<Vec<Message>> {
    let prompt = inner.bundle().prompts.get(id.index())?;
    let model = invocation.model.unwrap_or(ModelId(0));
    render::messages(&Call { inner, cx, invocation, prompt, digest: "", model }).ok()
}

/// Whether the prompt says where `confidence(n)` comes from.
pub(crate) fn declares_confidence(inner: &Inner, id: PromptId) -> bool {
    inner.bundle().prompts.get(id.index()).is_some_and(|prompt| prompt.confidence.is_some())
}

/// One conversation, to a value that fits.
async fn converse(call: &Call<'_>, spent: &mut Spent) -> Result<Value, Raised> {
    let mut messages = render::messages(call)?;
    let mut repairs = call.prompt.repair;
    loop {
        let reply = reply_without_tools(call, &mut messages, spent).await?;
        messages.push(Message::text(Role::Assistant, reply.text.clone()));
        let problem = match decode::value(call, &reply, spent) {
            Ok(value) => {
                spent.facts.confidence = confidence::of_reply(call, &reply, &value)?;
                spent.facts.messages = Some(render::as_value(&messages));
                return Ok(value);
            }
            Err(decode::Unusable::Refused(why)) => return Err(Raised::new(ErrorClass::Refused, why)),
            Err(decode::Unusable::Invalid(problem)) => problem,
        };
        if repairs == 0 {
            let message = format!("the answer to `{}` does not fit: {problem}", call.prompt.name);
            return Err(Raised::invalid(message));
        }
        repairs -= 1;
        messages.pop();
        messages.push(Message::text(Role::Assistant, tokens::front(&reply.text, longest_answer(call))));
        messages.push(Message::text(Role::User, decode::repair_note(&problem)));
    }
}

/// Runs the tools that the model asks for until it answers.
async fn reply_without_tools(
    call: &Call<'_>,
    messages: &mut Vec<Message>,
    spent: &mut Spent,
) -> Result<ChatReply, Raised> {
    let mut rounds = call.prompt.rounds;
    loop {
        let request = |model: &Model| request(call, model, messages, rounds > 0);
        let reply = chain::reply(call, &request, spent).await?;
        if reply.tool_calls.is_empty() {
            return Ok(reply);
        }
        if rounds == 0 {
            let message = format!("`{}` asks for a tool after its last round", call.prompt.name);
            return Err(Raised::invalid(message));
        }
        rounds -= 1;
        let most = longest_answer(call);
        let ChatReply { tool_calls, verbatim, text, .. } = reply;
        let count = tool_calls.len();
        let asked = toolbox::heard(tool_calls, most);
        // A turn in the provider's own words holds every call, and each must be answered.
        let verbatim = verbatim.filter(|_| asked.len() == count);
        let answers = toolbox::answers(call, &asked, spent).await?;
        let text = tokens::front(&text, most);
        messages.push(Message { tool_calls: asked, verbatim, ..Message::text(Role::Assistant, text) });
        messages.extend(answers);
    }
}

/// Most tokens of an answer that is sent back, by the count that bounds use. A model's own count differs, and
/// what a request may hold is known before the run.
fn longest_answer(call: &Call<'_>) -> u64 {
    effort::answer_cap(call.prompt, &effort::chain(&call.inner.bundle().models, call.model))
}

/// What this model is asked. Every model of a chain gets its own: it may not know JSON.
fn request(call: &Call<'_>, model: &Model, messages: &[Message], tools: bool) -> Result<ChatRequest, Raised> {
    let bundle = call.inner.bundle();
    let mut messages = messages.to_vec();
    let mut prefix = render::prefix(call.prompt);
    let output = match bundle.ty(call.prompt.ret) {
        Type::Text { .. } => Output::Text,
        _ => {
            let shape = wire(bundle, call.prompt.ret, Profile::of(model));
            if model.can.contains(&Capability::Json) {
                let name = wire_name(&call.prompt.name);
                Output::Json { name, schema: shape.schema, strict: shape.strict }
            } else {
                messages.insert(0, render::schema_note(&shape.schema));
                prefix += 1;
                Output::Text
            }
        }
    };
    Ok(ChatRequest {
        model: model.id.to_string(),
        messages,
        output,
        max_output: Some(effort::output_cap(call.prompt, model)),
        temperature: render::temperature(call)?,
        tools: if tools { toolbox::specs(call)? } else { Vec::new() },
        logprobs: matches!(call.prompt.confidence, Some(Confidence::Logprob(_))),
        prefix: Prefix(prefix),
    })
}

/// The last part of a declared name, in the letters that providers allow.
fn wire_name(name: &str) -> String {
    let last = name.rsplit(['.', '/']).next().unwrap_or(name);
    let letter = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    last.chars().map(letter).take(64).collect()
}

#[cfg(test)]
mod tests;
