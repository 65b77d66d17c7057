//! From an event to a run, or to a write of a resource.

use std::sync::Arc;

use axum::http::Uri;
use flow_eval::json::decode;
use flow_eval::{Context, Value, eval};
use flow_ir::expr::Expr;
use flow_ir::flow::{Trigger, TriggerSource};
use flow_ir::setup::Callee;
use flow_ir::types::Type;
use flow_ir::{Bundle, NodeId};
use flow_runtime::clock::{Clock as _, SystemClock};
use flow_runtime::port::{Deltas, InvokeContext, Purse, Reply};
use flow_runtime::protocol::{Invocation, OpId, Outcome, RunHeader};
use flow_runtime::{IdempotencyKey, new_run_id};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use crate::access::Principal;
use crate::app::{App, Start};
use crate::problem::Problem;
use crate::served::{Served, verb_name};

/// What an event starts.
pub(crate) enum Target {
    /// A run.
    Run(Start),
    /// A write of a resource, under a key.
    Write(Box<Write>),
}

/// A write that belongs to no run. Under a `once`, a repetition changes nothing.
pub(crate) struct Write {
    pub(crate) callee: Callee,
    pub(crate) args: Vec<Value>,
    pub(crate) once: Option<String>,
}

/// An event decoded, and what the trigger makes of it.
pub(crate) fn target(bundle: &Bundle, trigger: &Trigger, event: &Json) -> Result<Target, Problem> {
    let event = match bundle.ty(trigger.event) {
        Type::Nothing => Value::Nothing,
        _ => decode(bundle, trigger.event, event)?,
    };
    let slots = [Some(event)];
    let cx = Context::new(bundle, &slots);
    let value = |expr: &Expr| eval(expr, &cx);
    let args = trigger.args.iter().map(value).collect::<Result<Vec<Value>, _>>()?;
    let once = trigger.once.as_ref().map(value).transpose()?.map(|value| key_of(&value));
    let once = once.map(|once| format!("{} {once}", name(bundle, trigger)));
    let Callee::Flow(flow) = trigger.target else {
        return Ok(Target::Write(Box::new(Write { callee: trigger.target, args, once })));
    };
    let flow_name = bundle.flow(flow).map(|flow| flow.name.clone()).unwrap_or_default();
    let lane = trigger.key.as_ref().map(value).transpose()?;
    let lane = lane.map(|key| format!("{flow_name} {}", key_of(&key)));
    Ok(Target::Run(Start { run: None, flow, args, lane, once }))
}

/// A text as it is; anything else by what it prints as in a debugger, which is unique.
fn key_of(value: &Value) -> String {
    value.as_text().map_or_else(|| format!("{value:?}"), str::to_owned)
}

/// What a trigger is called, in keys and in logs.
pub(crate) fn name(bundle: &Bundle, trigger: &Trigger) -> String {
    match &trigger.source {
        TriggerSource::Http(verb, path) => format!("{} {path}", verb_name(*verb)),
        TriggerSource::Queue(name) => format!("queue {name}"),
        TriggerSource::Broker(name) => format!("broker {name}"),
        TriggerSource::Cron(line, zone) => format!("cron {line} {zone}"),
        TriggerSource::Resource(id) => {
            let resource = bundle.resources.get(id.index());
            format!("resource {}", resource.map(|resource| resource.name.as_str()).unwrap_or_default())
        }
    }
}

/// A trigger for people.
pub(crate) fn line(bundle: &Bundle, trigger: &Trigger) -> String {
    let to = match trigger.target {
        Callee::Flow(flow) => bundle.flow(flow).map(|flow| flow.name.to_string()),
        Callee::Method(resource, _) => {
            bundle.resources.get(resource.index()).map(|resource| resource.name.to_string())
        }
        _ => None,
    };
    let where_to = match &trigger.source {
        TriggerSource::Queue(name) => format!("POST /v1/queues/{name}"),
        TriggerSource::Broker(_) | TriggerSource::Resource(_) => {
            format!("{} (not served by this version)", name(bundle, trigger))
        }
        TriggerSource::Http(..) | TriggerSource::Cron(..) => name(bundle, trigger),
    };
    format!("{where_to} -> {}", to.unwrap_or_default())
}

/// The query of an address as an event: text where the event has text, else JSON.
pub(crate) fn event_of_query(bundle: &Bundle, trigger: &Trigger, uri: &Uri) -> Result<Json, Problem> {
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|error| Problem::malformed(format!("the query: {error}")))?;
    let is_text = |name: &str| match bundle.ty(trigger.event) {
        Type::Record(record) => {
            let field = record.fields.iter().find(|field| field.wire == name);
            field.is_some_and(|field| is_text(bundle, field.ty))
        }
        _ => false,
    };
    let mut event = Map::new();
    for (name, text) in pairs.0 {
        // What is `none` is left out of a query; the word `null` is no number.
        let read = || serde_json::from_str(&text).ok().filter(|value: &Json| !value.is_null());
        let parsed = if is_text(&name) { None } else { read() };
        event.insert(name, parsed.unwrap_or(Json::String(text)));
    }
    Ok(Json::Object(event))
}

fn is_text(bundle: &Bundle, ty: flow_ir::TypeId) -> bool {
    match bundle.ty(ty) {
        Type::Text { .. } => true,
        Type::Optional { item } => is_text(bundle, *item),
        _ => false,
    }
}

fn invocation(write: Write, tenant: &str) -> Invocation {
    // Keys of operations are one space for all tenants.
    let once = write.once.map(|once| format!("{tenant} {once}"));
    Invocation {
        op: OpId(0),
        frame: 0,
        flow: flow_ir::FlowId(0),
        node: NodeId(0),
        branch: 0,
        visit: 1,
        callee: write.callee,
        args: write.args,
        filter: None,
        model: None,
        timeout_ms: None,
        left: None,
        pools: Vec::new(),
        arm: None,
        shadow: false,
        idempotency_key: IdempotencyKey::alone(once.map_or_else(new_run_id, SmolStr::from)),
    }
}

/// Writes, and waits until it is on the disk.
pub(crate) async fn write(app: &App, served: &Served, who: &Principal, write: Write) -> Result<(), Problem> {
    let invocation = Box::new(invocation(write, &who.tenant));
    let clock = Arc::new(SystemClock);
    let now_ms = clock.now_ms();
    let header = Arc::new(RunHeader {
        run: new_run_id(),
        tenant: who.tenant.clone(),
        user: who.name.clone(),
        flow: flow_ir::FlowId(0),
        args: Vec::new(),
        started_ms: now_ms,
        seed: 0,
        paused: Vec::new(),
    });
    let deltas = Deltas::new(None, Arc::clone(&header), invocation.op);
    let cx = InvokeContext { header, now_ms, clock, purse: Purse::default(), deltas };
    let outcome = match served.host().effects.invoke(&cx, invocation) {
        Reply::Now(outcome) => outcome,
        Reply::Later(outcome) => outcome.await,
    };
    if let Outcome::Err { class, message, .. } = outcome {
        return Err(Problem::of_class(class, &message));
    }
    // What was written before this mark is on the disk when the mark is.
    app.home.mark("written", now_ms).await.map_err(Problem::from)
}
