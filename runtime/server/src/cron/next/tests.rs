use super::*;
use crate::cron::BadLine;

fn due(line: &str, zone: &str, after: &str, n: usize) -> Vec<String> {
    let (line, zone) = (Line::parse(line).unwrap(), TimeZone::get(zone).unwrap());
    let mut at: Timestamp = after.parse().unwrap();
    let next = || {
        at = next_after(&line, &zone, at)?;
        Some(at.to_string())
    };
    std::iter::from_fn(next).take(n).collect()
}

#[test]
fn lines_mean_what_cron_says() {
    let check = |line: &str, expect: &[&str]| {
        assert_eq!(due(line, "UTC", "2026-01-30T10:30:30Z", expect.len()), expect, "{line}");
    };
    check("* * * * *", &["2026-01-30T10:31:00Z", "2026-01-30T10:32:00Z"]);
    check("*/20 * * * *", &["2026-01-30T10:40:00Z", "2026-01-30T11:00:00Z"]);
    check("0 9-17/4 * * mon-fri", &["2026-01-30T13:00:00Z", "2026-01-30T17:00:00Z", "2026-02-02T09:00:00Z"]);
    check("0 0 29 2 *", &["2028-02-29T00:00:00Z"]);
    check("0 0 1 * 0", &["2026-02-01T00:00:00Z", "2026-02-08T00:00:00Z"]);
    check("5,10 0 * jan 7", &["2027-01-03T00:05:00Z", "2027-01-03T00:10:00Z"]);
    check("0 0 30 2 *", &[]);
}

#[test]
fn summer_time_skips_and_repeats_nothing() {
    let berlin = |after: &str, n| due("30 2 * * *", "Europe/Berlin", after, n);
    // 2:30 does not exist on the 29th: run when the clock has jumped, once.
    assert_eq!(berlin("2026-03-28T12:00:00Z", 2), ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]);
    // 2:30 happens twice on the 25th: run the first time.
    assert_eq!(berlin("2026-10-24T12:00:00Z", 2), ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
}

#[test]
fn what_is_no_schedule_is_told() {
    let bad = |line: &str| Line::parse(line).unwrap_err().to_string();
    assert_eq!(Line::parse("* * * *"), Err(BadLine::Fields(4)));
    assert_eq!(bad("60 * * * *"), "`60` is no minute (0 to 59)");
    assert_eq!(bad("* * * foo *"), "`foo` is no month (1 to 12)");
    assert_eq!(bad("*/0 * * * *"), "`*/0` is no minute (0 to 59)");
    assert_eq!(bad("5-1 * * * *"), "`5-1` is no minute (0 to 59)");
    assert_eq!(bad("* * 0 * *"), "`0` is no day of the month (1 to 31)");
}
