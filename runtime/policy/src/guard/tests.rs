use proptest::prelude::*;

use super::*;
use crate::retry::Draws;

const THRESHOLDS: Thresholds = Thresholds {
    errors: Some(1_000),
    slow_ms: Some(500),
    cost: Some(Usd(100)),
    confidence: Some(7_000),
    calls: 10,
};

const GOOD: Call = Call { failed: false, took_ms: 100, cost: Usd(50), confidence: Some(9_000) };

fn guard() -> Guard {
    Guard::new(THRESHOLDS, &[9_500, 500])
}

fn ended(arm: u32, failed: bool) -> Event {
    Event::Ended { arm, call: Call { failed, ..GOOD } }
}

/// The reason after so many calls like this and the rest good ones.
fn reason(bad: usize, call: Call) -> Option<String> {
    let mut guard = guard();
    let calls = (0..10).map(|n| if n < bad { call } else { GOOD });
    let mut told = calls.map(|call| guard.step(Event::Ended { arm: 1, call }));
    told.find_map(|effect| match effect {
        Effect::Paused { arm: 1, reason } => Some(reason),
        Effect::Paused { .. } | Effect::Nothing => None,
    })
}

#[test]
fn an_arm_that_fails_too_often_is_paused_and_its_callers_get_the_main_one() {
    let mut guard = guard();
    let shares = [9_500, 500];
    (0..8).for_each(|_| assert_eq!(guard.step(ended(1, false)), Effect::Nothing));
    guard.step(ended(1, true));
    assert_eq!(choose(&shares, |arm| guard.is_paused(arm), 1), 1);
    let effect = guard.step(ended(1, true));
    let reason = "of its last 10 calls 2 failed".to_owned();
    assert_eq!(effect, Effect::Paused { arm: 1, reason });
    assert_eq!([0, 1].map(|arm| choose(&shares, |arm| guard.is_paused(arm), arm)), [0, 0]);
    guard.step(Event::Set { arm: 1, paused: false });
    assert_eq!(choose(&shares, |arm| guard.is_paused(arm), 1), 1);
}

#[test]
fn each_threshold_has_its_reason() {
    assert_eq!(reason(1, Call { failed: true, ..GOOD }), None, "a tenth is not above a tenth");
    let slow = reason(1, Call { took_ms: 600, ..GOOD });
    assert_eq!(slow.unwrap(), "of its last 10 calls one in twenty took 600 ms or more, above 500 ms");
    assert_eq!(reason(5, Call { cost: Usd(150), ..GOOD }), None);
    let dear = reason(6, Call { cost: Usd(150), ..GOOD });
    assert_eq!(dear.unwrap(), "of its last 10 calls each cost 0.000110 USD on average, above 0.0001 USD");
    let unsure = reason(10, Call { confidence: Some(6_950), ..GOOD });
    assert_eq!(unsure.unwrap(), "of its last 10 calls those were 69.5 % sure on average, below 70.0 %");
    assert_eq!(reason(10, Call { confidence: None, ..GOOD }), None, "who says nothing is not judged");
}

#[test]
fn what_is_not_declared_is_not_judged() {
    let only = Thresholds { errors: Some(1_000), slow_ms: None, cost: None, confidence: None, calls: 2 };
    let mut guard = Guard::new(only, &[9_500, 500]);
    let bad = Call { failed: false, took_ms: 1_000_000, cost: Usd(1_000_000), confidence: Some(0) };
    (0..9).for_each(|_| assert_eq!(guard.step(Event::Ended { arm: 1, call: bad }), Effect::Nothing));
}

#[test]
fn the_main_arm_is_never_paused_by_itself() {
    let mut guard = guard();
    (0..100).for_each(|_| assert_eq!(guard.step(ended(0, true)), Effect::Nothing));
    guard.step(Event::Set { arm: 0, paused: true });
    assert!(guard.is_paused(0));
    assert_eq!(choose(&[9_500, 500], |arm| guard.is_paused(arm), 0), 1);
}

#[test]
fn the_largest_open_arm_stands_in() {
    assert_eq!(choose(&[2_000, 4_000, 4_000], |arm| arm == 0, 0), 1, "of equal shares the first");
    assert_eq!(choose(&[2_000, 4_000, 4_000], |arm| arm != 0, 2), 0);
    assert_eq!(choose(&[2_000, 8_000], |_| true, 0), 0, "somebody must answer");
}

fn simulate(seed: u64, steps: usize) {
    let shares = [5_000, 3_000, 2_000];
    let (mut guard, mut draws) = (Guard::new(THRESHOLDS, &shares), Draws::new(seed));
    for _ in 0..steps {
        let draw = draws.draw();
        let arm = (draw >> 8) as u32 % 3;
        match draw % 16 {
            0 | 1 => drop(guard.step(Event::Set { arm, paused: draw % 16 == 1 })),
            _ => {
                let call = Call { failed: draw & 0x1f0 == 0, took_ms: draw >> 54, ..GOOD };
                drop(guard.step(Event::Ended { arm, call }));
            }
        }
        let chosen = choose(&shares, |arm| guard.is_paused(arm), arm);
        let all = (0..3).all(|arm| guard.is_paused(arm));
        assert!(all || !guard.is_paused(chosen), "a paused arm is not called while another is not");
        assert!(guard.arms.iter().all(|arm| arm.last.len() <= 10));
    }
}

#[test]
fn a_million_steps_keep_every_promise() {
    simulate(9, 1_000_000);
}

proptest! {
    #[test]
    fn a_paused_arm_gets_no_calls(seed in any::<u64>(), steps in 1..1_000usize) {
        simulate(seed, steps);
    }
}
