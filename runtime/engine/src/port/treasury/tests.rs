use futures_util::FutureExt as _;

use super::*;

const HOUR_MS: i64 = 3_600_000;

/// Keeps when it is told to.
#[derive(Default)]
struct Slow(Mutex<Vec<(DaySum, Option<Done>)>>);

type Done = Box<dyn FnOnce() + Send>;

impl Till for Slow {
    fn keep(&self, sum: DaySum, kept: Done) {
        self.0.lock().unwrap().push((sum, Some(kept)));
    }
}

impl Slow {
    fn settle(&self) {
        self.0.lock().unwrap().iter_mut().filter_map(|(_, kept)| kept.take()).for_each(|kept| kept());
    }

    fn last(&self) -> (i64, i64) {
        let sums = self.0.lock().unwrap();
        sums.last().map(|(sum, _)| (sum.day, sum.spent.0)).unwrap()
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

fn limits(zone: &str) -> DayLimits {
    DayLimits {
        default: Some(Usd(6_400)),
        of: [("small".into(), Usd(10))].into(),
        zone: TimeZone::get(zone).unwrap(),
    }
}

#[test]
fn an_attempt_waits_until_the_file_says_so_and_few_have_to() {
    let till = Arc::new(Slow::default());
    let treasury = Treasury::kept_in(limits("UTC"), till.clone(), Vec::new());
    let day = treasury.day_of("acme").unwrap();
    let first = day.reserve(Usd(50), 0).unwrap();
    assert!(first.kept().now_or_never().is_none(), "the file does not know of it");
    assert_eq!(till.last(), (0, 150), "a 64th ahead");
    till.settle();
    assert!(first.kept().now_or_never().is_some());
    let second = day.reserve(Usd(100), 0).unwrap();
    assert!(second.kept().now_or_never().is_some(), "it is covered by what the file says");
    assert_eq!(till.count(), 1);
    let third = day.reserve(Usd(1), 0).unwrap();
    assert!(third.kept().now_or_never().is_none());
    assert_eq!(till.last(), (0, 251));
}

#[test]
fn a_restart_does_not_give_the_day_back() {
    let till = Arc::new(Slow::default());
    let first = Treasury::kept_in(limits("UTC"), till.clone(), Vec::new());
    let small = first.day_of("small").unwrap();
    // A crash: the attempt is under way, and nobody settles it.
    std::mem::forget(small.reserve(Usd(7), HOUR_MS).unwrap());
    let sums = till.0.lock().unwrap().iter().map(|(sum, _)| sum.clone()).collect();
    let again = Treasury::kept_in(limits("UTC"), till, sums);
    let small = again.day_of("small").unwrap();
    assert_eq!(small.reserve(Usd(4), 2 * HOUR_MS).unwrap_err(), Usd(3));
    assert!(small.reserve(Usd(3), 2 * HOUR_MS).is_ok());
    assert!(small.reserve(Usd(10), 25 * HOUR_MS).is_ok(), "the next day is a new one");
}

#[test]
fn a_process_that_ends_in_order_tells_the_sum_itself() {
    let till = Arc::new(Slow::default());
    let treasury = Treasury::kept_in(limits("UTC"), till.clone(), Vec::new());
    let day = treasury.day_of("acme").unwrap();
    day.reserve(Usd(50), 0).unwrap().settle(Usd(20));
    assert_eq!(till.last(), (0, 150));
    treasury.settle_up();
    assert_eq!(till.last(), (0, 20));
}

#[test]
fn a_day_begins_where_the_limits_say() {
    // 23:30 in UTC on the first day is the second one in Berlin, and the same day in New York.
    let now_ms = 23 * HOUR_MS + HOUR_MS / 2;
    let days = ["UTC", "Europe/Berlin", "America/New_York"].map(|zone| {
        let till = Arc::new(Slow::default());
        let treasury = Treasury::kept_in(limits(zone), till.clone(), Vec::new());
        drop(treasury.day_of("acme").unwrap().reserve(Usd(1), now_ms));
        till.last().0
    });
    assert_eq!(days, [0, 1, 0]);
    assert_eq!(day_of(&TimeZone::UTC, -1), -1);
}

#[test]
fn tenants_without_a_limit_have_none() {
    let treasury = Treasury::new(DayLimits { of: limits("UTC").of, ..DayLimits::default() });
    assert!(treasury.day_of("acme").is_none());
    assert!(treasury.day_of("small").is_some());
}
