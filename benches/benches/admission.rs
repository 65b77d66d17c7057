//! What stands before every call of a model: asking the gates (key, rate, breaker), and telling them how it ended.
//! Prints ns each, the best and the median of many rounds, beside what cannot be had cheaper: two locks that nobody
//! else wants, and asking for the time.
//!
//! The last lines ask on two threads at once: of one target, where they wait for each other, and of two targets, where
//! they must not. They mean something where two cores are idle.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, missing_docs)]

use std::hint::black_box;
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

use flow_ir::setup::{Model, Provider, RateLimit};
use flow_model::RateLimits;
use flow_policy::breaker::Forced;
use flow_runtime::clock::{Clock, SystemClock};
use flow_runtime::effects::gates::{Admission, Ended, Pass, Registry, Target};

const CALLS: usize = 1_024;
const ROUNDS: usize = 501;

/// Enough to be on both threads for a while.
const CALLS_ON_A_THREAD: u32 = 1_000_000;

/// With a key and a declared rate, so that every gate has something to do.
fn target(registry: &Registry, name: &str) -> Arc<Target> {
    let limit = RateLimit { requests: Some(1_000_000_000), tokens: Some(1_000_000_000_000) };
    let model =
        Model { auth: Some("KEY".into()), limit: Some(limit), ..Model::new(name, Provider::Openai, name) };
    Target::of_model(registry, &model).remove(0)
}

fn leave(target: &Arc<Target>, clock: &Arc<dyn Clock>) -> Pass {
    match target.admit(clock, black_box(100)) {
        Admission::Go(pass) => pass,
        other => panic!("{other:?}"),
    }
}

/// As a provider with rate headers ends a call that went well.
const WELL: Ended<'static> = Ended {
    error: None,
    limits: RateLimits {
        requests_left: Some(1_000_000),
        requests_reset_ms: Some(1_000),
        tokens_left: Some(1_000_000_000),
        tokens_reset_ms: Some(1_000),
    },
    took_ms: 12,
    streamed: false,
    tokens: Some(90),
    hurried: false,
    retried: None,
};

/// `act` takes a round's worth of calls and says how long they took, without what is around them.
fn each(name: &str, mut act: impl FnMut() -> Duration) {
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| act().as_secs_f64() * 1e9 / CALLS as f64).collect();
    rounds.sort_by(f64::total_cmp);
    let best = rounds.first().copied().unwrap_or_default();
    let median = rounds.get(ROUNDS / 2).copied().unwrap_or_default();
    println!("{name:<44}{best:>10.0}{median:>10.0}");
}

fn timed(mut act: impl FnMut()) -> Duration {
    let began = Instant::now();
    (0..CALLS).for_each(|_| act());
    began.elapsed()
}

fn on_two_threads(name: &str, targets: &[Arc<Target>; 2], clock: &Arc<dyn Clock>) {
    let ready = Arc::new(Barrier::new(2));
    let threads = targets.clone().map(|target| {
        let (ready, clock) = (Arc::clone(&ready), Arc::clone(clock));
        std::thread::spawn(move || {
            ready.wait();
            let began = Instant::now();
            (0..CALLS_ON_A_THREAD).for_each(|_| leave(&target, &clock).end(black_box(WELL)));
            began.elapsed()
        })
    });
    let [one, other] = threads.map(|thread| thread.join().unwrap());
    let ns = one.max(other).as_secs_f64() * 1e9 / f64::from(CALLS_ON_A_THREAD);
    println!("{name:<44}{ns:>10.0}");
}

fn main() {
    let (registry, clock): (_, Arc<dyn Clock>) = (Registry::new(), Arc::new(SystemClock));
    let [one, other, shut] = ["m-1", "m-2", "m-3"].map(|name| target(&registry, name));
    assert!(registry.force("openai m-3", Some(Forced { open: true, reason: "a bench".to_owned() })));
    println!("ns each{:>47}{:>10}", "best", "median");
    let locks = [Mutex::new(0_u64), Mutex::new(0)];
    each("two locks", || timed(|| black_box(&locks).iter().for_each(|lock| *lock.lock().unwrap() += 1)));
    each("the time", || {
        timed(|| {
            black_box(clock.now_ms());
        })
    });
    let mut passes = Vec::with_capacity(CALLS);
    each("leave for a call (aim: 200)", || {
        let took = timed(|| passes.push(leave(&one, &clock)));
        // Given back outside of what is measured, in the order in which calls end.
        passes.drain(..).for_each(|pass| pass.end(WELL));
        took
    });
    each("leave for a call, and how it went", || timed(|| leave(&one, &clock).end(black_box(WELL))));
    each("refused by an open breaker", || timed(|| drop(black_box(shut.admit(&clock, 100)))));
    on_two_threads("both, on two threads, of two targets", &[Arc::clone(&one), other], &clock);
    on_two_threads("both, on two threads, of one target", &[Arc::clone(&one), one], &clock);
}
