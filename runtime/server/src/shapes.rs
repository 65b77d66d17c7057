//! Flows that talk: text or messages in, text out.

use flow_eval::Value;
use flow_eval::json::decode;
use flow_ir::flow::Flow;
use flow_ir::types::{Field, Type};
use flow_ir::{Bundle, TypeId};
use serde_json::{Value as Json, json};

use crate::problem::Problem;

/// What a talking flow takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// The last thing the user said.
    Text,
    /// The whole conversation.
    Messages,
}

/// The shape of a flow that talks. Further parameters may be left out by callers, so they must be optional.
pub(crate) fn chat_shape(bundle: &Bundle, flow: &Flow) -> Option<Shape> {
    let is_text = |ty: TypeId| matches!(bundle.ty(ty), Type::Text { .. });
    let (first, rest) = flow.params.split_first()?;
    let optional = rest.iter().all(|param| matches!(bundle.ty(param.ty), Type::Optional { .. }));
    if !is_text(flow.ret) || !optional {
        return None;
    }
    match bundle.ty(first.ty) {
        Type::Text { .. } => Some(Shape::Text),
        Type::List { item, .. } => match bundle.ty(*item) {
            Type::Record(record) if record.name == "Message" => Some(Shape::Messages),
            _ => None,
        },
        _ => None,
    }
}

/// Messages of the chat protocol as a flow's arguments.
pub(crate) fn chat_args(
    bundle: &Bundle,
    flow: &Flow,
    shape: Shape,
    messages: &[Json],
) -> Result<Vec<Value>, Problem> {
    let all = messages.iter().map(message).collect::<Result<_, _>>()?;
    let first = match shape {
        Shape::Text => last_user(messages)?,
        Shape::Messages => Json::Array(all),
    };
    let Some((param, rest)) = flow.params.split_first() else { return Ok(Vec::new()) };
    let value = decode(bundle, param.ty, &first).map_err(|error| Problem::from(error).at("messages"))?;
    let absent = |_: &Field| Value::None;
    Ok(std::iter::once(value).chain(rest.iter().map(absent)).collect())
}

fn last_user(messages: &[Json]) -> Result<Json, Problem> {
    let said = messages.iter().rev().find(|message| message.get("role") == Some(&json!("user")));
    let said = said.ok_or_else(|| Problem::malformed("no message has the role `user`").at("messages"))?;
    Ok(Json::String(text_of(said)?))
}

/// A message as the language has it.
fn message(message: &Json) -> Result<Json, Problem> {
    let role = message.get("role").and_then(Json::as_str);
    let role = match role {
        Some("developer" | "system") => "system",
        Some(role @ ("user" | "assistant" | "tool")) => role,
        _ => return Err(Problem::malformed("a message has no role").at("messages")),
    };
    Ok(json!({ "role": role, "content": [{ "text": { "text": text_of(message)? } }] }))
}

fn text_of(message: &Json) -> Result<String, Problem> {
    match message.get("content") {
        Some(Json::String(text)) => Ok(text.clone()),
        Some(Json::Array(parts)) => parts.iter().map(part_text).collect(),
        Some(Json::Null) | None => Ok(String::new()),
        Some(_) => Err(Problem::malformed("the content of a message is no text").at("messages")),
    }
}

fn part_text(part: &Json) -> Result<String, Problem> {
    let text = part.get("text").and_then(Json::as_str);
    text.map(str::to_owned).ok_or_else(|| Problem::invalid("only text can be sent here").at("messages"))
}
