//! The addresses of a server as an OpenAPI 3.1 document.

use flow_eval::schema::{parameters, plain};
use flow_ir::flow::{Flow, Trigger, TriggerSource};
use flow_ir::setup::{Callee, Resource, ResourceKind};
use flow_ir::types::Type;
use flow_ir::{Bundle, TypeId};
use serde_json::{Map, Value as Json, json};

use crate::served::verb_name;

/// What every server has: addresses and schemas.
const FIXED: &str = include_str!("openapi/fixed.json");

/// The document of a bundle. Who may use the server is not in it: see [`secured`].
pub(crate) fn document(bundle: &Bundle) -> Json {
    let (mut paths, mut schemas) = fixed();
    schemas.insert("Begin".to_owned(), begin(bundle));
    schemas.insert("Answer".to_owned(), any_of(bundle, bundle.humans.iter().map(|human| human.ret)));
    for trigger in &bundle.triggers {
        let (verb, path) = match &trigger.source {
            TriggerSource::Http(verb, path) => (verb_name(*verb).to_lowercase(), path.to_string()),
            TriggerSource::Queue(name) => ("post".to_owned(), format!("/v1/queues/{name}")),
            TriggerSource::Broker(_) | TriggerSource::Cron(..) | TriggerSource::Resource(_) => continue,
        };
        let is_queue = matches!(trigger.source, TriggerSource::Queue(_));
        let operation = operation(bundle, trigger, &verb, &path, is_queue);
        add(&mut paths, path, verb, operation);
    }
    for resource in bundle.resources.iter().filter(|resource| resource.kind == ResourceKind::Events) {
        let path = format!("/v1/events/{}", resource.name);
        add(&mut paths, path, "post".to_owned(), event(bundle, resource));
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": bundle.package, "version": bundle.digest().short() },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
        },
    })
}

/// The document as this server means it: with keys, or for everybody on its machine.
pub(crate) fn secured(document: &Json, is_open: bool) -> Json {
    let mut document = document.clone();
    if let Some(fields) = document.as_object_mut() {
        let security = if is_open { json!([]) } else { json!([{ "key": [] }]) };
        fields.insert("security".to_owned(), security);
    }
    document
}

/// With the addresses and schemas of something else.
pub(crate) fn with(mut document: Json, more: &Json) -> Json {
    let places = [("paths", "/paths"), ("schemas", "/components/schemas")];
    for (part, place) in places {
        let found = more.get(part).and_then(Json::as_object);
        if let (Some(there), Some(found)) = (document.pointer_mut(place).and_then(Json::as_object_mut), found)
        {
            there.extend(found.clone());
        }
    }
    document
}

/// The file is ours: what it lacks, a test misses.
fn fixed() -> (Map<String, Json>, Map<String, Json>) {
    let mut fixed: Json = serde_json::from_str(FIXED).unwrap_or_default();
    let mut part = |name: &str| match fixed.get_mut(name).map(Json::take) {
        Some(Json::Object(part)) => part,
        _ => Map::new(),
    };
    (part("paths"), part("schemas"))
}

fn add(paths: &mut Map<String, Json>, path: String, verb: String, operation: Json) {
    let place = paths.entry(path).or_insert_with(|| json!({}));
    if let Some(verbs) = place.as_object_mut() {
        verbs.insert(verb, operation);
    }
}

fn event(bundle: &Bundle, resource: &Resource) -> Json {
    let mut responses = problems();
    put(&mut responses, "204", json!({ "description": "Written" }));
    json!({
        "operationId": format!("events_{}", resource.name),
        "summary": format!("What flows wait for with `{}.wait(key)`", resource.name),
        "requestBody": { "required": true, "content": { "application/json": { "schema": {
            "type": "object",
            "required": ["key", "value"],
            "additionalProperties": false,
            "properties": {
                "key": { "type": "string" },
                "value": plain(bundle, resource.item),
                "once": { "type": ["string", "null"] },
            },
        } } } },
        "responses": responses,
    })
}

fn operation(bundle: &Bundle, trigger: &Trigger, verb: &str, path: &str, is_queue: bool) -> Json {
    let flow = match trigger.target {
        Callee::Flow(flow) => bundle.flow(flow),
        _ => None,
    };
    let mut responses = problems();
    match flow {
        Some(_) if is_queue => put(&mut responses, "202", answer("Accepted", &reference("Accepted"))),
        Some(flow) => {
            let ok = match bundle.ty(flow.ret) {
                Type::Nothing => ("204", json!({ "description": "Done" })),
                _ if trigger.stream => ("200", stream()),
                _ => ("200", answer("The flow's result", &plain(bundle, result_of(bundle, flow.ret)))),
            };
            put(&mut responses, ok.0, ok.1);
            put(&mut responses, "202", answer("The run goes on", &reference("Accepted")));
            put(&mut responses, "409", answer("The run was cancelled", &reference("Problem")));
            put(&mut responses, "500", answer("The flow failed", &reference("Problem")));
        }
        None => put(&mut responses, "204", json!({ "description": "Written" })),
    }
    let summary = flow.map(|flow| flow.doc.to_string()).filter(|doc| !doc.is_empty());
    let mut operation = json!({
        "operationId": format!("{verb}{}", path.replace('/', "_")),
        "summary": summary.or_else(|| flow.map(|flow| flow.name.to_string())).unwrap_or_default(),
        "responses": responses,
    });
    if let Some(fields) = operation.as_object_mut() {
        if verb == "get" || verb == "delete" {
            fields.insert("parameters".to_owned(), query(bundle, trigger.event));
        } else if !matches!(bundle.ty(trigger.event), Type::Nothing) {
            let schema = plain(bundle, trigger.event);
            let body = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
            fields.insert("requestBody".to_owned(), body);
        }
    }
    operation
}

/// What is there if it is there: `none` is told as 404, and a query leaves it out.
fn result_of(bundle: &Bundle, ret: TypeId) -> TypeId {
    match bundle.ty(ret) {
        Type::Optional { item } => *item,
        _ => ret,
    }
}

fn query(bundle: &Bundle, event: TypeId) -> Json {
    let Type::Record(record) = bundle.ty(event) else { return json!([]) };
    let one = |field: &flow_ir::types::Field| {
        let required = !matches!(bundle.ty(field.ty), Type::Optional { .. });
        let schema = plain(bundle, result_of(bundle, field.ty));
        json!({ "name": field.wire, "in": "query", "required": required, "schema": schema })
    };
    record.fields.iter().map(one).collect()
}

fn stream() -> Json {
    json!({
        "description": "Events: step, text, reset, line, paused, then result, error or waiting",
        "content": { "text/event-stream": { "schema": {
            "type": "object",
            "required": ["data"],
            "properties": { "event": { "type": "string" }, "data": { "type": "string" } },
        } } },
    })
}

fn answer(description: &str, schema: &Json) -> Json {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn put(responses: &mut Map<String, Json>, status: &str, response: Json) {
    responses.insert(status.to_owned(), response);
}

/// What every address may answer.
fn problems() -> Map<String, Json> {
    let all = [
        ("400", "The request is malformed"),
        ("401", "A key is needed"),
        ("403", "The key may not do this"),
        ("404", "There is nothing of this name"),
        ("408", "The body did not come in time"),
        ("413", "The body is too large"),
        ("422", "The input does not fit its type"),
        ("429", "Too much at once; see retry-after"),
        ("503", "Not now; see retry-after"),
    ];
    all.into_iter().map(|(status, what)| (status.to_owned(), answer(what, &reference("Problem")))).collect()
}

/// What one of these types holds; anything, if there is none.
fn any_of(bundle: &Bundle, types: impl Iterator<Item = TypeId>) -> Json {
    let mut shapes: Vec<Json> = types.map(|ty| plain(bundle, ty)).collect();
    shapes.dedup();
    if shapes.is_empty() { json!({}) } else { json!({ "anyOf": shapes }) }
}

/// What starts a flow.
fn begin(bundle: &Bundle) -> Json {
    let one = |flow: &Flow| {
        json!({
            "type": "object",
            "required": ["flow", "input"],
            "additionalProperties": false,
            "properties": {
                "flow": { "const": flow.name },
                "input": parameters(bundle, &flow.params),
                "once": { "type": ["string", "null"] },
                "key": { "type": ["string", "null"] },
                "wait_ms": { "type": "integer", "minimum": 0, "maximum": u32::MAX },
            },
        })
    };
    let inputs: Vec<Json> = bundle.flows.iter().filter(|flow| flow.public).map(one).collect();
    if inputs.is_empty() { json!({ "type": "object" }) } else { json!({ "oneOf": inputs }) }
}
