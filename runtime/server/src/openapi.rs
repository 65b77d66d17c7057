//! The addresses of a server as an OpenAPI 3.1 document.

use flow_eval::schema::{parameters, plain};
use flow_ir::flow::{Trigger, TriggerSource};
use flow_ir::setup::Callee;
use flow_ir::types::Type;
use flow_ir::{Bundle, TypeId};
use serde_json::{Map, Value as Json, json};

use crate::served::verb_name;

/// The document of a bundle.
pub(crate) fn document(bundle: &Bundle) -> Json {
    let mut paths = fixed(bundle);
    for trigger in &bundle.triggers {
        let (verb, path) = match &trigger.source {
            TriggerSource::Http(verb, path) => (verb_name(*verb).to_lowercase(), path.to_string()),
            TriggerSource::Queue(name) => ("post".to_owned(), format!("/v1/queues/{name}")),
            TriggerSource::Broker(_) | TriggerSource::Cron(..) | TriggerSource::Resource(_) => continue,
        };
        let is_queue = matches!(trigger.source, TriggerSource::Queue(_));
        let operation = operation(bundle, trigger, &verb, &path, is_queue);
        let place = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(verbs) = place.as_object_mut() {
            verbs.insert(verb, operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": bundle.package, "version": bundle.digest().short() },
        "paths": paths,
        "components": {
            "schemas": { "Problem": problem(), "Accepted": accepted() },
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
        },
        "security": [{ "key": [] }, {}],
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

/// `none` is told as 404, so a result is never `null`.
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
        json!({ "name": field.wire, "in": "query", "required": required, "schema": plain(bundle, field.ty) })
    };
    record.fields.iter().map(one).collect()
}

fn stream() -> Json {
    json!({
        "description": "Events: step, text, reset, line, then result, error or waiting",
        "content": { "text/event-stream": { "schema": { "type": "string" } } },
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

fn problem() -> Json {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["class", "message"],
            "properties": {
                "class": { "type": "string" },
                "message": { "type": "string" },
                "at": { "type": "string" },
                "run": { "type": "string" },
            },
        } },
    })
}

fn accepted() -> Json {
    json!({
        "type": "object",
        "required": ["run", "status", "url"],
        "properties": {
            "run": { "type": "string" },
            "status": { "type": "string" },
            "url": { "type": "string" },
            "questions": { "type": "array", "items": { "type": "string" } },
        },
    })
}

/// What every server has.
fn fixed(bundle: &Bundle) -> Map<String, Json> {
    let any = json!({ "type": "object" });
    let get = |what: &str, parameters: Json| {
        let mut responses = problems();
        put(&mut responses, "200", answer(what, &any));
        json!({ "get": { "summary": what, "parameters": parameters, "responses": responses } })
    };
    let post = |what: &str, parameters: Json, body: Json| {
        let mut responses = problems();
        put(&mut responses, "200", answer(what, &any));
        put(&mut responses, "202", answer("The run goes on", &any));
        put(&mut responses, "409", answer("Too late", &reference("Problem")));
        let body = json!({ "content": { "application/json": { "schema": body } } });
        json!({ "post": { "summary": what, "parameters": parameters, "requestBody": body, "responses": responses } })
    };
    let path = |name: &str| json!([{ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }]);
    let inputs: Vec<Json> =
        bundle.flows.iter().filter(|flow| flow.public).map(|flow| begin(bundle, flow)).collect();
    let start = if inputs.is_empty() { any.clone() } else { json!({ "oneOf": inputs }) };
    let mut runs = get("The newest runs", json!([]));
    if let (Some(verbs), Some(Json::Object(more))) =
        (runs.as_object_mut(), Some(post("Start a flow", json!([]), start)))
    {
        verbs.extend(more);
    }
    let mut paths = Map::new();
    paths.insert("/v1/runs".to_owned(), runs);
    paths.insert("/v1/runs/{run}".to_owned(), get("A run", path("run")));
    paths.insert("/v1/runs/{run}/lineage".to_owned(), get("What it did", path("run")));
    paths.insert("/v1/runs/{run}/cancel".to_owned(), post("End a run", path("run"), any.clone()));
    paths.insert("/v1/questions".to_owned(), get("What people are asked", json!([])));
    paths.insert("/v1/questions/{question}".to_owned(), get("A question", path("question")));
    paths.insert(
        "/v1/questions/{question}/answer".to_owned(),
        post("Answer a question", path("question"), json!({})),
    );
    paths
}

fn begin(bundle: &Bundle, flow: &flow_ir::flow::Flow) -> Json {
    json!({
        "type": "object",
        "required": ["flow", "input"],
        "additionalProperties": false,
        "properties": {
            "flow": { "const": flow.name },
            "input": parameters(bundle, &flow.params),
            "once": { "type": "string" },
            "key": { "type": "string" },
            "wait_ms": { "type": "integer", "minimum": 0 },
        },
    })
}
