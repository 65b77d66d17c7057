//! Read-only tools that a model may call by itself.

use flow_eval::Value;
use flow_eval::json::{decode, encode};
use flow_eval::schema::structured_parameters;
use flow_ir::effort::{CALLS_A_ROUND, NOTE_TOKENS, TOOL_SEARCH_TOP};
use flow_ir::setup::{Callee, Effect, Method, PromptTool};
use flow_ir::units::ErrorClass;
use flow_ir::{Bundle, ResourceId, ToolId, TypeId, tokens};
use flow_model::{Message, Role, ToolCall, ToolSpec};
use serde_json::{Value as Json, json};

use super::{Call, wire_name};
use crate::effects::spent::{Raised, Spent};
use crate::effects::{resource, tool};
use crate::protocol::{Invocation, Outcome};

/// What the model is told about its tools.
pub(super) fn specs(call: &Call<'_>) -> Result<Vec<ToolSpec>, Raised> {
    call.prompt.tools.iter().map(|tool| spec(call.inner.bundle(), *tool)).collect()
}

fn spec(bundle: &Bundle, tool: PromptTool) -> Result<ToolSpec, Raised> {
    let missing = || Raised::invalid("a prompt names a tool that is not there");
    match tool {
        PromptTool::Tool(id) => {
            let tool = bundle.tools.get(id.index()).ok_or_else(missing)?;
            // The compiler refuses this; a foreign bundle may hold it.
            if tool.effect != Effect::Read {
                return Err(Raised::invalid(format!("a model may not call `{}`: it writes", tool.name)));
            }
            Ok(ToolSpec {
                name: wire_name(&tool.name),
                description: tool.doc.to_string(),
                parameters: structured_parameters(bundle, &tool.params),
            })
        }
        PromptTool::Method(id, Method::IndexSearch) => {
            let resource = bundle.resources.get(id.index()).ok_or_else(missing)?;
            Ok(ToolSpec {
                name: search_name(&resource.name),
                description: format!("Searches {}.", resource.name),
                parameters: json!({
                    "type": "object",
                    "properties": { "text": { "type": "string", "description": "What to look for." } },
                    "required": ["text"],
                    "additionalProperties": false,
                }),
            })
        }
        PromptTool::Method(..) => Err(Raised::invalid("of resources, a model may call `search` only")),
    }
}

fn search_name(resource: &str) -> String {
    wire_name(&format!("{resource}_search"))
}

/// The calls of one round that are answered: so many, and so many tokens, as the bounds count on.
pub(super) fn heard(mut asked: Vec<ToolCall>, most: u64) -> Vec<ToolCall> {
    let mut left = most;
    let mut fits = |call: &ToolCall| {
        let needed = tokens::count(&call.name) + tokens::count(&call.arguments);
        let rest = left.checked_sub(needed);
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    let count = asked.iter().map(&mut fits).take_while(|fits| *fits).take(CALLS_A_ROUND).count();
    asked.truncate(count);
    asked
}

/// Performs what the model asks for. What goes wrong is told to the model, except what ends the call.
pub(super) async fn answers(
    call: &Call<'_>,
    asked: &[ToolCall],
    spent: &mut Spent,
) -> Result<Vec<Message>, Raised> {
    let mut messages = Vec::new();
    for one in asked {
        let text = match answer(call, one, spent).await {
            Ok(json) => json.to_string(),
            Err(raised) if raised.class == ErrorClass::Budget => return Err(raised),
            Err(raised) => json!({ "error": tokens::front(&raised.message, NOTE_TOKENS) }).to_string(),
        };
        messages.push(Message { answers: Some(one.id.clone()), ..Message::text(Role::Tool, text) });
    }
    Ok(messages)
}

async fn answer(call: &Call<'_>, asked: &ToolCall, spent: &mut Spent) -> Result<Json, Raised> {
    let bundle = call.inner.bundle();
    let named = |tool: &&PromptTool| spec(bundle, **tool).is_ok_and(|spec| spec.name == asked.name);
    let found = call.prompt.tools.iter().find(named);
    let json: Json = serde_json::from_str(if asked.arguments.is_empty() { "{}" } else { &asked.arguments })
        .map_err(|_| Raised::invalid("the arguments are no JSON"))?;
    match found {
        Some(PromptTool::Tool(id)) => tool_answer(call, *id, &json, spent).await,
        Some(PromptTool::Method(id, method)) => method_answer(call, (*id, *method), &json, spent).await,
        None => Err(Raised::invalid(format!("there is no tool `{}`", asked.name))),
    }
}

async fn tool_answer(call: &Call<'_>, id: ToolId, json: &Json, spent: &mut Spent) -> Result<Json, Raised> {
    let bundle = call.inner.bundle();
    let tool = bundle.tools.get(id.index()).ok_or_else(|| Raised::invalid("no such tool"))?;
    let known = |name: &String| tool.params.iter().any(|param| param.wire == name.as_str());
    if let Some(unknown) = json.as_object().and_then(|object| object.keys().find(|name| !known(name))) {
        return Err(Raised::invalid(format!("there is no parameter `{unknown}`")));
    }
    let arg = |param: &flow_ir::types::Field| {
        let given = json.get(param.wire.as_str()).unwrap_or(&Json::Null);
        decode(bundle, param.ty, given).map_err(|error| Raised::invalid(format!("`{}`: {error}", param.wire)))
    };
    let args: Result<Vec<Value>, Raised> = tool.params.iter().map(arg).collect();
    let inner_call = Invocation { callee: Callee::Tool(id), args: args?, ..call.invocation.clone() };
    let mut own = Spent::new(call.cx, &inner_call);
    let result = tool::call(call.inner, call.cx, &inner_call, id, &mut own).await;
    spent.pay(own.facts.cost);
    Ok(encode(bundle, tool.ret, &result?))
}

async fn method_answer(
    call: &Call<'_>,
    (id, method): (ResourceId, Method),
    json: &Json,
    spent: &mut Spent,
) -> Result<Json, Raised> {
    let text = json.get("text").and_then(Json::as_str).ok_or_else(|| Raised::invalid("`text` is missing"))?;
    let args = vec![Value::text(text), Value::Int(i64::from(TOOL_SEARCH_TOP)), Value::None];
    let inner_call =
        Invocation { callee: Callee::Method(id, method), args, filter: None, ..call.invocation.clone() };
    let outcome = resource::perform(call.inner, call.cx, &inner_call, id, method).await;
    let item: TypeId =
        call.inner.bundle().resources.get(id.index()).map_or(TypeId(0), |resource| resource.item);
    match outcome {
        Outcome::Ok { value, facts } => {
            spent.pay(facts.cost);
            let hits = value.as_list().unwrap_or_default();
            Ok(hits.iter().map(|hit| encode(call.inner.bundle(), item, hit)).collect())
        }
        Outcome::Err { class, message, facts } => {
            spent.pay(facts.cost);
            Err(Raised::new(class, message))
        }
    }
}
