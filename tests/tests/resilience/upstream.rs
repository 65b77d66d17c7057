//! A server that speaks the OpenAI protocol and can be made ill.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use flow_tests::provider::completion;
use serde_json::json;

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
}

const MOODS: [Mood; 5] = [Mood::Well, Mood::Hanging, Mood::Broken, Mood::Busy, Mood::Silent];

impl Upstream {
    pub(crate) fn start(name: &'static str, mood: Mood) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), name, mood)
    }

    pub(crate) fn start_at(address: SocketAddr, name: &'static str, mood: Mood) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Inner { name, mood: AtomicU8::new(0), seen: AtomicU64::new(0) });
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

/// An address where nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

async fn answer(State(state): State<Arc<Inner>>) -> Response<Body> {
    state.seen.fetch_add(1, Ordering::SeqCst);
    let mut answer = completion(json!(format!("from {}", state.name)), "stop");
    answer["model"] = json!(state.name);
    match MOODS[usize::from(state.mood.load(Ordering::SeqCst))] {
        Mood::Well => reply(200, answer.to_string()),
        Mood::Hanging => std::future::pending().await,
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
