//! Texts to vectors: every protocol that does it, through the rows that a reply without a stream can have.

use flow_ir::setup::{Model, Provider};
use flow_model::{EmbedReply, EmbedRequest, ErrorKind, ModelClient, ModelError, Patience, Phase};
use flow_providers::{FixedSecrets, Providers, Routing};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::server::{Body, End, Script, Server};
use crate::{KEY, PATIENT, egress, until, wait};

/// One protocol, as its documentation writes it.
struct Wire {
    provider: Provider,
    /// Below the server's origin, as declared.
    base: &'static str,
    path: &'static str,
    /// The whole request for the texts `a` and `b`.
    sent: fn() -> Value,
    /// An answer with these vectors.
    answer: fn(&[Value]) -> Value,
    /// Input tokens of `answer`.
    tokens: Option<u64>,
    proof: (&'static str, &'static str),
    /// Its words for too many requests.
    busy: fn() -> Value,
}

/// `{"data": [{"index", "embedding"}]}`: OpenAI and those who write as it does.
fn indexed(vectors: &[Value]) -> Value {
    let entry = |(index, vector): (usize, &Value)| json!({ "object": "embedding", "index": index, "embedding": vector });
    let data: Vec<Value> = vectors.iter().enumerate().map(entry).collect();
    json!({ "object": "list", "data": data, "model": "m-1-2026", "new": 1,
        "usage": { "prompt_tokens": 4, "total_tokens": 4 } })
}

fn openai_sent() -> Value {
    json!({ "model": "m-1", "input": ["a", "b"], "encoding_format": "base64" })
}

fn openai(provider: Provider, base: &'static str, path: &'static str, proof: &'static str) -> Wire {
    Wire {
        provider,
        base,
        path,
        sent: openai_sent,
        answer: indexed,
        tokens: Some(4),
        proof: (if provider == Provider::Azure { "api-key" } else { "authorization" }, proof),
        busy: || json!({ "error": { "message": "no", "type": "requests", "code": "rate_limit_exceeded" } }),
    }
}

fn every() -> Vec<Wire> {
    imitators().into_iter().chain(hosted()).chain(own()).collect()
}

/// OpenAI, and those who write as it does.
fn imitators() -> [Wire; 5] {
    let bearer = "Bearer sk-";
    [
        openai(Provider::Openai, "/v1", "/v1/embeddings", bearer),
        openai(Provider::OpenaiResponses, "/v1", "/v1/embeddings", bearer),
        openai(Provider::OpenaiCompatible, "/v1", "/v1/embeddings", ""),
        openai(Provider::Azure, "", "/openai/v1/embeddings", "sk-"),
        openai(Provider::Jina, "", "/v1/embeddings", bearer),
    ]
}

/// Companies with words of their own.
fn hosted() -> [Wire; 3] {
    let bearer = "Bearer sk-";
    [
        Wire {
            provider: Provider::Gemini,
            base: "/v1beta",
            path: "/v1beta/models/m-1:batchEmbedContents",
            sent: || {
                let one =
                    |text: &str| json!({ "model": "models/m-1", "content": { "parts": [{ "text": text }] } });
                json!({ "requests": [one("a"), one("b")] })
            },
            answer: |vectors| {
                let all: Vec<Value> =
                    vectors.iter().map(|vector| json!({ "values": vector, "new": 1 })).collect();
                json!({ "embeddings": all, "metadata": {} })
            },
            tokens: None,
            proof: ("x-goog-api-key", "sk-"),
            busy: || json!({ "error": { "code": 429, "message": "no", "status": "RESOURCE_EXHAUSTED" } }),
        },
        Wire {
            provider: Provider::Cohere,
            base: "",
            path: "/v2/embed",
            sent: || {
                json!({ "model": "m-1", "texts": ["a", "b"], "input_type": "search_document",
                    "embedding_types": ["float"] })
            },
            answer: |vectors| {
                json!({ "id": "e", "embeddings": { "float": vectors }, "texts": ["a", "b"],
                    "meta": { "api_version": { "version": "2" }, "billed_units": { "input_tokens": 4 } } })
            },
            tokens: Some(4),
            proof: ("authorization", bearer),
            busy: || json!({ "id": "e", "message": "no" }),
        },
        Wire {
            provider: Provider::Voyage,
            base: "",
            path: "/v1/embeddings",
            sent: openai_sent,
            answer: |vectors| {
                let mut answer = indexed(vectors);
                answer["usage"] = json!({ "total_tokens": 4 });
                answer
            },
            tokens: Some(4),
            proof: ("authorization", bearer),
            busy: || json!({ "detail": "no" }),
        },
    ]
}

/// Servers of one's own.
fn own() -> [Wire; 3] {
    [
        Wire {
            provider: Provider::Ollama,
            base: "",
            path: "/api/embed",
            sent: || json!({ "model": "m-1", "input": ["a", "b"], "truncate": false }),
            answer: |vectors| json!({ "model": "m-1-2026", "embeddings": vectors, "total_duration": 1, "prompt_eval_count": 4 }),
            tokens: Some(4),
            proof: ("authorization", ""),
            busy: || json!({ "error": "server busy, please try again" }),
        },
        Wire {
            provider: Provider::Tei,
            base: "",
            path: "/embed",
            sent: || json!({ "inputs": ["a", "b"], "truncate": false }),
            answer: |vectors| json!(vectors),
            tokens: None,
            proof: ("authorization", ""),
            busy: || json!({ "error": "Model is overloaded", "error_type": "overloaded" }),
        },
        Wire {
            provider: Provider::Http,
            base: "/vectors",
            path: "/vectors",
            sent: || json!({ "model": "m-1", "texts": ["a", "b"] }),
            answer: |vectors| json!({ "vectors": vectors, "took_ms": 3 }),
            tokens: None,
            proof: ("authorization", ""),
            busy: || json!({ "error": "the queue is full" }),
        },
    ]
}

fn client(wire: &Wire, server: &Server) -> Arc<dyn ModelClient> {
    let names = [
        "OPENAI_API_KEY",
        "GEMINI_API_KEY",
        "AZURE_OPENAI_API_KEY",
        "COHERE_API_KEY",
        "VOYAGE_API_KEY",
        "JINA_API_KEY",
    ];
    let secrets = FixedSecrets::new(names.map(|name| (name.to_owned(), KEY.to_owned())));
    let providers = Providers::new(egress(), Arc::new(secrets), Routing::default());
    let address = Some(format!("{}{}", server.origin, wire.base).into());
    providers.client(&Model { address, ..Model::new("fast", wire.provider, "m-1") }).unwrap()
}

fn request() -> EmbedRequest {
    EmbedRequest { model: "m-1".to_owned(), texts: vec!["a".to_owned(), "b".to_owned()] }
}

fn ask(wire: &Wire, script: Script, patience: Patience) -> Result<EmbedReply, ModelError> {
    let server = Server::start([script]);
    let error = wait(client(wire, &server).embed(&request(), patience));
    error.inspect_err(|error| {
        assert!(error.message.contains("`fast`") && !error.message.contains(KEY), "{error}");
    })
}

fn good(wire: &Wire) -> Value {
    (wire.answer)(&[json!([1.0, 2.0]), json!([0.5, -1.0])])
}

#[test]
fn what_is_sent_and_read_is_what_the_protocol_says() {
    for wire in every() {
        let name = wire.provider;
        let server = Server::start([Script::json(200, &good(&wire))]);
        let reply = wait(client(&wire, &server).embed(&request(), PATIENT)).unwrap();
        assert_eq!(reply.vectors, [[1.0, 2.0], [0.5, -1.0]], "{name:?}");
        let usage = reply.usage.map(|usage| (usage.input, usage.output.unwrap_or(0)));
        assert_eq!(usage, wire.tokens.map(|tokens| (Some(tokens), 0)), "{name:?}");
        let seen = &server.seen()[0];
        assert_eq!((seen.verb.as_str(), seen.path.as_str()), ("POST", wire.path), "{name:?}");
        assert_eq!(seen.body, (wire.sent)(), "{name:?}");
        let (header, value) = wire.proof;
        let sent = seen.headers.get(header).map(String::as_str).unwrap_or_default();
        assert!(sent.starts_with(value) && sent.is_empty() == value.is_empty(), "{name:?}: {header}: {sent}");
    }
}

#[test]
fn every_status_has_its_kind() {
    for wire in every() {
        let name = wire.provider;
        let cases = [
            (401, ErrorKind::Auth),
            (402, ErrorKind::QuotaExhausted),
            (404, ErrorKind::NotFound),
            (413, ErrorKind::TooLarge),
            (422, ErrorKind::InvalidRequest),
            (500, ErrorKind::Upstream5xx { retry_after_ms: None }),
            (503, ErrorKind::Overloaded { retry_after_ms: None }),
        ];
        for (status, kind) in cases {
            let error = ask(&wire, Script::json(status, &json!({ "message": "no" })), PATIENT).unwrap_err();
            assert_eq!((error.kind, error.status), (kind, Some(status)), "{name:?}");
        }
        let busy = Script::json(429, &(wire.busy)()).with("retry-after", b"2");
        let error = ask(&wire, busy, PATIENT).unwrap_err();
        assert_eq!(error.kind, ErrorKind::RateLimited { retry_after_ms: Some(2_000) }, "{name:?}");
        let page = Script {
            headers: vec![("content-type", b"text/html".to_vec())],
            body: Body::Whole(b"<!doctype html>".to_vec()),
            ..Script::json(200, &Value::Null)
        };
        let error = ask(&wire, page, PATIENT).unwrap_err();
        assert!(error.message.contains("a web page instead of JSON"), "{name:?}: {error}");
    }
}

#[test]
fn an_error_with_status_200_is_that_error() {
    for wire in every() {
        for error in [json!("no capacity"), json!({ "message": "no", "code": 503 })] {
            let error = ask(&wire, Script::json(200, &json!({ "error": error })), PATIENT).unwrap_err();
            let kind = matches!(error.kind, ErrorKind::Upstream5xx { .. } | ErrorKind::Overloaded { .. });
            assert!(kind, "{:?}: {error:?}", wire.provider);
        }
    }
}

#[test]
fn vectors_that_are_cut_off_are_none() {
    for wire in every() {
        let server = Server::start([]);
        let client = client(&wire, &server);
        let body = good(&wire).to_string().into_bytes();
        for cut in 0..body.len() {
            for end in [End::Cut, End::Proper] {
                server.push(Script::stream("application/json", vec![body[..cut].to_vec()], end));
                let reply = wait(client.embed(&request(), PATIENT));
                assert!(reply.is_err(), "{:?}: cut after {cut}, {end:?}: {reply:?}", wire.provider);
            }
        }
    }
}

/// Whatever is not one finite vector per text, all of one length, is no answer.
#[test]
fn wrong_counts_and_dimensions_are_no_answer() {
    let (one, two, long) = (json!([1.0, 2.0]), json!([0.5, -1.0]), json!([1.0, 2.0, 3.0]));
    let bad = [
        vec![],
        vec![one.clone()],
        vec![one.clone(), two.clone(), two.clone()],
        vec![one.clone(), long],
        vec![json!([]), json!([])],
        vec![one.clone(), json!([1.0, "x"])],
        vec![one.clone(), json!([1.0, null])],
        vec![one.clone(), json!([1.0, 1e300])],
        vec![one.clone(), json!(7)],
        vec![one, json!("not base64 of floats")],
    ];
    for wire in every() {
        for vectors in &bad {
            let error = ask(&wire, Script::json(200, &(wire.answer)(vectors)), PATIENT).unwrap_err();
            assert_eq!(error.kind, ErrorKind::MalformedResponse, "{:?}: {vectors:?}: {error}", wire.provider);
        }
        for body in [json!({}), json!("hello"), json!(7), Value::Null, json!({ "data": 7 })] {
            let error = ask(&wire, Script::json(200, &body), PATIENT).unwrap_err();
            assert_eq!(error.kind, ErrorKind::MalformedResponse, "{:?}: {body}", wire.provider);
        }
    }
}

#[test]
fn vectors_with_positions_are_put_in_order_and_none_comes_twice() {
    let entry = |index: usize, vector: Value| json!({ "index": index, "embedding": vector });
    let of = |data: Vec<Value>| Script::json(200, &json!({ "data": data }));
    for wire in every().into_iter().filter(|wire| (wire.sent)() == openai_sent()) {
        let name = wire.provider;
        // Base64 of little-endian f32: 1.0 and 2.0.
        let turned = vec![entry(1, json!([0.5, -1.0])), entry(0, json!("AACAPwAAAEA="))];
        assert_eq!(ask(&wire, of(turned), PATIENT).unwrap().vectors, [[1.0, 2.0], [0.5, -1.0]], "{name:?}");
        let bad = [
            vec![entry(0, json!([1.0])), entry(0, json!([2.0]))],
            vec![entry(0, json!([1.0])), entry(2, json!([2.0]))],
            vec![entry(0, json!([1.0])), entry(1, json!([2.0])), entry(1, json!([2.0]))],
            // Seven bytes are no whole number of floats, and this is no number at all.
            vec![entry(0, json!("AACAPwAAAA==")), entry(1, json!("AACAPwAAAEA="))],
            vec![entry(0, json!("AADAfw==")), entry(1, json!("AACAPw=="))],
        ];
        for data in bad {
            let error = ask(&wire, of(data.clone()), PATIENT).unwrap_err();
            assert_eq!(error.kind, ErrorKind::MalformedResponse, "{name:?}: {data:?}");
        }
    }
}

#[test]
fn silence_is_a_timeout_and_giving_up_closes_the_connection() {
    for wire in every() {
        let silent = || Script { silent: true, ..Script::json(200, &good(&wire)) };
        let patience = Patience { first_byte_ms: 60, idle_ms: 60, total_ms: 9_000 };
        let error = ask(&wire, silent(), patience).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Timeout { phase: Phase::FirstByte }, "{:?}", wire.provider);
        let server = Server::start([silent()]);
        let client = client(&wire, &server);
        wait(async {
            let request = request();
            tokio::select! {
                reply = client.embed(&request, PATIENT) => panic!("{reply:?}"),
                () = until(|| !server.seen().is_empty()) => {}
            }
        });
        assert!(server.was_closed_by_the_client(), "{:?}", wire.provider);
    }
}
