//! Benchmarks with ratios against a peer or a limit in the same run; here is what several of them share.

use std::sync::Arc;
use std::time::Duration;

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
    })
}

/// How long this thread was on a core so far, so that a busy machine does not spoil a figure; `None` where the system
/// does not tell.
#[must_use]
pub fn on_core() -> Option<Duration> {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(line.split(' ').next()?.parse().ok()?))
}
