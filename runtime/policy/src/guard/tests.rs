use proptest::prelude::*;

use super::*;
use crate::retry::Draws;

const THRESHOLDS: Thresholds = Thresholds { errors: 1_000, slow_ms: Some(500), calls: 10 };

fn guard() -> Guard {
    Guard::new(THRESHOLDS, &[9_500, 500])
}

fn ended(arm: u32, failed: bool) -> Event {
    Event::Ended { arm, failed, took_ms: 100 }
}

#[test]
fn an_arm_that_fails_too_often_is_paused_and_its_callers_get_the_main_one() {
    let mut guard = guard();
    (0..8).for_each(|_| assert_eq!(guard.step(ended(1, false)), Effect::Nothing));
    guard.step(ended(1, true));
    assert_eq!(guard.choose(1), 1);
    let effect = guard.step(ended(1, true));
    let reason = "2 of its last 10 calls failed".to_owned();
    assert_eq!(effect, Effect::Paused { arm: 1, reason });
    assert_eq!((guard.choose(1), guard.choose(0)), (0, 0));
    guard.step(Event::Set { arm: 1, paused: None });
    assert_eq!(guard.choose(1), 1);
}

#[test]
fn an_arm_that_is_too_slow_is_paused() {
    let mut guard = guard();
    let slow = || Event::Ended { arm: 1, failed: false, took_ms: 600 };
    (0..9).for_each(|_| assert_eq!(guard.step(slow()), Effect::Nothing));
    assert!(matches!(guard.step(slow()), Effect::Paused { arm: 1, .. }));
}

#[test]
fn the_main_arm_is_never_paused_by_itself() {
    let mut guard = guard();
    (0..100).for_each(|_| assert_eq!(guard.step(ended(0, true)), Effect::Nothing));
    guard.step(Event::Set { arm: 0, paused: Some("by hand".to_owned()) });
    assert_eq!((guard.choose(0), guard.paused(0)), (1, Some("by hand")));
}

fn simulate(seed: u64, steps: usize) {
    let (mut guard, mut draws) = (Guard::new(THRESHOLDS, &[5_000, 3_000, 2_000]), Draws::new(seed));
    for _ in 0..steps {
        let draw = draws.draw();
        let arm = (draw >> 8) as u32 % 4;
        match draw % 16 {
            0 => drop(guard.step(Event::Set { arm, paused: None })),
            1 => drop(guard.step(Event::Set { arm, paused: Some("drill".to_owned()) })),
            _ => drop(guard.step(Event::Ended { arm, failed: draw & 0x1f0 == 0, took_ms: draw >> 54 })),
        }
        let chosen = guard.choose(arm);
        let all = (0..3).all(|arm| guard.paused(arm).is_some());
        assert!(all || guard.paused(chosen).is_none(), "a paused arm is not called while another is not");
        assert!(guard.arms.iter().all(|arm| arm.failed as usize <= arm.last.len()));
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
