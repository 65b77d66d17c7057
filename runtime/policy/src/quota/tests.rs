use proptest::prelude::*;

use super::*;
use crate::retry::Draws;

#[test]
fn a_target_that_only_fails_gets_35_retries() {
    let mut quota = Quota::default();
    let retries = (0..1_000).take_while(|_| quota.step(Event::Retry(Kind::Other))).count();
    assert_eq!((retries, quota.left()), (35, 10));
    assert!(quota.step(Event::Retry(Kind::Throttled)), "a throttled one is cheaper");
}

#[test]
fn a_success_gives_back_what_its_retry_took() {
    let mut quota = Quota::default();
    quota.step(Event::Retry(Kind::Other));
    quota.step(Event::Worked(Some(Kind::Other)));
    assert_eq!(quota.left(), 500);
    quota.step(Event::Retry(Kind::Throttled));
    quota.step(Event::Worked(None));
    assert_eq!(quota.left(), 496);
}

fn simulate(seed: u64, steps: usize) {
    let (mut quota, mut draws) = (Quota::default(), Draws::new(seed));
    for _ in 0..steps {
        let draw = draws.draw();
        let kind = if draw & 8 == 0 { Kind::Other } else { Kind::Throttled };
        let before = quota.left();
        let event = match draw % 4 {
            0 => Event::Worked(None),
            1 => Event::Worked(Some(kind)),
            _ => Event::Retry(kind),
        };
        let granted = quota.step(event);
        assert!(quota.left() <= 500);
        assert!(granted || quota.left() == before, "what is refused takes nothing");
    }
}

#[test]
fn a_million_steps_keep_every_promise() {
    simulate(5, 1_000_000);
}

proptest! {
    #[test]
    fn it_never_holds_more_than_it_is_given(seed in any::<u64>(), steps in 1..2_000usize) {
        simulate(seed, steps);
    }
}
