//! When a schedule is due next.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::line::Line;

/// Days looked ahead: the 29th of February is at most eight years away.
const DAYS: usize = 366 * 9;

/// The first minute after `after` that the line names in the zone; `None` for a day that never comes (the 30th of
/// February).
///
/// ```
/// use flow_server::{Line, next_after};
/// let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
/// let line = Line::parse("30 2 * * *").unwrap();
/// // On this day the clocks go from 2:00 to 3:00.
/// let after = "2026-03-29T00:00:00Z".parse().unwrap();
/// assert_eq!(next_after(&line, &zone, after).unwrap().to_string(), "2026-03-29T01:30:00Z");
/// ```
#[must_use]
pub fn next_after(line: &Line, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    // A minute of the day before may come after `after` where the clocks go back.
    let start = zone.to_datetime(after).date().yesterday().ok()?;
    let mut day = start;
    for _ in 0..DAYS {
        if is_due_on(line, day)
            && let Some(found) = first_on(line, zone, day, after)
        {
            return Some(found);
        }
        day = day.tomorrow().ok()?;
    }
    None
}

fn is_due_on(line: &Line, day: Date) -> bool {
    let by_day = line.days.has(day.day());
    let by_weekday = line.weekdays.has(day.weekday().to_sunday_zero_offset());
    // As cron has it: two restrictions are an `or`.
    let either = match (line.days.is_any, line.weekdays.is_any) {
        (false, false) => by_day || by_weekday,
        _ => by_day && by_weekday,
    };
    line.months.has(day.month()) && either
}

fn first_on(line: &Line, zone: &TimeZone, day: Date, after: Timestamp) -> Option<Timestamp> {
    let hours = (0..24).filter(|hour| line.hours.has(*hour));
    let times =
        hours.flat_map(|hour| (0..60).filter(|minute| line.minutes.has(*minute)).map(move |m| (hour, m)));
    let instants = times.filter_map(|(hour, minute)| instant(zone, day.at(hour, minute, 0, 0)));
    instants.filter(|instant| *instant > after).min()
}

/// In a gap: as much later as the clock jumped. Twice: the first time.
fn instant(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(time).compatible().ok()
}

#[cfg(test)]
mod tests;
