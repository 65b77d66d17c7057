//! A server that speaks the OpenAI protocol and can be made ill.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use flow_tests::provider::{chunk, completion};
use futures_util::StreamExt;
use serde_json::{Value, json};

/// How it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mood {
    Well,
    Hanging,
    /// Answers 500.
    Broken,
    /// Answers 429 and does not say for how long.
    Busy,
    /// Answers late and does not say what it used.
    Silent,
    /// Does not accept the first key.
    Picky,
    /// Answers 429 to the first key, and wants an hour.
    Stingy,
    /// Closes the connection in the middle of every answer, streamed or not.
    Torn,
    /// Closes it before the first piece of a streamed one.
    Mute,
}

/// A running server. It ends with the process of the test.
#[derive(Clone)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    state: Arc<Inner>,
}

struct Inner {
    name: &'static str,
    mood: AtomicU8,
    seen: AtomicU64,
    given_up: AtomicU64,
    keys: Mutex<Vec<String>>,
}

const MOODS: [Mood; 9] = [
    Mood::Well,
    Mood::Hanging,
    Mood::Broken,
    Mood::Busy,
    Mood::Silent,
    Mood::Picky,
    Mood::Stingy,
    Mood::Torn,
    Mood::Mute,
];

impl Upstream {
    pub(crate) fn start(name: &'static str, mood: Mood) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), name, mood)
    }

    pub(crate) fn start_at(address: SocketAddr, name: &'static str, mood: Mood) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Inner {
            name,
            mood: AtomicU8::new(0),
            seen: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
            keys: Mutex::default(),
        });
        let app = axum::Router::new().fallback(answer).with_state(Arc::clone(&state));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, app).await.unwrap();
            });
        });
        let upstream = Self { address, state };
        upstream.feel(mood);
        upstream
    }

    pub(crate) fn feel(&self, mood: Mood) {
        let at = MOODS.iter().position(|other| *other == mood).unwrap();
        self.state.mood.store(at as u8, Ordering::SeqCst);
    }

    pub(crate) fn seen(&self) -> u64 {
        self.state.seen.load(Ordering::SeqCst)
    }
}

impl Upstream {
    /// Calls whose connection was closed before they were answered.
    pub(crate) fn given_up(&self) -> u64 {
        self.state.given_up.load(Ordering::SeqCst)
    }

    /// The keys that it was asked with since the last look.
    pub(crate) fn keys(&self) -> Vec<String> {
        std::mem::take(&mut *self.state.keys.lock().unwrap())
    }
}

/// An address where nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A call that nobody answers; dropped when its connection is closed.
struct Waiting(Arc<Inner>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.given_up.fetch_add(1, Ordering::SeqCst);
    }
}

async fn answer(State(state): State<Arc<Inner>>, headers: HeaderMap, asked: Json<Value>) -> Response<Body> {
    state.seen.fetch_add(1, Ordering::SeqCst);
    let key = headers.get("authorization").and_then(|key| key.to_str().ok()?.strip_prefix("Bearer "));
    state.keys.lock().unwrap().extend(key.map(str::to_owned));
    let is_first = key == Some("key_a");
    let mut answer = completion(json!(format!("from {}", state.name)), "stop");
    answer["model"] = json!(state.name);
    match MOODS[usize::from(state.mood.load(Ordering::SeqCst))] {
        Mood::Well => reply(200, answer.to_string()),
        Mood::Hanging => {
            let _waiting = Waiting(Arc::clone(&state));
            std::future::pending().await
        }
        Mood::Picky if is_first => reply(401, json!({ "error": { "message": "who?" } }).to_string()),
        Mood::Stingy if is_first => {
            let mut limited = reply(429, json!({ "error": { "message": "slow down" } }).to_string());
            limited.headers_mut().insert("retry-after", "3600".parse().unwrap());
            limited
        }
        Mood::Picky | Mood::Stingy => reply(200, answer.to_string()),
        Mood::Torn if asked.get("stream") == Some(&json!(true)) => {
            torn("text/event-stream", format!("data: {}\n\n", chunk(json!({ "content": "Half of" }), None)))
        }
        Mood::Mute if asked.get("stream") == Some(&json!(true)) => torn("text/event-stream", String::new()),
        Mood::Torn | Mood::Mute => {
            let whole = answer.to_string();
            torn("application/json", whole[..whole.len() - 1].to_owned())
        }
        Mood::Broken => reply(500, json!({ "error": { "message": "boom" } }).to_string()),
        Mood::Busy => reply(429, json!({ "error": { "message": "slow down" } }).to_string()),
        Mood::Silent => {
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
            answer["usage"] = json!(null);
            reply(200, answer.to_string())
        }
    }
}

fn reply(status: u16, body: String) -> Response<Body> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(body)).unwrap()
}

/// Sends this, then breaks off.
fn torn(content_type: &str, text: String) -> Response<Body> {
    let broken = async {
        // What is there already is sent while nothing more is.
        tokio::task::yield_now().await;
        Err(std::io::Error::other("broken on purpose"))
    };
    let pieces = futures_util::stream::iter([Ok(text)]).chain(futures_util::stream::once(broken));
    Response::builder().header("content-type", content_type).body(Body::from_stream(pieces)).unwrap()
}
