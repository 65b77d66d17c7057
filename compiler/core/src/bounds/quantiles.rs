//! Quantiles of times in a row.
//!
//! Quantiles do not add. But if each of k steps is late in at most 0.05 / k of its runs, then all are in time in at
//! least 95 % (the union bound), so the sum of the steps' `1 - 0.05 / k` quantiles bounds the 95 % quantile of the
//! sum, whatever the steps have to do with each other.

/// The quantiles that a model declares: percent and ms.
pub(super) type Declared = Vec<(u8, u64)>;

/// The share of runs that may take longer than a p95.
const LATE: f64 = 0.05;

/// A bound on the 95 % quantile, ms, of steps one after another; in a step, calls at the same time. Calls without
/// declared quantiles count nothing; `None` if none has any.
pub(super) fn p95(steps: &[(Vec<Declared>, u64)]) -> Option<u64> {
    let declared = |calls: &Vec<Declared>| calls.iter().filter(|call| !call.is_empty()).count() as u64;
    let count: u64 = steps.iter().map(|(calls, times)| declared(calls).saturating_mul(*times)).sum();
    if count == 0 {
        return None;
    }
    let share = LATE / count as f64;
    let slowest = |calls: &Vec<Declared>| calls.iter().filter_map(|call| exceeded_by(call, share)).max();
    let total = steps.iter().map(|(calls, times)| slowest(calls).unwrap_or(0).saturating_mul(*times));
    Some(total.fold(0, u64::saturating_add))
}

/// The time, ms, that a share of runs exceeds: log-linear between the declared quantiles, and beyond the last by
/// its slope.
pub(super) fn exceeded_by(declared: &[(u8, u64)], share: f64) -> Option<u64> {
    let mut points: Vec<(f64, f64)> = declared
        .iter()
        .filter(|(percent, _)| *percent < 100)
        .map(|(percent, ms)| (rarity(1.0 - f64::from(*percent) / 100.0), (*ms as f64).max(1.0).ln()))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = rarity(share);
    let last = points.last()?;
    let pair = points.windows(2).find(|pair| pair.get(1).is_some_and(|point| at <= point.0));
    let pair = pair.or_else(|| points.windows(2).last());
    let log = match pair {
        Some([a, b]) if b.0 > a.0 => b.1 + (at - b.0) * ((b.1 - a.1) / (b.0 - a.0)).max(0.0),
        _ => last.1,
    };
    // A quantile that is declared is met exactly, whatever logarithms do to it.
    let exact =
        declared.iter().find(|(percent, _)| (rarity(1.0 - f64::from(*percent) / 100.0) - at).abs() < 1e-9);
    Some(exact.map_or_else(|| log.exp().ceil() as u64, |(_, ms)| *ms))
}

/// 0 for always, growing evenly with every factor by which a share is smaller.
fn rarity(share: f64) -> f64 {
    -share.max(1e-9).ln()
}
