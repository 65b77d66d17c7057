//! From a reply to a value, strictly.

use flow_eval::Value;
use flow_eval::json::{decode, validate};
use flow_eval::schema::{WRAPPER, structured};
use flow_ir::effort::NOTE_TOKENS;
use flow_ir::tokens;
use flow_ir::types::Type;
use flow_model::{ChatReply, Finish};
use serde_json::Value as Json;

use super::Call;

/// Why a reply is no value.
pub(super) enum Unusable {
    /// The model or its provider declines: not repaired, not asked elsewhere.
    Refused(String),
    /// What is wrong with it: may be repaired.
    Invalid(String),
}

pub(super) fn value(call: &Call<'_>, reply: &ChatReply) -> Result<Value, Unusable> {
    if let Some(refusal) = refusal(call, reply) {
        return Err(Unusable::Refused(refusal));
    }
    if matches!(reply.finish, Finish::Length | Finish::ContextExceeded) {
        let tokens = reply.usage.as_ref().and_then(|usage| usage.output);
        let after = tokens.map(|tokens| format!(" after {tokens} tokens")).unwrap_or_default();
        return Err(Unusable::Invalid(format!("it was cut off{after}; raise `output`, or ask for less")));
    }
    let bundle = call.inner.bundle();
    let ret = call.prompt.ret;
    if matches!(bundle.ty(ret), Type::Text { .. }) {
        let value = Value::text(reply.text.as_str());
        return match validate(bundle, ret, &value) {
            Ok(()) => Ok(value),
            Err(error) => Err(Unusable::Invalid(error.to_string())),
        };
    }
    let json = json_of(&reply.text).map_err(Unusable::Invalid)?;
    let json =
        if structured(bundle, ret).wrapped { unwrapped(json).map_err(Unusable::Invalid)? } else { json };
    decode(bundle, ret, &json).map_err(|error| Unusable::Invalid(error.to_string()))
}

fn refusal(call: &Call<'_>, reply: &ChatReply) -> Option<String> {
    let name = &call.prompt.name;
    match (&reply.refusal, &reply.finish) {
        (Some(_), _) | (None, Finish::Refusal) => Some(format!("the model declines to answer `{name}`")),
        (None, Finish::ContentFilter) => {
            Some(format!("the provider's content filter stopped the answer to `{name}`"))
        }
        (None, _) => None,
    }
}

/// The text as JSON. A code fence around all of it is taken off: models put it there, and it says nothing.
fn json_of(text: &str) -> Result<Json, String> {
    let trimmed = text.trim();
    let fenced = trimmed.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let inner = fenced.map(|rest| rest.strip_prefix("json").unwrap_or(rest)).unwrap_or(trimmed);
    serde_json::from_str(inner).map_err(|error| {
        if inner.trim().is_empty() {
            return "it is empty, not JSON".to_owned();
        }
        format!("it is no JSON: {} at line {} column {}", syntax(&error), error.line(), error.column())
    })
}

/// What kind of mistake, without quoting the answer.
fn syntax(error: &serde_json::Error) -> &'static str {
    if error.is_eof() { "it ends too early" } else { "a mistake" }
}

fn unwrapped(json: Json) -> Result<Json, String> {
    let wrong = || format!("$: it must be an object with the field `{WRAPPER}` and no other");
    let Json::Object(mut object) = json else { return Err(wrong()) };
    match object.shift_remove(WRAPPER) {
        Some(value) if object.is_empty() => Ok(value),
        Some(_) | None => Err(wrong()),
    }
}

/// What the model is told about its answer.
pub(super) fn repair_note(problem: &str) -> String {
    let problem = tokens::front(problem, NOTE_TOKENS);
    format!(
        "That answer cannot be used: {problem}\nAnswer again, complete, with this corrected and nothing else changed."
    )
}
