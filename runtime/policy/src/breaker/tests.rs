use proptest::prelude::*;

use super::*;
use crate::retry::Draws;

const GOOD: Health = Health::Good { took_ms: 10, streamed: false };
const BAD: Health = Health::Bad { retry_after_ms: None };

fn ask(breaker: &mut Breaker, now_ms: i64) -> Option<Ticket> {
    match breaker.step(Event::Ask, now_ms, 0) {
        Effect::Admitted(ticket) => Some(ticket),
        Effect::Refused { .. } => None,
        effect => panic!("{effect:?}"),
    }
}

fn call(breaker: &mut Breaker, now_ms: i64, health: Health) -> Effect {
    let ticket = ask(breaker, now_ms).expect("closed");
    breaker.step(Event::Ended(ticket, health), now_ms, u64::MAX / 2)
}

/// What follows is not looked at.
fn ignore(_: Effect) {}

fn opened(now_ms: i64) -> Breaker {
    let mut breaker = Breaker::new(Settings::default());
    while !matches!(call(&mut breaker, now_ms, BAD), Effect::Opened { .. }) {}
    breaker
}

#[test]
fn five_failures_in_a_row_open_it() {
    let mut breaker = Breaker::new(Settings::default());
    for at in 0..4 {
        assert_eq!(call(&mut breaker, at, BAD), Effect::Nothing);
    }
    assert!(matches!(call(&mut breaker, 4, BAD), Effect::Opened { .. }));
    assert_eq!(ask(&mut breaker, 5), None);
}

#[test]
fn half_of_the_window_opens_it() {
    let mut breaker = Breaker::new(Settings { in_a_row: 100, ..Settings::default() });
    let ends = [GOOD, BAD, GOOD, BAD, GOOD];
    ends.iter().for_each(|health| ignore(call(&mut breaker, 0, *health)));
    assert!(matches!(call(&mut breaker, 0, BAD), Effect::Opened { .. }), "three of six");
}

#[test]
fn what_is_older_than_the_window_is_forgotten() {
    let mut breaker = Breaker::new(Settings { in_a_row: 100, ..Settings::default() });
    (0..4).for_each(|at| ignore(call(&mut breaker, at, BAD)));
    assert_eq!(breaker.counts(0), (4, 4));
    assert_eq!(breaker.counts(31_000), (0, 0));
    assert_eq!(call(&mut breaker, 31_000, BAD), Effect::Nothing);
}

#[test]
fn a_busy_target_is_not_judged_by_five_calls() {
    let mut breaker = Breaker::new(Settings { in_a_row: 1_000, ..Settings::default() });
    for at in 0..600 {
        (0..10).for_each(|_| ignore(call(&mut breaker, at * 100, GOOD)));
    }
    // After a silence the window is empty, but it is known to be a busy one.
    let later = 60_000 + 31_000;
    (0..20).for_each(|_| assert_eq!(call(&mut breaker, later, BAD), Effect::Nothing));
}

#[test]
fn answers_that_say_nothing_of_health_are_not_counted() {
    let mut breaker = Breaker::new(Settings::default());
    (0..100).for_each(|_| assert_eq!(call(&mut breaker, 0, Health::Answered), Effect::Nothing));
    assert_eq!(breaker.counts(0), (0, 0));
}

#[test]
fn two_good_probes_close_it_and_a_bad_one_doubles_the_rest() {
    let mut breaker = opened(0);
    let Phase::Open { until_ms: first } = breaker.phase() else { panic!("{breaker:?}") };
    assert_eq!(ask(&mut breaker, first - 1), None);
    let probe = ask(&mut breaker, first).expect("a probe");
    assert!(probe.probe);
    assert_eq!(ask(&mut breaker, first), None, "one at a time");
    let Effect::Opened { until_ms: second } = breaker.step(Event::Ended(probe, BAD), first, u64::MAX / 2)
    else {
        panic!("{breaker:?}")
    };
    assert_eq!(second - first, 2 * first);
    let probe = ask(&mut breaker, second).expect("a probe");
    assert_eq!(breaker.step(Event::Ended(probe, GOOD), second, 0), Effect::Nothing);
    let probe = ask(&mut breaker, second).expect("another");
    assert_eq!(breaker.step(Event::Ended(probe, GOOD), second, 0), Effect::Closed);
    assert!(!ask(&mut breaker, second).expect("closed").probe);
}

#[test]
fn retry_after_raises_the_rest_up_to_its_longest() {
    for (asked, rest) in [(60_000, 60_000), (10_000_000, 300_000)] {
        let mut breaker = Breaker::new(Settings { in_a_row: 1, ..Settings::default() });
        let effect = call(&mut breaker, 0, Health::Bad { retry_after_ms: Some(asked) });
        assert_eq!(effect, Effect::Opened { until_ms: rest });
    }
}

#[test]
fn a_probe_that_is_given_up_or_lost_makes_room_for_another() {
    let mut breaker = opened(0);
    let probe = ask(&mut breaker, 10_000).expect("a probe");
    breaker.step(Event::Dropped(probe), 10_000, 0);
    let lost = ask(&mut breaker, 10_000).expect("another probe");
    assert_eq!(ask(&mut breaker, 10_000 + 119_999), None);
    let probe = ask(&mut breaker, 10_000 + 120_000).expect("the lease is over");
    assert_eq!(breaker.step(Event::Ended(lost, BAD), 130_000, 0), Effect::Nothing, "too late to count");
    assert_eq!(breaker.step(Event::Ended(probe, GOOD), 130_000, 0), Effect::Nothing);
}

#[test]
fn what_started_before_it_opened_does_not_count_after() {
    let mut breaker = Breaker::new(Settings::default());
    let early = ask(&mut breaker, 0).expect("closed");
    (0..5).for_each(|_| ignore(call(&mut breaker, 0, BAD)));
    let before = breaker.clone();
    assert_eq!(breaker.step(Event::Ended(early, GOOD), 1, 0), Effect::Nothing);
    assert_eq!(breaker, before);
}

#[test]
fn an_operator_has_the_last_word() {
    let forced = |open| Event::Force(Some(Forced { open, reason: "drill".to_owned() }));
    let mut breaker = opened(0);
    breaker.step(forced(false), 0, 0);
    assert!(ask(&mut breaker, 0).is_some());
    breaker.step(forced(true), 0, 0);
    assert_eq!(breaker.step(Event::Ask, 1_000_000, 0), Effect::Refused { until_ms: None });
    breaker.step(Event::Force(None), 0, 0);
    assert!(ask(&mut breaker, 1_000_000).expect("a probe").probe);
}

#[test]
fn what_is_saved_goes_on_in_another_process() {
    let mut old = opened(0);
    old.step(Event::Force(Some(Forced { open: false, reason: "drill".to_owned() })), 0, 0);
    let mut new = Breaker::new(Settings::default());
    new.restore(old.saved());
    assert_eq!((new.phase(), new.forced(), new.saved()), (old.phase(), old.forced(), old.saved()));
    new.step(Event::Force(None), 0, 0);
    let _probe = ask(&mut new, 10_000).expect("a probe");
    let mut third = Breaker::new(Settings::default());
    third.restore(new.saved());
    assert!(ask(&mut third, 10_001).expect("the probe was lost").probe);
}

#[test]
fn a_hint_of_another_replica_lowers_the_threshold() {
    let mut breaker = Breaker::new(Settings::default());
    breaker.step(Event::Hint(10_000), 0, 0);
    call(&mut breaker, 0, BAD);
    assert!(matches!(call(&mut breaker, 0, BAD), Effect::Opened { .. }));
}

#[test]
fn first_tokens_that_come_far_too_late_are_failures() {
    let mut breaker = Breaker::new(Settings::default());
    let good = |took_ms| Health::Good { took_ms, streamed: true };
    (0..64).for_each(|_| ignore(call(&mut breaker, 0, good(500))));
    assert_eq!(breaker.counts(0).1, 0);
    call(&mut breaker, 0, good(1_400));
    assert_eq!(breaker.counts(0).1, 0, "less than three times the 95th percentile");
    call(&mut breaker, 0, good(1_600));
    assert_eq!(breaker.counts(0).1, 1);
    call(&mut breaker, 0, Health::Good { took_ms: 1_600, streamed: false });
    assert_eq!(breaker.counts(0).1, 1, "whole answers have a pace of their own");
}

/// A caller, some calls under way, and what must hold after every step.
#[derive(Default)]
struct World {
    now_ms: i64,
    flying: Vec<Ticket>,
    probes: usize,
    most_probes: usize,
    /// Whether somebody forces it open and closed, other replicas warn of it, and its process is started anew.
    operated: bool,
}

impl World {
    fn step(&mut self, breaker: &mut Breaker, draw: u64) {
        self.now_ms += i64::try_from(draw >> 8 & 0x3ff).unwrap();
        if self.operated && draw >> 40 & 0x3f == 0 {
            self.operate(breaker, draw);
        }
        match draw % 8 {
            0..=3 => self.ask(breaker, draw),
            4 | 5 => self.end(breaker, draw, if draw & 64 == 0 { GOOD } else { BAD }),
            6 => self.end(breaker, draw, BAD),
            _ if !self.flying.is_empty() => {
                let ticket = self.flying.swap_remove((draw >> 20) as usize % self.flying.len());
                let counts = breaker.counts(self.now_ms);
                breaker.step(Event::Dropped(ticket), self.now_ms, draw);
                assert_eq!(breaker.counts(self.now_ms), counts, "giving up leaves no trace");
            }
            _ => {}
        }
        self.flying.truncate(64);
        let current = |ticket: &&Ticket| breaker.is_current_probe(ticket);
        self.probes = self.flying.iter().filter(current).count();
        self.most_probes = self.most_probes.max(self.probes);
        assert!(self.probes <= 1, "one probe lease");
        let (total, bad) = breaker.counts(self.now_ms);
        assert!(bad <= total);
    }

    fn ask(&mut self, breaker: &mut Breaker, draw: u64) {
        let before = breaker.phase();
        let forced = breaker.forced().map(|forced| forced.open);
        match breaker.step(Event::Ask, self.now_ms, draw) {
            Effect::Admitted(ticket) => {
                let free = forced == Some(false) || forced.is_none() && before == Phase::Closed;
                assert!(free || ticket.probe, "{before:?} admits nothing but probes");
                assert_ne!(forced, Some(true), "an operator has the last word");
                self.flying.push(ticket);
            }
            Effect::Refused { .. } => assert_ne!(forced, Some(false), "an operator has the last word"),
            effect => panic!("{effect:?}"),
        }
    }

    fn operate(&mut self, breaker: &mut Breaker, draw: u64) {
        match draw >> 50 & 7 {
            0..=1 => breaker.step(Event::Force(None), self.now_ms, draw),
            2 => breaker.step(Event::Hint(self.now_ms + 10_000), self.now_ms, draw),
            3 => {
                let saved = breaker.saved();
                breaker.restore(saved.clone());
                assert_eq!(breaker.saved(), saved);
                Effect::Nothing
            }
            open => {
                let forced = Forced { open: open & 1 == 0, reason: "drill".to_owned() };
                breaker.step(Event::Force(Some(forced)), self.now_ms, draw)
            }
        };
    }

    fn end(&mut self, breaker: &mut Breaker, draw: u64, health: Health) {
        if self.flying.is_empty() {
            return;
        }
        let ticket = self.flying.swap_remove((draw >> 20) as usize % self.flying.len());
        breaker.step(Event::Ended(ticket, health), self.now_ms, draw);
    }
}

#[test]
fn a_million_steps_keep_every_promise() {
    let mut breaker = Breaker::new(Settings { lease_ms: 10_000, ..Settings::default() });
    let (mut world, mut draws) = (World::default(), Draws::new(7));
    let mut opened = 0;
    for _ in 0..1_000_000 {
        let before = breaker.phase();
        world.step(&mut breaker, draws.draw());
        let opens = matches!(breaker.phase(), Phase::Open { .. }) && before != breaker.phase();
        opened += u32::from(opens);
    }
    assert!(opened > 100 && world.most_probes == 1, "{opened}");
}

#[test]
fn a_million_steps_with_operators_keep_every_promise() {
    let mut breaker = Breaker::new(Settings { lease_ms: 10_000, ..Settings::default() });
    let (mut world, mut draws) = (World { operated: true, ..World::default() }, Draws::new(11));
    (0..1_000_000).for_each(|_| world.step(&mut breaker, draws.draw()));
    assert_eq!(world.most_probes, 1);
}

proptest! {
    #[test]
    fn open_admits_nothing_but_probes(seed in any::<u64>(), steps in 1..400usize, row in 1..6u32, operated: bool) {
        let mut breaker = Breaker::new(Settings { in_a_row: row, lease_ms: 5_000, ..Settings::default() });
        let (mut world, mut draws) = (World { operated, ..World::default() }, Draws::new(seed));
        (0..steps).for_each(|_| world.step(&mut breaker, draws.draw()));
    }

    #[test]
    fn the_open_time_stays_between_its_bounds(level in 0..40u32, random in any::<u64>()) {
        let mut breaker = Breaker { level, ..Breaker::new(Settings { in_a_row: 1, ..Settings::default() }) };
        let Effect::Admitted(ticket) = breaker.step(Event::Ask, 0, 0) else { unreachable!() };
        let Effect::Opened { until_ms } = breaker.step(Event::Ended(ticket, BAD), 0, random) else { unreachable!() };
        prop_assert!((4_000..=360_000).contains(&until_ms), "{}", until_ms);
    }
}
