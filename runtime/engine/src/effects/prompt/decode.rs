//! From a reply to a value: tolerant of form, strict about meaning.

use flow_eval::json::validate;
use flow_eval::schema::structured;
use flow_eval::{Value, answer};
use flow_ir::effort::NOTE_TOKENS;
use flow_ir::tokens;
use flow_ir::types::Type;
use flow_model::{ChatReply, Finish};

use super::Call;
use crate::effects::spent::Spent;

/// Why a reply is no value.
pub(super) enum Unusable {
    /// The model or its provider declines: not repaired, not asked elsewhere.
    Refused(String),
    /// What is wrong with it: may be repaired.
    Invalid(String),
}

pub(super) fn value(call: &Call<'_>, reply: &ChatReply, spent: &mut Spent) -> Result<Value, Unusable> {
    if let Some(refusal) = refusal(call, reply) {
        return Err(Unusable::Refused(refusal));
    }
    if reply.finish.is_cut() {
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
    let wrapped = structured(bundle, ret).wrapped;
    let answer = answer::read(bundle, ret, wrapped, &reply.text);
    let answer = answer.map_err(|error| Unusable::Invalid(error.to_string()))?;
    spent.facts.tolerances = answer.tolerances.iter().map(|one| one.name().into()).collect();
    Ok(answer.value)
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

/// What the model is told about its answer.
pub(super) fn repair_note(problem: &str) -> String {
    let problem = tokens::front(problem, NOTE_TOKENS);
    format!(
        "That answer cannot be used: {problem}\nAnswer again, complete, with this corrected and nothing else changed."
    )
}
