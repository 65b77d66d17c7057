use futures_util::FutureExt;

use super::*;

#[test]
fn waiters_are_woken_in_the_order_of_their_deadlines() {
    let clock = VirtualClock::starting_at(1_000);
    let mut late = clock.sleep(500);
    let mut early = clock.sleep(20);
    assert!((&mut late).now_or_never().is_none() && (&mut early).now_or_never().is_none());
    assert!(clock.advance());
    assert_eq!(clock.now_ms(), 1_020);
    assert!((&mut early).now_or_never().is_some() && (&mut late).now_or_never().is_none());
    assert!(clock.advance());
    assert_eq!(clock.now_ms(), 1_500);
    assert!(late.now_or_never().is_some());
    assert!(!clock.advance());
}

#[test]
fn a_dropped_wait_is_forgotten() {
    let clock = VirtualClock::starting_at(0);
    let mut nap = clock.sleep(10);
    assert!((&mut nap).now_or_never().is_none());
    drop(nap);
    assert!(!clock.advance());
    assert_eq!(clock.now_ms(), 0);
}
