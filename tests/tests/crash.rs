//! The process is killed before and after every commit and every effect; the run must end as if it had not been.
//!
//! `FLOW_KILLS=10000 cargo test --release -p flow-tests --test crash -- --nocapture` is the long campaign.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a failed expectation is a failed test")]

use std::path::Path;
use std::sync::Arc;

use flow_runtime::Program;
use flow_tests::crash::{Left, Scene};

const FLOWS: [&str; 3] = ["loops", "fan", "timers"];

fn child() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_crash-child"))
}

/// Kills of this campaign.
fn kills() -> u64 {
    std::env::var("FLOW_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(60)
}

fn expected(program: &Arc<Program>, flow: &str) -> Left {
    let left = Scene::new(child(), program, flow).finish();
    assert_ne!(left.result, "Doubt", "nothing was killed");
    assert!(left.moments > 10, "{left:?}");
    left
}

/// Every moment in turn, spread over the run; a campaign of more kills goes round again.
#[test]
fn killed_once_at_every_moment() {
    let program = Scene::program();
    let per_flow = kills() / 2 / FLOWS.len() as u64;
    let mut done = 0;
    for flow in FLOWS {
        let expected = expected(&program, flow);
        for n in 0..per_flow {
            let moment = 1 + (n * expected.moments / per_flow.min(expected.moments)) % expected.moments;
            let scene = Scene::new(child(), &program, flow);
            if let Some(left) = scene.kill_at(moment) {
                // Steps that share a commit make fewer moments.
                scene.check_end(&left, &expected, false);
                continue;
            }
            scene.finish_and_check(&expected);
            done += 1;
        }
    }
    println!("{done} kills, one a run");
    assert!(done * 2 >= per_flow * FLOWS.len() as u64, "most runs were killed: {done}");
}

/// A process that never lives long: killed again and again until the run has ended all the same.
#[test]
fn killed_again_and_again() {
    let program = Scene::program();
    let mut random = fastrand::Rng::with_seed(7);
    let (mut done, mut runs) = (0, 0);
    let per_flow = kills() / 2 / FLOWS.len() as u64;
    for flow in FLOWS {
        let expected = expected(&program, flow);
        let until = done + per_flow;
        while done < until {
            let scene = Scene::new(child(), &program, flow);
            let mut doubted = false;
            let left = loop {
                // Six moments are enough to take up and to commit, so that every life gets a little further.
                match scene.kill_at(random.u64(6..16)) {
                    Some(left) => break left,
                    None => done += 1,
                }
                doubted |= scene.is_in_doubt();
            };
            scene.check_end(&left, &expected, doubted);
            runs += 1;
        }
    }
    println!("{done} kills in {runs} runs");
}
