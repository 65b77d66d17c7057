//! The walker with real effects over HTTP: five calls a run, 64 runs in flight, against a mock on the loopback
//! interface, beside a program that makes the same calls with `reqwest` by hand.
//!
//! One core walks; the mock has a thread of its own. Prints calls per second and, because the machine may be
//! busy, the time on the core that one call costs. The first figure needs two idle cores to mean anything.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use flow_benches::{per_call, run_header, serve};
use flow_compiler::PackageInput;
use flow_providers::http::{Egress, EgressOptions};
use flow_providers::{EnvironmentSecrets, Providers, Routing};
use flow_runtime::Program;
use flow_runtime::clock::SystemClock;
use flow_runtime::effects::{Live, Nobody, Performer, Surroundings};
use flow_runtime::home::local::{Driver, Runner};
use flow_runtime::protocol::RunResult;
use flow_store::LocalStore;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

const N_NODES: u64 = 5;
const IN_FLIGHT: u64 = 64;
const N_RUNS: u64 = 8_192;

/// The mock: answers every call with the same short text.
fn mock() -> SocketAddr {
    let json = [("content-type", "application/json")];
    serve(Router::new().route("/step", post(move || async move { (json, "\"an answer\"") })))
}

fn source(mock: SocketAddr) -> String {
    let nodes = ["a", "b", "c", "d"].iter().zip(["b", "c", "d", "e"]).zip(["x", "a", "b", "c"]);
    let nodes: String = nodes
        .map(|((node, next), value)| format!("  node {node} = step({value})\n    -> {next}\n\n"))
        .collect();
    format!(
        "tool step(line: text in ..100): text in ..100 = http.post(\"http://{mock}/step\") {{\n  effect: Read\n}}\n\n\
         pub flow five(x: text in ..100): text in ..100 {{\n  -> a\n\n{nodes}  node e = step(d)\n    -> return e\n}}\n"
    )
}

fn driver(mock: SocketAddr) -> Driver {
    let file = ("main.flow".to_owned(), vec!["main".to_owned()], source(mock));
    let checked = flow_compiler::check(&PackageInput { manifest: None, files: vec![file] });
    let errors: Vec<_> = checked.diagnostics.iter().filter(|found| found.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let bundle = checked.output.expect("no error, so a bundle").bundle;
    let egress = Egress::new(EgressOptions::default()).unwrap();
    let providers = Providers::new(egress, Arc::new(EnvironmentSecrets), Routing::default());
    let with = Surroundings {
        bundle: Arc::new(bundle.clone()),
        outside: Arc::new(Live::new(providers, std::env::temp_dir(), Vec::new())),
        people: Arc::new(Nobody),
        store: LocalStore::in_memory(),
    };
    let effects = Arc::new(Performer::new(with));
    Driver::new(Runner { program: Program::new(bundle), effects, clock: Arc::new(SystemClock) })
}

async fn walked(mock: SocketAddr) {
    let mut driver = driver(mock);
    let mut started = 0;
    let mut start = |driver: &mut Driver| {
        if started < N_RUNS {
            driver.start(run_header(started), None);
            started += 1;
        }
    };
    (0..IN_FLIGHT).for_each(|_| start(&mut driver));
    while let Some(ended) = driver.next().await {
        assert!(matches!(ended.result, RunResult::Returned(_)), "{:?}", ended.result);
        start(&mut driver);
    }
}

/// What somebody would write: a client, five awaited calls, JSON both ways.
async fn one_by_hand(client: reqwest::Client, url: String) -> String {
    let mut line = "a line of text".to_owned();
    for _ in 0..N_NODES {
        let reply = client.post(&url).json(&serde_json::json!({ "line": line })).send().await.unwrap();
        assert!(reply.status().is_success());
        line = reply.json().await.unwrap();
    }
    line
}

async fn by_hand(mock: SocketAddr) {
    let client = reqwest::Client::builder().tcp_nodelay(true).no_proxy().build().unwrap();
    let url = format!("http://{mock}/step");
    let mut started = IN_FLIGHT;
    let mut flights: FuturesUnordered<_> =
        (0..IN_FLIGHT).map(|_| one_by_hand(client.clone(), url.clone())).collect();
    while flights.next().await.is_some() {
        if started < N_RUNS {
            flights.push(one_by_hand(client.clone(), url.clone()));
            started += 1;
        }
    }
}

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mock = mock();
    let hand = per_call(N_RUNS * N_NODES, async || by_hand(mock).await);
    let walker = per_call(N_RUNS * N_NODES, async || walked(mock).await);
    println!("five HTTP calls a run, {IN_FLIGHT} runs in flight    calls/s   us on core/call   by hand");
    for (name, (rate, core)) in [("by hand, reqwest", hand), ("the walker, real effects", walker)] {
        println!("{name:<42} {rate:>12.0} {core:>17.1} {:>8.2}x", rate / hand.0);
    }
}
