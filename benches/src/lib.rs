//! Benchmarks with ratios against a peer or a limit in the same run; here is what several of them share.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run says why by its panic")]

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flow_eval::Value;
use flow_ir::FlowId;
use flow_runtime::protocol::RunHeader;

/// The header of a run of the first flow with a line of text.
#[must_use]
pub fn run_header(run: u64) -> Arc<RunHeader> {
    Arc::new(RunHeader {
        run: format!("018f7b1c-{run:04x}-7000-8000-000000000000").into(),
        tenant: "t".into(),
        user: "".into(),
        flow: FlowId(0),
        args: vec![Value::text("a line of text")],
        started_ms: 0,
        seed: run,
        paused: Vec::new(),
    })
}

/// How long this thread was on a core so far, so that a busy machine does not spoil a figure; `None` where the system
/// does not tell.
#[must_use]
pub fn on_core() -> Option<Duration> {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(line.split(' ').next()?.parse().ok()?))
}

/// A server on the loopback interface, on a thread of its own, for as long as the process lives.
///
/// # Panics
/// The loopback interface has no port left.
#[must_use]
pub fn serve(app: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
    });
    address
}

/// Calls per second on the wall, and microseconds on the core per call: the best of three rounds of so many calls.
///
/// # Panics
/// There is no runtime to be had.
pub fn per_call(calls: u64, mut round: impl AsyncFnMut()) -> (f64, f64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rounds = (0..3).map(|_| {
        let (wall, core) = (Instant::now(), on_core().unwrap_or_default());
        runtime.block_on(round());
        let core = on_core().unwrap_or_default().saturating_sub(core);
        (calls as f64 / wall.elapsed().as_secs_f64(), core.as_secs_f64() * 1e6 / calls as f64)
    });
    rounds.fold((0.0, f64::MAX), |best, now| (best.0.max(now.0), best.1.min(now.1)))
}
