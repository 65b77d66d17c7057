use proptest::prelude::*;

use super::*;
use crate::retry::Draws;

#[test]
fn a_refused_key_is_left_alone_and_probed_slowly() {
    let mut key = Credential::default();
    assert_eq!(key.step(Event::Ask, 0), Effect::Admitted);
    assert_eq!(key.step(Event::Failed(Why::Refused), 10), Effect::Shut(Why::Refused));
    assert_eq!(key.step(Event::Ask, 299_999), Effect::Refused { why: Why::Refused, since_ms: 10 });
    assert_eq!(key.step(Event::Ask, 300_010), Effect::Admitted, "one tries");
    assert!(matches!(key.step(Event::Ask, 300_011), Effect::Refused { .. }), "the others do not");
    assert_eq!(key.step(Event::Worked, 300_500), Effect::Opened);
    assert_eq!(key.step(Event::Ask, 300_501), Effect::Admitted);
}

#[test]
fn a_changed_secret_is_used_at_once() {
    let mut key = Credential::default();
    key.step(Event::Failed(Why::Spent), 0);
    assert_eq!(key.step(Event::Changed, 1), Effect::Opened);
    assert_eq!(key.step(Event::Ask, 1), Effect::Admitted);
}

/// Steps drawn by chance; returns how often a shut key was used.
fn simulate(seed: u64, steps: usize) -> (i64, u32) {
    let (mut key, mut draws, mut now_ms, mut used) = (Credential::default(), Draws::new(seed), 0_i64, 0);
    let mut shut_since = None;
    let mut total_shut = 0;
    for _ in 0..steps {
        let draw = draws.draw();
        let gap = i64::try_from(draw >> 52).unwrap();
        now_ms += gap;
        total_shut += if shut_since.is_some() { gap } else { 0 };
        match draw % 64 {
            0 => {
                key.step(Event::Failed(Why::Refused), now_ms);
                shut_since = shut_since.or(Some(now_ms));
            }
            1 => {
                key.step(Event::Worked, now_ms);
                shut_since = None;
            }
            2 => assert_eq!(key.step(Event::Dropped, now_ms), Effect::Nothing),
            _ => match key.step(Event::Ask, now_ms) {
                Effect::Admitted => used += u32::from(shut_since.is_some()),
                Effect::Refused { since_ms, .. } => assert_eq!(Some(since_ms), shut_since),
                effect => panic!("{effect:?}"),
            },
        }
        assert_eq!(key.shut().is_some(), shut_since.is_some());
    }
    (total_shut, used)
}

#[test]
fn a_million_steps_keep_every_promise() {
    let (shut_ms, used) = simulate(11, 1_000_000);
    assert!(i64::from(used) <= shut_ms / 300_000 + 1, "{used} probes in {shut_ms} ms");
}

proptest! {
    #[test]
    fn a_shut_key_is_probed_at_most_every_five_minutes(seed in any::<u64>(), steps in 1..2_000usize) {
        let (shut_ms, used) = simulate(seed, steps);
        prop_assert!(i64::from(used) <= shut_ms / 300_000 + 1);
    }
}
