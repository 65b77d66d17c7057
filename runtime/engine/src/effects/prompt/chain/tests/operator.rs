//! Breakers that an operator forces.

use flow_ir::units::ErrorClass;
use flow_model::ErrorKind;
use flow_policy::breaker::Forced;

use super::world::{Stage, fails, fast, says};
use crate::effects::fixtures::raised;

const FAST: &str = "openai fast-1";

fn forced(open: bool) -> Option<Forced> {
    Some(Forced { open, reason: "moving house".to_owned() })
}

#[test]
fn held_open_it_is_not_asked_and_its_fallback_answers() {
    let stage = Stage::new(&[("fast", &[says(1, "a")]), ("slow", &vec![says(1, "b"); 3])], |_| {});
    assert!(stage.registry().force(FAST, forced(true)));
    assert!(!stage.registry().force("openai nobody", forced(true)), "a target that nobody asks");
    assert_eq!(stage.text(), "b");
    // However long it takes: no probe either.
    stage.wait(3_600_000);
    assert_eq!(stage.text(), "b");
    assert!(stage.log().iter().all(|line| line.contains("slow")), "{:?}", stage.log());
    assert!(stage.registry().force(FAST, None));
    assert_eq!(stage.text(), "a");
}

#[test]
fn held_open_without_a_fallback_the_reason_is_told() {
    let stage = Stage::new(&[], |bundle| fast(bundle).fallback.clear());
    stage.registry().force(FAST, forced(true));
    let (class, message, facts) = raised(stage.ask());
    assert_eq!((class, facts.attempts), (ErrorClass::Overload, 0));
    assert!(message.contains("is held open (moving house)"), "{message}");
}

#[test]
fn held_closed_it_is_asked_whatever_happens() {
    let unwell = fails(1, ErrorKind::Upstream5xx { retry_after_ms: None });
    let mut turns = vec![unwell; 20];
    turns.push(says(1, "well"));
    let stage = Stage::new(&[("fast", &turns)], |bundle| fast(bundle).fallback.clear());
    stage.registry().force(FAST, forced(false));
    (0..20).for_each(|_| assert_eq!(raised(stage.ask()).0, ErrorClass::Overload));
    assert_eq!(stage.text(), "well");
}

#[test]
fn what_is_forced_outlives_the_process() {
    let stage = Stage::new(&[("slow", &[says(1, "b")])], |_| {});
    stage.registry().force(FAST, forced(true));
    let kept = stage.registry().states(stage.now_ms()).to_text();
    let next = Stage::new(&[("slow", &[says(1, "b")])], |_| {});
    next.registry().restore(&crate::effects::GateStates::parse(&kept).unwrap());
    assert_eq!(next.text(), "b");
    assert_eq!(next.log(), ["0 slow asked"]);
}
