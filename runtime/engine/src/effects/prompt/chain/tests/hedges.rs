//! `hedge: 800ms`.

use flow_ir::Bundle;
use flow_model::ErrorKind;

use super::world::{Stage, broke_off, fails, fast, says};
use crate::effects::fixtures::value;

fn hedged(bundle: &mut Bundle) {
    fast(bundle).hedge_ms = Some(800);
}

/// What the winner of the fixtures costs; the other one is charged its worst case on top.
const ONE: i64 = 20;

#[test]
fn a_model_that_answers_in_time_is_not_raced() {
    let stage = Stage::new(&[("fast", &[says(800, "first")])], hedged);
    assert_eq!(stage.text(), "first");
    assert_eq!(stage.log(), ["0 fast asked"]);
}

#[test]
fn the_second_is_asked_only_after_the_delay_and_the_loser_is_given_up() {
    let stage = Stage::new(&[("fast", &[says(5_000, "late")]), ("slow", &[says(200, "second")])], hedged);
    let (answer, facts) = value(stage.ask());
    assert_eq!(answer.as_text(), Some("second"));
    assert_eq!(stage.log(), ["0 fast asked", "800 slow asked", "1000 fast given up"]);
    assert_eq!((facts.attempts, facts.latency_ms), (2, 1_000));
    assert!(facts.cost.0 > ONE, "{}: the loser may be billed as well", facts.cost);
}

#[test]
fn the_first_may_still_win() {
    let stage = Stage::new(&[("fast", &[says(900, "first")]), ("slow", &[says(700, "late")])], hedged);
    assert_eq!(stage.text(), "first");
    assert_eq!(stage.log(), ["0 fast asked", "800 slow asked", "900 slow given up"]);
}

#[test]
fn a_failure_of_one_leaves_the_other_alone() {
    let unwell = || ErrorKind::Upstream5xx { retry_after_ms: None };
    for (first, second, answer) in [
        (fails(900, unwell()), says(700, "second"), "second"),
        (says(2_000, "first"), fails(100, unwell()), "first"),
        (says(2_000, "first"), fails(100, broke_off()), "first"),
    ] {
        let stage = Stage::new(&[("fast", &[first]), ("slow", &[second])], hedged);
        assert_eq!(stage.text(), answer);
        assert_eq!(stage.log(), ["0 fast asked", "800 slow asked"], "nobody was given up");
    }
}

#[test]
fn an_early_failure_is_no_reason_to_wait_for_the_hedge() {
    let busy = fails(10, ErrorKind::Overloaded { retry_after_ms: None });
    let stage = Stage::new(&[("fast", &[busy]), ("slow", &[says(10, "second")])], hedged);
    assert_eq!(stage.text(), "second");
    assert_eq!(stage.log(), ["0 fast asked", "10 slow asked"]);
}

#[test]
fn without_a_fallback_the_same_model_is_asked_again() {
    let turns = [says(5_000, "late"), says(100, "second")];
    let stage = Stage::new(&[("fast", &turns)], |bundle| {
        hedged(bundle);
        fast(bundle).fallback.clear();
    });
    assert_eq!(stage.text(), "second");
    assert_eq!(stage.log(), ["0 fast asked", "800 fast asked", "900 fast given up"]);
}

#[test]
fn one_that_has_begun_to_speak_is_not_raced() {
    let turn = says(5_000, "Hello").showing(&[(700, "Hel"), (900, "lo")]);
    let stage = Stage::new(&[("fast", &[turn])], hedged).read(true);
    assert_eq!(stage.text(), "Hello");
    assert_eq!((stage.log(), stage.screen()), (vec!["0 fast asked".to_owned()], "Hello".to_owned()));
}

#[test]
fn of_two_that_race_one_is_shown() {
    let first = says(5_000, "first").showing(&[(1_000, "fi")]);
    let second = says(700, "second").showing(&[(100, "sec"), (100, "ond")]);
    let stage = Stage::new(&[("fast", &[first]), ("slow", &[second])], hedged).read(true);
    assert_eq!(stage.text(), "second");
    assert_eq!(stage.screen(), "second");
    // The first speaks first and loses: the winner's text takes its place.
    let first = says(5_000, "first").showing(&[(850, "fi")]);
    let second = says(300, "second").showing(&[(100, "sec")]);
    let stage = Stage::new(&[("fast", &[first]), ("slow", &[second])], hedged).read(true);
    assert_eq!(stage.text(), "second");
    assert_eq!(stage.screen(), "second");
}

#[test]
fn a_reader_who_cannot_take_text_back_is_shown_one_answer_only() {
    let turn = says(100, "Hello").showing(&[(5_000, "Hello")]);
    let stage = Stage::new(&[("fast", &[turn])], hedged).read(false);
    assert_eq!(stage.text(), "Hello");
    assert_eq!((stage.log(), stage.screen()), (vec!["0 fast asked".to_owned()], "Hello".to_owned()));
}

#[test]
fn hedges_end_where_the_retry_budget_does() {
    let calls = 100;
    let late = vec![says(5_000, "first"); calls];
    let more: Vec<_> = [late.clone(), late].concat();
    let stage = Stage::new(&[("fast", &more), ("slow", &vec![says(9_000, "late"); calls])], hedged);
    (0..calls).for_each(|_| assert_eq!(stage.text(), "first"));
    let hedges = stage.log().iter().filter(|line| line.contains("slow asked")).count();
    assert_eq!(hedges, 35, "a bucket of 500, 14 each");
}

#[test]
fn a_target_that_rests_is_not_raced() {
    let stage = Stage::new(&[("fast", &[says(5_000, "first"), says(9_000, "late")])], hedged);
    let forced = flow_policy::breaker::Forced { open: true, reason: "drill".to_owned() };
    assert!(stage.registry().force("openai slow-1", Some(forced)));
    assert_eq!(stage.text(), "first");
    assert!(stage.log().iter().all(|line| !line.contains("slow")), "{:?}", stage.log());
}

#[test]
fn both_are_paid_once_even_if_nobody_says_what_was_used() {
    let turns =
        [("fast", &[says(5_000, "late")][..]), ("slow", &[says(200, "second").silent_on_usage()][..])];
    let silent = value(Stage::new(&turns, hedged).ask()).1.cost;
    let turns = [("fast", &[says(5_000, "late")][..]), ("slow", &[says(200, "second")][..])];
    let told = value(Stage::new(&turns, hedged).ask()).1.cost;
    // Two worst cases, of equal models; one worst case and what was told.
    assert_eq!(silent.0, 2 * (told.0 - ONE), "{silent} {told}");
}
