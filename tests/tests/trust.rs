//! Approval and labels are sound: what the compiler says about random flows holds in random runs of them.
//!
//! Every text that comes from outside is a token of its own, so that wherever it turns up, one sees where it came
//! from: models repeat what they were told, people quote what they were shown.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test stops at the first surprise"
)]

#[path = "trust/flows.rs"]
mod flows;
#[path = "trust/package.rs"]
mod package;
#[path = "trust/run.rs"]
mod run;

use flow_ir::setup::Callee;

use self::flows::Dice;
use self::package::{Checked, clean_flows};
use self::run::{Run, Seen};

/// How many flows that check clean are walked.
const FLOWS: usize = 10_000;

/// How many flows stand in one package: reading the standard library is most of the work of a small one.
const TOGETHER: usize = 40;

/// How often each is walked, with other outcomes.
const RUNS: u64 = 2;

/// No sequence of outcomes makes a sensitive tool run with an argument that no clearing edge covered.
#[test]
fn what_was_approved_is_what_is_sent() {
    let mut dice = Dice::new(7);
    let (mut walked, mut sensitive) = (0, 0);
    while walked < FLOWS {
        let checked = clean_flows(&mut dice, TOGETHER, "Sensitive");
        for (flow, text) in &checked.flows {
            for _ in 0..RUNS {
                let seen = Run::new(&checked, *flow, dice.seed()).walk();
                sensitive += check_approval(&checked, &seen, text);
            }
        }
        walked += checked.flows.len();
    }
    println!("{walked} flows, {sensitive} calls of a sensitive tool");
    assert!(sensitive > FLOWS / 10, "only {sensitive} calls of a sensitive tool");
}

fn check_approval(checked: &Checked, seen: &Seen, text: &str) -> usize {
    assert!(!seen.refused, "the walker refused what the compiler let through:\n{text}");
    let act = checked.tool("act");
    let calls = seen.sinks.iter().filter(|sink| sink.callee == Callee::Tool(act));
    let mut count = 0;
    for call in calls {
        count += 1;
        for token in call.args.iter().flat_map(|arg| &arg.tokens) {
            assert!(arg_is_covered(call, *token), "<{token}> was sent and nobody approved it:\n{text}");
        }
    }
    count
}

fn arg_is_covered(call: &run::Sunk, token: u32) -> bool {
    call.covered.contains(&token)
}

/// An edge that no longer clears is reported, if something sensitive lies behind it.
#[test]
fn deleting_a_clearing_edge_is_reported() {
    let mut dice = Dice::new(11);
    let mut deleted = 0;
    while deleted < 400 {
        let checked = clean_flows(&mut dice, TOGETHER, "Sensitive");
        for mutant in package::without_clearing_edges(&checked) {
            assert!(mutant.is_reported, "nothing is said about\n{}", mutant.text);
            deleted += 1;
        }
    }
    println!("{deleted} edges deleted");
}

/// What a value holds in a run is never more than the compiler says it may hold.
#[test]
fn labels_are_never_less_than_what_flows() {
    let mut dice = Dice::new(13);
    let (mut walked, mut looked_at, mut personal, mut trusted) = (0, 0, 0, 0);
    while walked < FLOWS {
        let checked = clean_flows(&mut dice, TOGETHER, "Write");
        for (flow, text) in &checked.flows {
            for _ in 0..RUNS {
                let seen = Run::new(&checked, *flow, dice.seed()).walk();
                for sink in &seen.sinks {
                    let Some(labels) = checked.labels(sink) else { panic!("an unknown sink in\n{text}") };
                    for (arg, label) in sink.args.iter().zip(&labels.args) {
                        looked_at += 1;
                        let has_pii = arg.tokens.iter().any(|token| sink.personal.contains(token));
                        let is_covered = arg.tokens.iter().all(|token| sink.covered.contains(token));
                        personal += usize::from(has_pii);
                        trusted += usize::from(label.trusted);
                        assert!(
                            label.pii || !has_pii,
                            "{:?} holds pii and is not labelled in\n{text}",
                            arg.text
                        );
                        assert!(!label.trusted || is_covered, "{:?} is not trusted in\n{text}", arg.text);
                    }
                }
            }
        }
        walked += checked.flows.len();
    }
    println!("{walked} flows, {looked_at} values at sinks, {personal} with pii, {trusted} trusted");
    assert!(personal > FLOWS / 10 && trusted > FLOWS / 10);
}
