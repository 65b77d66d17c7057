//! A call of a model inside of one process, beside the same request by hand with `reqwest`.
//!
//! - `the wire`: the OpenAI protocol alone: a request made, sent, and its answer read.
//! - `the whole call`: a node of a run: breaker, rate gate, key, reservation from two budgets, retry and deadline, the
//!   answer decoded and checked, and lineage: the log of the run in the bytes that a durable home keeps.
//! - the same three for an answer that is streamed in 101 chunks.
//!
//! One core calls; the mock has a thread of its own. Prints calls per second and, because the machine may be busy, the
//! time on the core that one call costs. Aims: 40 us for a whole call, 1 ms for 101 chunks.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::post;
use flow_benches::{per_call, run_header, serve};
use flow_compiler::PackageInput;
use flow_ir::setup::{Capability, Model};
use flow_model::{ChatRequest, Delta, Message, ModelClient, Output, Patience, Prefix, Role};
use flow_providers::http::{Egress, EgressOptions};
use flow_providers::{EnvironmentSecrets, Providers, Routing};
use flow_runtime::Program;
use flow_runtime::clock::SystemClock;
use flow_runtime::effects::{Live, Nobody, Performer, Surroundings};
use flow_runtime::home::durable::Record;
use flow_runtime::home::local::{Driver, Runner};
use flow_runtime::port::Watch;
use flow_runtime::protocol::{Event, RunHeader, RunResult};
use flow_store::LocalStore;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};

const IN_FLIGHT: u64 = 64;
const CALLS: u64 = 16_384;
const STREAMS: u64 = 4_096;

/// Of a streamed answer: a hundred pieces, and what ends it.
const PIECES: usize = 100;

const ANSWER: &str = "Here is a line that answers.";

fn whole() -> Value {
    json!({
        "id": "c-1", "object": "chat.completion", "created": 1, "model": "m-1",
        "choices": [{ "index": 0, "finish_reason": "stop",
            "message": { "role": "assistant", "content": ANSWER, "refusal": null } }],
        "usage": { "prompt_tokens": 20, "completion_tokens": 8, "total_tokens": 28 },
    })
}

/// Every event is a chunk of HTTP of its own.
fn streamed() -> Response<Body> {
    let chunk = |delta: Value, finish: Option<&str>| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish, "logprobs": null });
        json!({ "id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "choices": [choice] })
    };
    let usage = json!({ "prompt_tokens": 20, "completion_tokens": 100, "total_tokens": 120 });
    let mut events: Vec<String> =
        (0..PIECES).map(|_| chunk(json!({ "content": "word " }), None).to_string()).collect();
    let mut last = chunk(json!({}), Some("stop"));
    if let Some(fields) = last.as_object_mut() {
        fields.insert("usage".to_owned(), usage);
    }
    events.extend([last.to_string(), "[DONE]".to_owned()]);
    let events = events.into_iter().map(|event| Ok::<_, Infallible>(format!("data: {event}\n\n")));
    let body = Body::from_stream(futures_util::stream::iter(events));
    Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
}

fn mock() -> SocketAddr {
    let json = [("content-type", "application/json")];
    let whole = whole().to_string();
    let answer = move || std::future::ready((json, whole.clone()));
    let streaming = || std::future::ready(streamed());
    serve(
        Router::new()
            .route("/v1/chat/completions", post(answer))
            .route("/s/chat/completions", post(streaming)),
    )
}

fn source(mock: SocketAddr, base: &str) -> String {
    format!(
        r#"
model fast = openai_compatible("http://{mock}/{base}", "m-1") {{
  can: [Stream]
  context: 8k tokens
  output: 200 tokens
  price_in: 1 USD / 1M tokens
  price_out: 2 USD / 1M tokens
  limit: Limit(requests: 100000000, tokens: 1000000k tokens)
}}

prompt answer(line: text in ..400): text in ..1000 {{
  system: "Answer in a line."
  user: "{{{{line}}}}"
}}

pub flow chat(line: text in ..400): text in ..1000 within 1 USD {{
  -> said

  node said = answer(line) using fast within 0.5 USD
    -> return said
}}
"#
    )
}

/// Keeps the log of every run, and reads along where that is measured.
struct Lineage {
    reads: bool,
    log: Mutex<Vec<u8>>,
}

impl Watch for Lineage {
    fn event(&self, _: &RunHeader, event: &Event) {
        let mut log = self.log.lock().unwrap();
        if log.len() > 1 << 20 {
            log.clear();
        }
        log.extend(Record::Event(event.clone()).to_bytes());
    }

    fn wants_deltas(&self, _: &RunHeader) -> bool {
        self.reads
    }
}

/// Reading the system's certificates takes longer than many calls, and is done once in a process.
fn providers() -> Providers {
    static ONCE: LazyLock<Providers> = LazyLock::new(|| {
        let egress = Egress::new(EgressOptions::default()).unwrap();
        Providers::new(egress, Arc::new(EnvironmentSecrets), Routing::default())
    });
    ONCE.clone()
}

fn driver(mock: SocketAddr, base: &str) -> Driver {
    let file = ("main.flow".to_owned(), vec!["main".to_owned()], source(mock, base));
    let checked = flow_compiler::check(&PackageInput { manifest: None, files: vec![file] });
    let errors: Vec<_> = checked.diagnostics.iter().filter(|found| found.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let bundle = checked.output.expect("no error, so a bundle").bundle;
    let with = Surroundings {
        bundle: Arc::new(bundle.clone()),
        outside: Arc::new(Live::new(providers(), std::env::temp_dir(), Vec::new())),
        people: Arc::new(Nobody),
        store: LocalStore::in_memory(),
    };
    let effects = Arc::new(Performer::new(with));
    Driver::new(Runner { program: Program::new(bundle), effects, clock: Arc::new(SystemClock) })
}

async fn walked(mock: SocketAddr, base: &str, calls: u64) {
    let mut driver = driver(mock, base);
    let watch: Arc<dyn Watch> = Arc::new(Lineage { reads: base == "s", log: Mutex::default() });
    let mut started = 0;
    let mut start = |driver: &mut Driver| {
        if started < calls {
            driver.start(run_header(started), Some(Arc::clone(&watch)));
            started += 1;
        }
    };
    (0..IN_FLIGHT).for_each(|_| start(&mut driver));
    while let Some(ended) = driver.next().await {
        assert!(matches!(ended.result, RunResult::Returned(_)), "{:?}", ended.result);
        start(&mut driver);
    }
}

fn request() -> ChatRequest {
    ChatRequest {
        model: "m-1".to_owned(),
        messages: vec![
            Message::text(Role::System, "Answer in a line."),
            Message::text(Role::User, "a line of text"),
        ],
        output: Output::Text,
        max_output: Some(200),
        temperature: None,
        tools: Vec::new(),
        logprobs: false,
        prefix: Prefix::default(),
    }
}

async fn through_the_wire(client: Arc<dyn ModelClient>, streamed: bool) {
    let mut shown = 0;
    let mut sink = |delta: Delta| match delta {
        Delta::Text(text) => shown += text.len(),
    };
    let sink = streamed.then_some(&mut sink as &mut (dyn FnMut(Delta) + Send));
    let reply = client.chat(&request(), Patience::of_attempt(60_000), sink).await.unwrap();
    assert!(reply.usage.is_some() && (!streamed || shown == reply.text.len()));
}

/// What somebody would write: a client, JSON both ways, lines that begin with `data:`.
async fn by_hand(client: reqwest::Client, url: String, streamed: bool) {
    let messages = json!([
        { "role": "system", "content": "Answer in a line." },
        { "role": "user", "content": "a line of text" },
    ]);
    let body = json!({ "model": "m-1", "messages": messages, "max_tokens": 200, "stream": streamed });
    let mut reply = client.post(&url).json(&body).send().await.unwrap();
    assert!(reply.status().is_success());
    if !streamed {
        let reply: Value = reply.json().await.unwrap();
        assert!(reply.pointer("/choices/0/message/content").is_some());
        return;
    }
    let (mut rest, mut text) = (Vec::new(), String::new());
    while let Some(bytes) = reply.chunk().await.unwrap() {
        rest.extend_from_slice(&bytes);
        while let Some(end) = rest.windows(2).position(|two| two == b"\n\n") {
            let event: Vec<u8> = rest.drain(..end + 2).collect();
            let data = event.strip_prefix(b"data: ").unwrap();
            let Ok(chunk) = serde_json::from_slice::<Value>(data) else { continue };
            text.push_str(chunk.pointer("/choices/0/delta/content").and_then(Value::as_str).unwrap_or(""));
        }
    }
    assert_eq!(text.len(), PIECES * 5);
}

/// So many calls, 64 at once.
async fn all<F: Future<Output = ()>>(calls: u64, one: impl Fn() -> F) {
    let mut flights: FuturesUnordered<_> = (0..IN_FLIGHT).map(|_| one()).collect();
    let mut started = IN_FLIGHT;
    while flights.next().await.is_some() {
        if started < calls {
            flights.push(one());
            started += 1;
        }
    }
}

fn client(mock: SocketAddr, base: &str) -> Arc<dyn ModelClient> {
    let model = Model {
        address: Some(format!("http://{mock}/{base}").into()),
        can: vec![Capability::Stream],
        ..Model::new("fast", flow_ir::setup::Provider::OpenaiCompatible, "m-1")
    };
    providers().client(&model).unwrap()
}

fn measure(mock: SocketAddr, base: &str, calls: u64) {
    let streamed = base == "s";
    let url = format!("http://{mock}/{base}/chat/completions");
    let own = reqwest::Client::builder().tcp_nodelay(true).no_proxy().build().unwrap();
    let hand = per_call(calls, async || {
        all(calls, || by_hand(own.clone(), url.clone(), streamed)).await;
    });
    let client = client(mock, base);
    let wire = per_call(calls, async || {
        all(calls, || through_the_wire(Arc::clone(&client), streamed)).await;
    });
    let walker = per_call(calls, async || walked(mock, base, calls).await);
    let what = if streamed { "101 chunks" } else { "an answer" };
    for (name, (rate, core)) in [("by hand, reqwest", hand), ("the wire", wire), ("the whole call", walker)] {
        println!("{what:<12} {name:<20} {rate:>12.0} {core:>17.1} {:>8.2}x", core / hand.1);
    }
}

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mock = mock();
    println!("{IN_FLIGHT} in flight{:>33} {:>17} {:>9}", "calls/s", "us on core/call", "by hand");
    measure(mock, "v1", CALLS);
    measure(mock, "s", STREAMS);
}
