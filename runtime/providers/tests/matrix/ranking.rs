//! Texts in the order of their relevance: every protocol that does it.

use std::sync::Arc;

use flow_ir::setup::{Model, Provider};
use flow_model::{ErrorKind, ModelClient, ModelError, Patience, Phase, RerankReply, RerankRequest};
use flow_providers::{FixedSecrets, Providers, Routing};
use serde_json::{Value, json};

use crate::server::{End, Script, Server};
use crate::{KEY, PATIENT, egress, wait};

struct Wire {
    provider: Provider,
    base: &'static str,
    path: &'static str,
    sent: fn() -> Value,
    /// An answer with these entries: `[position, score]`.
    answer: fn(&[(Value, Value)]) -> Value,
    tokens: Option<u64>,
}

fn relevance(entries: &[(Value, Value)]) -> Vec<Value> {
    let one = |(index, score): &(Value, Value)| json!({ "index": index, "relevance_score": score, "new": 1 });
    entries.iter().map(one).collect()
}

fn jina_sent() -> Value {
    json!({ "model": "m-1", "query": "q", "documents": ["a", "b", "c"], "top_n": 3, "return_documents": false })
}

fn jina_answer(entries: &[(Value, Value)]) -> Value {
    json!({ "model": "m-1", "results": relevance(entries), "usage": { "total_tokens": 4 } })
}

fn every() -> [Wire; 5] {
    let jina = |provider, base, path| Wire {
        provider,
        base,
        path,
        sent: jina_sent,
        answer: jina_answer,
        tokens: Some(4),
    };
    [
        jina(Provider::Jina, "", "/v1/rerank"),
        jina(Provider::OpenaiCompatible, "/v1", "/v1/rerank"),
        Wire {
            provider: Provider::Cohere,
            base: "",
            path: "/v2/rerank",
            sent: || json!({ "model": "m-1", "query": "q", "documents": ["a", "b", "c"], "top_n": 3 }),
            answer: |entries| {
                json!({ "id": "r", "results": relevance(entries),
                    "meta": { "billed_units": { "search_units": 1 } } })
            },
            tokens: None,
        },
        Wire {
            provider: Provider::Voyage,
            base: "",
            path: "/v1/rerank",
            sent: || json!({ "model": "m-1", "query": "q", "documents": ["a", "b", "c"], "return_documents": false }),
            answer: |entries| json!({ "object": "list", "data": relevance(entries), "usage": { "total_tokens": 4 } }),
            tokens: Some(4),
        },
        Wire {
            provider: Provider::Tei,
            base: "",
            path: "/rerank",
            sent: || json!({ "query": "q", "texts": ["a", "b", "c"], "return_text": false }),
            answer: |entries| {
                let one = |(index, score): &(Value, Value)| json!({ "index": index, "score": score });
                entries.iter().map(one).collect()
            },
            tokens: None,
        },
    ]
}

fn client(wire: &Wire, server: &Server) -> Arc<dyn ModelClient> {
    let names = ["COHERE_API_KEY", "VOYAGE_API_KEY", "JINA_API_KEY"];
    let secrets = FixedSecrets::new(names.map(|name| (name.to_owned(), KEY.to_owned())));
    let providers = Providers::new(egress(), Arc::new(secrets), Routing::default());
    let address = Some(format!("{}{}", server.origin, wire.base).into());
    providers.client(&Model { address, ..Model::new("fast", wire.provider, "m-1") }).unwrap()
}

fn request() -> RerankRequest {
    let texts = ["a", "b", "c"].map(str::to_owned).to_vec();
    RerankRequest { model: "m-1".to_owned(), query: "q".to_owned(), texts }
}

fn ask(wire: &Wire, script: Script, patience: Patience) -> Result<RerankReply, ModelError> {
    let server = Server::start([script]);
    wait(client(wire, &server).rerank(&request(), patience)).inspect_err(|error| {
        assert!(error.message.contains("`fast`") && !error.message.contains(KEY), "{error}");
    })
}

fn entries(all: &[(usize, f64)]) -> Vec<(Value, Value)> {
    all.iter().map(|(index, score)| (json!(index), json!(score))).collect()
}

fn good(wire: &Wire) -> Value {
    (wire.answer)(&entries(&[(1, 0.2), (2, 0.9), (0, 0.2)]))
}

#[test]
fn what_is_sent_and_read_is_what_the_protocol_says() {
    for wire in every() {
        let name = wire.provider;
        let server = Server::start([Script::json(200, &good(&wire))]);
        let reply = wait(client(&wire, &server).rerank(&request(), PATIENT)).unwrap();
        let ranked: Vec<(usize, f64)> = reply.ranked.iter().map(|one| (one.index, one.score)).collect();
        assert_eq!(ranked, [(2, 0.9), (0, 0.2), (1, 0.2)], "{name:?}: best first, of equal ones the first");
        assert_eq!(reply.usage.and_then(|usage| usage.input), wire.tokens, "{name:?}");
        let seen = &server.seen()[0];
        assert_eq!((seen.path.as_str(), &seen.body), (wire.path, &(wire.sent)()), "{name:?}");
        let hosted = matches!(name, Provider::Cohere | Provider::Voyage | Provider::Jina);
        let sent = seen.headers.get("authorization").map(String::as_str);
        assert_eq!(sent, hosted.then_some("Bearer sk-very-secret"), "{name:?}");
    }
}

#[test]
fn errors_have_their_kinds_with_any_status() {
    for wire in every() {
        let cases = [
            (401, ErrorKind::Auth),
            (404, ErrorKind::NotFound),
            (422, ErrorKind::InvalidRequest),
            (500, ErrorKind::Upstream5xx { retry_after_ms: None }),
            (503, ErrorKind::Overloaded { retry_after_ms: None }),
        ];
        for (status, kind) in cases {
            let error = ask(&wire, Script::json(status, &json!({ "detail": "no" })), PATIENT).unwrap_err();
            assert_eq!(error.kind, kind, "{:?}", wire.provider);
        }
        let busy = Script::json(429, &json!({ "error": "overloaded" })).with("retry-after", b"2");
        let error = ask(&wire, busy, PATIENT).unwrap_err();
        assert_eq!(error.kind, ErrorKind::RateLimited { retry_after_ms: Some(2_000) }, "{:?}", wire.provider);
        let inside = Script::json(200, &json!({ "error": { "message": "no", "code": 503 } }));
        let error = ask(&wire, inside, PATIENT).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Overloaded { retry_after_ms: None }, "{:?}", wire.provider);
        let silent = Script { silent: true, ..Script::json(200, &good(&wire)) };
        let patience = Patience { first_byte_ms: 60, idle_ms: 60, total_ms: 9_000 };
        let error = ask(&wire, silent, patience).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Timeout { phase: Phase::FirstByte }, "{:?}", wire.provider);
    }
}

#[test]
fn whatever_is_not_one_score_for_each_text_is_no_answer() {
    let number = |index: usize| (json!(index), json!(0.5));
    let bad = [
        vec![],
        vec![number(0), number(1)],
        vec![number(0), number(1), number(1)],
        vec![number(0), number(1), number(3)],
        vec![number(0), number(1), number(2), number(2)],
        vec![number(0), number(1), (json!(2), json!("high"))],
        vec![number(0), number(1), (json!(2), Value::Null)],
        vec![number(0), number(1), (json!(-1), json!(0.5))],
    ];
    for wire in every() {
        for entries in &bad {
            let error = ask(&wire, Script::json(200, &(wire.answer)(entries)), PATIENT).unwrap_err();
            assert_eq!(error.kind, ErrorKind::MalformedResponse, "{:?}: {entries:?}", wire.provider);
        }
        for body in [json!({}), json!("hello"), Value::Null, json!({ "results": 7, "data": 7 })] {
            let error = ask(&wire, Script::json(200, &body), PATIENT).unwrap_err();
            assert_eq!(error.kind, ErrorKind::MalformedResponse, "{:?}: {body}", wire.provider);
        }
    }
}

#[test]
fn a_ranking_that_is_cut_off_is_none() {
    for wire in every() {
        let server = Server::start([]);
        let client = client(&wire, &server);
        let body = good(&wire).to_string().into_bytes();
        for cut in 0..body.len() {
            for end in [End::Cut, End::Proper] {
                server.push(Script::stream("application/json", vec![body[..cut].to_vec()], end));
                let reply = wait(client.rerank(&request(), PATIENT));
                assert!(reply.is_err(), "{:?}: cut after {cut}, {end:?}: {reply:?}", wire.provider);
            }
        }
    }
}
