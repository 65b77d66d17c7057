use proptest::prelude::*;

use super::*;
use crate::retry::Draws;

fn ask(rate: &mut Rate, tokens: u64, now_ms: i64) -> Result<Ticket, u64> {
    match rate.step(Event::Ask(tokens), now_ms, 0) {
        Effect::Admitted(ticket) => Ok(ticket),
        Effect::Wait(ms) => Err(ms),
        Effect::Nothing => panic!("an answer"),
    }
}

fn end(rate: &mut Rate, ticket: Ticket, report: Report, now_ms: i64) {
    assert_eq!(rate.step(Event::Ended(ticket, report), now_ms, u64::MAX), Effect::Nothing);
}

fn limited(retry_after_ms: Option<u64>) -> Report {
    Report { limited: Some(retry_after_ms), ..Report::default() }
}

#[test]
fn a_429_closes_it_for_as_long_as_the_provider_says() {
    let mut rate = Rate::new(Limits::default());
    let ticket = ask(&mut rate, 1, 0).unwrap();
    end(&mut rate, ticket, limited(Some(7_000)), 100);
    assert_eq!(ask(&mut rate, 1, 100), Err(7_000));
    assert_eq!(ask(&mut rate, 1, 7_099), Err(1));
    assert!(ask(&mut rate, 1, 7_100).is_ok());
}

#[test]
fn nothing_left_closes_it_until_the_reset() {
    let mut rate = Rate::new(Limits::default());
    let ticket = ask(&mut rate, 1, 0).unwrap();
    let told = Remaining { left: 1, reset_ms: 20_000 };
    let report = Report { allowance: Allowance { requests: Some(told), tokens: None }, ..Report::default() };
    end(&mut rate, ticket, report, 0);
    let _last = ask(&mut rate, 1, 0).unwrap();
    assert_eq!(ask(&mut rate, 1, 0), Err(20_000));
    assert!(ask(&mut rate, 1, 20_000).is_ok());
}

#[test]
fn after_a_429_one_call_tries_before_the_others_go() {
    let mut rate = Rate::new(Limits::default());
    let ticket = ask(&mut rate, 1, 0).unwrap();
    end(&mut rate, ticket, limited(Some(1_000)), 0);
    let given_up = ask(&mut rate, 1, 1_000).unwrap();
    assert!(given_up.probe && ask(&mut rate, 1, 1_000).is_err());
    rate.step(Event::Dropped(given_up), 1_000, 0);
    let probe = ask(&mut rate, 1, 1_000).unwrap();
    end(&mut rate, probe, Report::default(), 1_100);
    assert!(!ask(&mut rate, 1, 1_100).unwrap().probe);
}

#[test]
fn a_try_that_fails_waits_anew_however_soon_it_fails() {
    let mut rate = Rate::new(Limits::default());
    let ticket = ask(&mut rate, 1, 0).unwrap();
    let effect = rate.step(Event::Ended(ticket, limited(None)), 0, 0);
    assert_eq!(
        (effect, ask(&mut rate, 1, 0)),
        (Effect::Nothing, Err(500)),
        "half of the first wait at least"
    );
    let first_try = ask(&mut rate, 1, 500).unwrap();
    let effect = rate.step(Event::Ended(first_try, limited(None)), 510, 0);
    assert_eq!((effect, ask(&mut rate, 1, 510)), (Effect::Nothing, Err(1_000)), "the second wait is doubled");
}

#[test]
fn a_straggler_does_not_cut_again_however_late_it_fails() {
    let mut rate = Rate::new(Limits::default());
    let (first, late) = (ask(&mut rate, 1, 0).unwrap(), ask(&mut rate, 1, 0).unwrap());
    end(&mut rate, first, limited(Some(100)), 0);
    end(&mut rate, late, limited(None), 9_000);
    assert!(ask(&mut rate, 1, 9_000).unwrap().probe, "it was under way when the first failed");
}

#[test]
fn without_a_word_the_window_halves_and_grows() {
    let mut rate = Rate::new(Limits::default());
    let mut flying: Vec<Ticket> = (0..8).map(|_| ask(&mut rate, 1, 0).unwrap()).collect();
    end(&mut rate, flying.pop().unwrap(), limited(None), 0);
    end(&mut rate, flying.pop().unwrap(), limited(None), 1);
    assert_eq!(rate.window(), Some(4), "calls that fail together are one cut");
    assert!(ask(&mut rate, 1, 1).unwrap_err() <= 1_000);
    let later = 2_000;
    assert!(ask(&mut rate, 1, later).is_err(), "six are still under way");
    flying.drain(..).for_each(|ticket| end(&mut rate, ticket, Report::default(), later));
    assert!(rate.window() >= Some(5));
    assert!(ask(&mut rate, 1, later).is_ok());
}

#[test]
fn a_declared_limit_is_spread_over_the_minute() {
    let mut rate = Rate::new(Limits { requests: Some(60), tokens: None });
    let burst = (0..100).take_while(|_| ask(&mut rate, 1, 0).is_ok()).count();
    assert_eq!(burst, 6, "a tenth of the minute at once");
    assert_eq!(ask(&mut rate, 1, 0), Err(1_000));
    assert!(ask(&mut rate, 1, 1_000).is_ok());
}

#[test]
fn tokens_that_were_not_used_come_back() {
    let mut rate = Rate::new(Limits { requests: None, tokens: Some(60_000) });
    let ticket = ask(&mut rate, 6_000, 0).unwrap();
    assert!(ask(&mut rate, 6_000, 0).is_err());
    end(&mut rate, ticket, Report { tokens: Some(0), ..Report::default() }, 0);
    assert!(ask(&mut rate, 6_000, 0).is_ok());
}

#[test]
fn a_call_larger_than_the_burst_passes_when_it_has_been_quiet() {
    let mut rate = Rate::new(Limits { requests: None, tokens: Some(1_000) });
    assert!(ask(&mut rate, 5_000, 0).is_ok());
    assert_eq!(ask(&mut rate, 5_000, 0), Err(300_000));
    assert!(ask(&mut rate, 5_000, 300_000).is_ok());
}

/// Draws steps; counts what is under way beside the gate.
fn simulate(rate: &mut Rate, draws: &mut Draws, steps: usize) -> (u64, i64) {
    let (mut now_ms, mut flying, mut admitted) = (0_i64, Vec::new(), 0_u64);
    for _ in 0..steps {
        let draw = draws.draw();
        now_ms += i64::try_from(draw >> 56).unwrap();
        match draw % 4 {
            0 | 1 => match ask(rate, draw >> 32 & 0xff, now_ms) {
                Ok(ticket) => {
                    admitted += 1;
                    flying.push(ticket);
                }
                Err(wait) => assert!(wait > 0),
            },
            2 if !flying.is_empty() => {
                let ticket = flying.swap_remove(draw as usize % flying.len());
                let report = match draw >> 16 & 7 {
                    0 => limited(None),
                    1 => limited(Some(draw >> 24 & 0xfff)),
                    _ => Report { tokens: Some(draw >> 24 & 0xff), ..Report::default() },
                };
                end(rate, ticket, report, now_ms);
            }
            3 if !flying.is_empty() => {
                let ticket = flying.swap_remove(draw as usize % flying.len());
                rate.step(Event::Dropped(ticket), now_ms, draw);
            }
            _ => {}
        }
        assert_eq!(rate.flying() as usize, flying.len(), "what is under way is counted, cancelled or not");
        assert!(flying.iter().filter(|ticket| ticket.probe).count() <= 1, "one tries at a time");
        assert!(rate.window().is_none_or(|window| window >= 1), "it never closes for ever");
    }
    (admitted, now_ms)
}

#[test]
fn a_million_steps_keep_every_promise() {
    let mut rate = Rate::new(Limits { requests: Some(600), tokens: None });
    let (admitted, now_ms) = simulate(&mut rate, &mut Draws::new(3), 1_000_000);
    // Those given up before they were sent do not count against the limit.
    assert!(admitted > 10_000, "{admitted} in {now_ms} ms");
}

proptest! {
    #[test]
    fn calls_under_way_never_leak(seed in any::<u64>(), requests in prop::option::of(1..1_000u64), steps in 1..500usize) {
        simulate(&mut Rate::new(Limits { requests, tokens: None }), &mut Draws::new(seed), steps);
    }

    #[test]
    fn no_minute_gets_more_than_its_limit_and_a_burst(limit in 10..500u64, gaps in prop::collection::vec(0..500i64, 1..600)) {
        let mut rate = Rate::new(Limits { requests: Some(limit), tokens: None });
        let (mut now_ms, mut times) = (0, Vec::new());
        for gap in gaps {
            now_ms += gap;
            if ask(&mut rate, 1, now_ms).is_ok() {
                times.push(now_ms);
            }
        }
        for (index, start) in times.iter().enumerate() {
            let minute = times[index..].iter().filter(|time| **time < start + 60_000).count() as u64;
            prop_assert!(minute <= limit + limit / 10 + 2, "{} of {}", minute, limit);
        }
    }
}
