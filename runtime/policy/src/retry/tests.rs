use proptest::prelude::*;

use super::*;

const PLAN: Plan = Plan { retries: 3, base_ms: 100, cap_ms: 300, patience_ms: 10_000 };

fn failed(attempts: u32) -> Failure {
    Failure { attempts, retryable: true, retry_after_ms: None, remaining_ms: None }
}

#[test]
fn waits_double_up_to_the_cap_and_end_with_the_plan() {
    let longest = |attempts| after_failure(&PLAN, &failed(attempts), u64::MAX);
    assert_eq!(longest(1), Verdict::Again { after_ms: 100 });
    assert_eq!(longest(2), Verdict::Again { after_ms: 200 });
    assert_eq!(longest(3), Verdict::Again { after_ms: 300 });
    assert_eq!(longest(4), Verdict::GiveUp(Reason::Spent));
}

#[test]
fn what_cannot_end_better_is_not_repeated() {
    let failure = Failure { retryable: false, ..failed(1) };
    assert_eq!(after_failure(&PLAN, &failure, 0), Verdict::GiveUp(Reason::Pointless));
}

#[test]
fn retry_after_is_a_lower_bound_within_patience() {
    let asked = |ms| Failure { retry_after_ms: Some(ms), ..failed(1) };
    assert_eq!(after_failure(&PLAN, &asked(4_000), 7), Verdict::Again { after_ms: 4_000 });
    assert_eq!(after_failure(&PLAN, &asked(10_001), 7), Verdict::GiveUp(Reason::TooLong));
}

#[test]
fn a_wait_beyond_the_deadline_is_not_begun() {
    let failure = Failure { retry_after_ms: Some(500), remaining_ms: Some(500), ..failed(1) };
    assert_eq!(after_failure(&PLAN, &failure, 7), Verdict::GiveUp(Reason::Deadline));
}

proptest! {
    #[test]
    fn a_wait_is_never_longer_than_its_ceiling(attempts in 1..80u32, random in any::<u64>()) {
        let plan = Plan::new(100);
        let verdict = after_failure(&plan, &failed(attempts), random);
        let Verdict::Again { after_ms } = verdict else { return Err(TestCaseError::fail("gave up")) };
        prop_assert!(after_ms <= plan.cap_ms);
    }

    #[test]
    fn waits_are_spread_over_the_whole_range(seed in any::<u64>()) {
        let mut draws = Draws::new(seed);
        let waits: Vec<u64> = (0..256).map(|_| jitter(1_000, draws.draw())).collect();
        prop_assert!(waits.iter().any(|wait| *wait < 100) && waits.iter().any(|wait| *wait > 900));
    }
}
