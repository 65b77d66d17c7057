//! A server that speaks the OpenAI protocol, badly when asked to.
//!
//! It answers from a script, in order, on a port of its own on the loopback interface, and writes down exactly
//! what it was asked. It never waits: a hanging answer hangs until the client gives up.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a part of tests: a panic is a failed test")]

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response};
use futures_util::StreamExt;
use serde_json::{Value, json};

/// One answer of the script.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Status, headers, body.
    Plain(u16, Vec<(&'static str, String)>, String),
    /// Events of a stream, then how it ends.
    Stream(Vec<String>, End),
    /// Nothing, for ever.
    Hang,
}

/// How a stream ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Properly for HTTP; whether for the protocol as well is in the events.
    Closed,
    /// In the middle of the body.
    Broken,
    /// Never.
    Hanging,
}

impl Answer {
    /// A completion with this text.
    #[must_use]
    pub fn ok(text: &str) -> Self {
        Self::json(200, &completion(json!(text), "stop"))
    }

    /// Any JSON.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::Plain(status, vec![("content-type", "application/json".to_owned())], body.to_string())
    }

    /// An error body as OpenAI writes it.
    #[must_use]
    pub fn error(status: u16, message: &str, code: &str) -> Self {
        Self::json(
            status,
            &json!({ "error": { "message": message, "type": "x", "param": null, "code": code } }),
        )
    }

    /// The same with a header.
    #[must_use]
    pub fn with(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::Plain(status, mut headers, body) => {
                headers.push((name, value.to_owned()));
                Self::Plain(status, headers, body)
            }
            Self::Stream(..) | Self::Hang => self,
        }
    }

    /// A page for people.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let body = "<!doctype html><title>Welcome</title>".to_owned();
        Self::Plain(status, vec![("content-type", "text/html; charset=utf-8".to_owned())], body)
    }

    /// A whole stream of these pieces of text, usage and terminal event included.
    #[must_use]
    pub fn stream(pieces: &[&str]) -> Self {
        let mut events: Vec<String> =
            pieces.iter().map(|piece| chunk(json!({ "content": piece }), None)).collect();
        events.push(chunk(json!({}), Some("stop")));
        events.push(json!({ "model": "m-1", "choices": [], "usage": usage() }).to_string());
        events.push("[DONE]".to_owned());
        Self::Stream(events, End::Closed)
    }
}

/// A completion with this content.
#[must_use]
pub fn completion(content: Value, finish: &str) -> Value {
    json!({
        "id": "c-1",
        "object": "chat.completion",
        "model": "m-1-2026",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": content, "refusal": null },
            "finish_reason": finish,
        }],
        "usage": usage(),
    })
}

/// What every proper answer says it used.
#[must_use]
pub fn usage() -> Value {
    json!({ "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18,
            "prompt_tokens_details": { "cached_tokens": 3 } })
}

/// One chunk of a stream.
#[must_use]
pub fn chunk(delta: Value, finish: Option<&str>) -> String {
    json!({ "object": "chat.completion.chunk", "model": "m-1",
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] })
    .to_string()
}

/// What the server was asked.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen {
    /// The verb.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// `null` if it is no JSON.
    pub body: Value,
}

/// The running server. It ends with the process of the test.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Such as `http://127.0.0.1:40123`.
    pub origin: String,
    state: Arc<Mutex<Script>>,
}

#[derive(Debug, Default)]
struct Script {
    answers: VecDeque<Answer>,
    seen: Vec<Seen>,
}

impl Provider {
    /// Starts one. When the script is used up, the answer is 599.
    ///
    /// # Panics
    /// The loopback interface has no port left.
    #[must_use]
    pub fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script = Script { answers: answers.into_iter().collect(), seen: Vec::new() };
        let state = Arc::new(Mutex::new(script));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&state));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, app).await.unwrap();
            });
        });
        Self { origin, state }
    }

    /// The base for models: `{origin}/v1`.
    #[must_use]
    pub fn base(&self) -> String {
        format!("{}/v1", self.origin)
    }

    /// What was asked so far, in order.
    ///
    /// # Panics
    /// Never, unless the server did.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }
}

async fn answer(State(state): State<Arc<Mutex<Script>>>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 64 << 20).await.unwrap_or_default();
    let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let seen = Seen {
        method: head.method.to_string(),
        path: head.uri.to_string(),
        headers: head.headers.iter().map(header).collect(),
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    };
    let next = {
        let mut state = state.lock().unwrap();
        state.seen.push(seen);
        state.answers.pop_front()
    };
    match next {
        Some(Answer::Plain(status, headers, body)) => plain(status, &headers, body),
        Some(Answer::Stream(events, end)) => stream(events, end),
        Some(Answer::Hang) => std::future::pending().await,
        None => plain(599, &[], "the script is used up".to_owned()),
    }
}

fn plain(status: u16, headers: &[(&'static str, String)], body: String) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(body)).unwrap()
}

fn stream(events: Vec<String>, end: End) -> Response<Body> {
    let events: Vec<String> = events.into_iter().map(|event| format!("data: {event}\n\n")).collect();
    let response = Response::builder().status(200).header("content-type", "text/event-stream");
    let response = response.header("x-request-id", "req-1");
    let pieces = futures_util::stream::iter(events);
    let body = match end {
        End::Closed => Body::from_stream(pieces.map(Ok::<_, Infallible>)),
        End::Broken => {
            let broken = futures_util::stream::iter([Err(std::io::Error::other("broken on purpose"))]);
            Body::from_stream(pieces.map(Ok).chain(broken))
        }
        End::Hanging => {
            Body::from_stream(pieces.map(Ok::<_, Infallible>).chain(futures_util::stream::pending()))
        }
    };
    response.body(body).unwrap()
}
