//! Calling a tool: evaluate, attempt, retry, decode.

use flow_eval::json::{DecodeOptions, UnknownFields, decode_with, encode};
use flow_eval::{Value, eval};
use flow_ir::effort;
use flow_ir::expr::{Expr, ExprKind, Part};
use flow_ir::setup::{Effect, HttpMethod, Tool, Transport};
use flow_ir::tool_schema::{self, ToolSchema};
use flow_ir::types::{Field, Type};
use flow_ir::units::ErrorClass;
use flow_ir::{Bundle, ToolId, TypeId};
use flow_policy::budget::Amount;
use flow_policy::quota::Kind;
use flow_policy::retry::{Failure, Plan, Verdict, after_failure};
use flow_providers::http::Trust;
use flow_providers::mcp::McpCall;
use flow_providers::tool::{ToolError, ToolReply};
use flow_providers::tool_command::CommandCall;
use flow_providers::tool_http::HttpCall;
use serde_json::{Map, Value as Json};

use super::gates;
use super::outside::Attempt;
use super::performer::{Inner, slots_of};
use super::spent::{Raised, Spent, pause};
use crate::port::InvokeContext;
use crate::protocol::Invocation;

pub(crate) async fn call(
    inner: &Inner,
    cx: &InvokeContext,
    invocation: &Invocation,
    id: ToolId,
    spent: &mut Spent,
) -> Result<Value, Raised> {
    let tool = inner.bundle().tools.get(id.index()).ok_or_else(|| Raised::invalid("no such tool"))?;
    let reservation =
        cx.purse.reserve(Amount { cost: tool.cost, tokens: 0 }, cx.clock.now_ms()).map_err(|_| {
            let message = format!("`{}` costs {}, and less is left", tool.name, tool.cost);
            Raised::new(ErrorClass::Budget, message)
        })?;
    reservation.kept().await;
    let reply = attempts(inner, cx, invocation, (id, tool), spent).await;
    reservation.settle(Amount { cost: tool.cost, tokens: 0 });
    spent.pay(tool.cost);
    decode(inner.bundle(), tool, reply?)
}

/// Tries until it works or trying again makes no sense. Writes are repeated only under a key.
async fn attempts(
    inner: &Inner,
    cx: &InvokeContext,
    invocation: &Invocation,
    (id, tool): (ToolId, &Tool),
    spent: &mut Spent,
) -> Result<ToolReply, Raised> {
    let args = arguments(inner.bundle(), &tool.params, &invocation.args);
    let prepared = prepare(inner, tool, invocation, &args)?;
    let plan = Plan::new(effort::tool_retries(tool));
    let target = inner.gates.tool(id).ok_or_else(|| Raised::invalid("no such tool"))?;
    let mut retried = None;
    loop {
        let pass = gates::enter(target, &tool.name, cx, spent).await?;
        let timeout_ms = spent.attempt_ms(cx, tool.timeout_ms);
        let permit = inner.gates.tool_permit(id).await;
        spent.facts.attempts += 1;
        let started_ms = cx.clock.now_ms();
        let result = inner.with.outside.tool(tool, &args, timed(&prepared, timeout_ms)).await;
        drop(permit);
        let took_ms = cx.clock.now_ms().saturating_sub(started_ms).max(0).unsigned_abs();
        pass.end_tool(result.as_ref().err(), took_ms, timeout_ms < tool.timeout_ms, retried);
        let error = match result {
            Ok(reply) => return Ok(reply),
            Err(error) => error,
        };
        let failure = Failure {
            attempts: spent.facts.attempts,
            retryable: error.retryable,
            retry_after_ms: error.retry_after_ms,
            remaining_ms: spent.remaining_ms(cx),
        };
        match after_failure(&plan, &failure, spent.draw()) {
            Verdict::Again { after_ms } if target.may_retry(Kind::Other) => {
                retried = Some(Kind::Other);
                pause(cx, after_ms).await;
            }
            Verdict::Again { .. } | Verdict::GiveUp(_) => {
                return Err(raised(tool, error, spent.facts.attempts));
            }
        }
    }
}

fn raised(tool: &Tool, error: ToolError, attempts: u32) -> Raised {
    let times = if attempts > 1 { format!(" ({attempts} attempts)") } else { String::new() };
    let doubt = tool.effect != Effect::Read && !tool.once && error.class == ErrorClass::Timeout;
    let doubt = if doubt { "; whether it was done is not known" } else { "" };
    Raised::new(error.class, format!("{}{times}{doubt}", error.message))
}

fn timed(attempt: &Attempt, timeout_ms: u64) -> Attempt {
    match attempt.clone() {
        Attempt::Http(call) => Attempt::Http(HttpCall { timeout_ms, ..call }),
        Attempt::Command(call) => Attempt::Command(CommandCall { timeout_ms, ..call }),
        Attempt::Mcp(call) => Attempt::Mcp(McpCall { timeout_ms, ..call }),
    }
}

/// Arguments as a JSON object in wire names; absent optional ones are left out.
pub(crate) fn arguments(bundle: &Bundle, params: &[Field], args: &[Value]) -> Json {
    let present = params.iter().zip(args).filter(|(_, value)| **value != Value::None);
    let fields = present.map(|(field, value)| (field.wire.to_string(), encode(bundle, field.ty, value)));
    Json::Object(fields.collect::<Map<_, _>>())
}

fn prepare(inner: &Inner, tool: &Tool, invocation: &Invocation, args: &Json) -> Result<Attempt, Raised> {
    let slots = slots_of(&invocation.args);
    let cx = inner.context(&slots);
    let text = |expr: &Expr| eval(expr, &cx).map(|value| value.as_text().unwrap_or_default().to_owned());
    let key = tool.once.then(|| invocation.idempotency_key.to_string());
    match &tool.transport {
        Transport::Http { method, url, headers, body } => {
            let headers: Result<Vec<_>, _> = headers
                .iter()
                .map(|(name, expr)| text(expr).map(|value| (name.to_string(), value)))
                .collect();
            let sends_arguments = !matches!(method, HttpMethod::Get | HttpMethod::Delete);
            let body = match body {
                Some(expr) => Some(encode(inner.bundle(), expr.ty, &eval(expr, &cx)?)),
                None => sends_arguments.then(|| args.clone()),
            };
            let ret = inner.bundle().ty(tool.ret);
            Ok(Attempt::Http(HttpCall {
                tool: tool.name.to_string(),
                method: *method,
                url: text(url)?,
                trust: if has_literal_host(url) { Trust::Literal } else { Trust::Computed },
                headers: headers?,
                body,
                auth: None,
                idempotency_key: key,
                optional: matches!(ret, Type::Optional { .. }),
                text: is_text(inner.bundle(), tool.ret),
                discard: matches!(ret, Type::Nothing),
                timeout_ms: tool.timeout_ms,
            }))
        }
        Transport::Command { program, args: words } => {
            let words: Result<Vec<_>, _> = words.iter().map(text).collect();
            Ok(Attempt::Command(CommandCall {
                tool: tool.name.to_string(),
                program: program.to_string(),
                args: words?,
                input: args.clone(),
                directory: std::path::PathBuf::new(),
                auth: None,
                idempotency_key: key,
                timeout_ms: tool.timeout_ms,
            }))
        }
        Transport::Mcp { server, tool: name, locked } => Ok(Attempt::Mcp(McpCall {
            tool: tool.name.to_string(),
            server: server.to_string(),
            name: name.to_string(),
            arguments: with_required(args, locked.as_deref()),
            text: is_text(inner.bundle(), tool.ret),
            object: tool_schema::is_object(inner.bundle(), tool.ret),
            locked: locked.clone(),
            idempotency_key: key,
            timeout_ms: tool.timeout_ms,
        })),
        Transport::Wasm { .. } => Err(cannot(tool, "WebAssembly")),
    }
}

fn cannot(tool: &Tool, what: &str) -> Raised {
    let message = format!("`{}` is reached through {what}, which this build cannot yet", tool.name);
    Raised::new(ErrorClass::Failed, message)
}

/// An argument that the server wants in any case is sent as `null` where there is none.
fn with_required(args: &Json, locked: Option<&ToolSchema>) -> Json {
    let mut args = args.clone();
    if let (Json::Object(args), Some(locked)) = (&mut args, locked) {
        for name in locked.required() {
            args.entry(name).or_insert(Json::Null);
        }
    }
    args
}

fn is_text(bundle: &Bundle, ty: TypeId) -> bool {
    match bundle.ty(ty) {
        Type::Text { .. } => true,
        Type::Optional { item } => matches!(bundle.ty(*item), Type::Text { .. }),
        _ => false,
    }
}

/// Whether scheme and host are written before the first hole, so that no value can change where a call goes.
fn has_literal_host(url: &Expr) -> bool {
    let (front, whole) = match &url.kind {
        ExprKind::Const(flow_ir::expr::Const::Text(text)) => (text.as_str(), true),
        ExprKind::Template(parts) => match parts.first() {
            Some(Part::Text(text)) => (text.as_str(), parts.len() == 1),
            _ => ("", false),
        },
        _ => ("", false),
    };
    let Some((_, rest)) = front.split_once("://") else { return false };
    // What comes before a hole is the whole host only if a `/`, `?` or `#` ends it.
    whole || rest.contains(['/', '?', '#'])
}

fn decode(bundle: &Bundle, tool: &Tool, reply: ToolReply) -> Result<Value, Raised> {
    let ret = bundle.ty(tool.ret);
    let json = match reply {
        ToolReply::Json(_) | ToolReply::Empty if matches!(ret, Type::Nothing) => return Ok(Value::Nothing),
        ToolReply::Json(json) => json,
        ToolReply::Empty | ToolReply::Absent if matches!(ret, Type::Optional { .. }) => {
            return Ok(Value::None);
        }
        ToolReply::Empty | ToolReply::Absent => {
            return Err(Raised::invalid(format!("`{}` answered with nothing", tool.name)));
        }
    };
    let options = DecodeOptions { unknown_fields: UnknownFields::Ignore };
    decode_with(bundle, tool.ret, &json, options).map_err(|error| {
        Raised::invalid(format!("`{}` answered something that does not fit: {error}", tool.name))
    })
}

#[cfg(test)]
mod tests;
