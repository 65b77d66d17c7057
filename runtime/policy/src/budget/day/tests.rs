use proptest::prelude::*;

use super::*;
use crate::retry::Draws;

const DAY_MS: i64 = 86_400_000;

fn reserve(pool: &mut DayPool, cost: i64, day: i64) -> Result<Ticket, i64> {
    match pool.step(Event::Reserve(Usd(cost)), day) {
        Effect::Reserved(ticket) => Ok(ticket),
        Effect::Short(left) => Err(left.0),
        Effect::Nothing => panic!("an answer"),
    }
}

#[test]
fn what_is_reserved_is_not_left_and_comes_back() {
    let mut pool = DayPool::new(Usd(100));
    let ticket = reserve(&mut pool, 80, 0).unwrap();
    assert_eq!(reserve(&mut pool, 21, 0), Err(20));
    pool.step(Event::Settle(ticket, Usd(30)), 0);
    assert_eq!((pool.left(), pool.spent(), pool.reserved()), (Usd(70), Usd(30), Usd(0)));
    assert!(reserve(&mut pool, 0, 0).is_ok(), "what is free is covered");
    let mut again = DayPool::restored(Usd(100), 3, Usd(90));
    assert_eq!(reserve(&mut again, 11, 3), Err(10));
    assert!(reserve(&mut again, 100, 4).is_ok());
}

#[test]
fn midnight_fills_it_and_late_settlements_belong_to_yesterday() {
    let mut pool = DayPool::new(Usd(100));
    let yesterday = reserve(&mut pool, 100, 6).unwrap();
    let today = reserve(&mut pool, 100, 7).unwrap();
    pool.step(Event::Settle(yesterday, Usd(100)), 7);
    assert_eq!(pool.left(), Usd(0));
    pool.step(Event::Settle(today, Usd(0)), 6);
    assert_eq!(pool.left(), Usd(100), "a clock that was set back changes nothing");
}

fn simulate(seed: u64, steps: usize, limit: i64) {
    let (mut pool, mut draws, mut now_ms) = (DayPool::new(Usd(limit)), Draws::new(seed), 0_i64);
    let mut flying: Vec<(Ticket, i64)> = Vec::new();
    let (mut today, mut spent) = (0, 0);
    for _ in 0..steps {
        let draw = draws.draw();
        now_ms += i64::try_from(draw >> 48).unwrap();
        if now_ms / DAY_MS != today {
            (today, spent) = (now_ms / DAY_MS, 0);
        }
        if draw & 1 == 0 {
            let cost = i64::try_from(draw >> 40 & 0xff).unwrap();
            match reserve(&mut pool, cost, now_ms / DAY_MS) {
                Ok(ticket) => flying.push((ticket, cost)),
                Err(left) => assert!(left < cost),
            }
        } else if !flying.is_empty() {
            let (ticket, cost) = flying.swap_remove((draw >> 8) as usize % flying.len());
            let actual = i64::try_from(draw >> 32 & 0xff).unwrap().min(cost);
            spent += if ticket.day == today { actual } else { 0 };
            pool.step(Event::Settle(ticket, Usd(actual)), now_ms / DAY_MS);
        }
        assert!(spent <= limit && pool.left() >= Usd(0) && pool.reserved() >= Usd(0));
    }
    for (ticket, _) in flying {
        pool.step(Event::Settle(ticket, Usd(0)), now_ms / DAY_MS);
    }
    assert_eq!(pool.reserved(), Usd(0), "nothing is stuck");
}

#[test]
fn a_million_steps_keep_every_promise() {
    simulate(4, 1_000_000, 5_000);
}

proptest! {
    #[test]
    fn no_day_costs_more_than_its_limit(seed in any::<u64>(), steps in 1..1_000usize, limit in 0..3_000i64) {
        simulate(seed, steps, limit);
    }
}
