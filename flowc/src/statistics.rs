//! How far a number of some rows may be from that of all rows there could be. Pure: equal inputs give equal outputs.
//!
//! | of | interval, 95 % |
//! |---|---|
//! | a share | score interval: Wilson, *Probable inference, the law of succession, and statistical inference*, 1927 |
//! | a mean | percentile bootstrap: Efron, *Bootstrap methods: another look at the jackknife*, 1979 |
//! | a quantile | order statistics, free of any distribution: Conover, *Practical Nonparametric Statistics*, 3.2 |
//! | which of two is better, on pairs | sign test without ties: Dixon and Mood, 1946; of conditions it is McNemar's |
//! | whether two shares differ, without pairs | Fisher's exact test, 1935, both sides |
//! | whether two means differ, without pairs | permutation test: Pitman, 1937 |

/// Both ends, where the rows are enough to tell them.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Interval {
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
}

/// The quantile of the normal distribution that 2.5 % lie above.
const Z: f64 = 1.959_963_984_540_054;

/// Means that are drawn. Their own error is then a hundredth of the interval's width.
const DRAWS: usize = 2_000;

/// Of a share: `hits` of `n`.
pub(crate) fn wilson(hits: usize, n: usize) -> Interval {
    if n == 0 {
        return Interval::default();
    }
    let (n, p) = (n as f64, hits as f64 / n as f64);
    let scale = 1.0 + Z * Z / n;
    let middle = (p + Z * Z / (2.0 * n)) / scale;
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / scale;
    Interval { low: Some((middle - half).max(0.0)), high: Some((middle + half).min(1.0)) }
}

/// Of the mean of these values; one value says nothing about others.
pub(crate) fn bootstrap(values: &[f64], seed: u64) -> Interval {
    if values.len() < 2 {
        return Interval::default();
    }
    let mut random = Random(seed);
    let mut means: Vec<f64> = (0..DRAWS).map(|_| mean_of_draws(values, &mut random)).collect();
    means.sort_by(f64::total_cmp);
    Interval { low: nearest_rank(&means, 2.5), high: nearest_rank(&means, 97.5) }
}

fn mean_of_draws(values: &[f64], random: &mut Random) -> f64 {
    let draw = |_| values.get(random.below(values.len())).copied().unwrap_or_default();
    (0..values.len()).map(draw).sum::<f64>() / values.len() as f64
}

/// The arithmetic mean.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The smallest of the sorted values that `percent` of them do not exceed.
pub(crate) fn nearest_rank(sorted: &[f64], percent: f64) -> Option<f64> {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// Of a quantile of the sorted values: the ranks that the true one lies between with 95 %. With few rows there may be
/// no such rank on one side.
pub(crate) fn of_quantile(sorted: &[f64], percent: f64) -> Interval {
    let (n, p) = (sorted.len(), percent / 100.0);
    // `below` is the chance that at most so many of n values lie below the quantile.
    let (mut below, mut low, mut high) = (0.0, None, None);
    for hits in 0..n {
        let before = below;
        below += binomial(n, hits, p);
        if before <= 0.025 && hits > 0 {
            low = sorted.get(hits - 1).copied();
        }
        if below >= 0.975 && high.is_none() {
            high = sorted.get(hits).copied();
        }
    }
    Interval { low, high }
}

/// How likely it is that two equally good sides differ by at least as much as `wins` and `losses` do.
pub(crate) fn sign_test(wins: usize, losses: usize) -> f64 {
    let (n, most) = (wins + losses, wins.max(losses));
    let tail: f64 = (most..=n).map(|hits| binomial(n, hits, 0.5)).sum();
    (2.0 * tail).min(1.0)
}

/// How likely a table at least as uneven is, if both sides have the same share: `hits` of `n` on each.
pub(crate) fn shares_differ((hits_a, n_a): (usize, usize), (hits_b, n_b): (usize, usize)) -> f64 {
    let (n, hits) = (n_a + n_b, hits_a + hits_b);
    let ways = |n: usize, k: usize| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    let chance = |in_a: usize| (ways(n_a, in_a) + ways(n_b, hits - in_a) - ways(n, hits)).exp();
    // Rounding must not make the table itself less likely than it is.
    let seen = chance(hits_a) * (1.0 + 1e-9);
    let all = hits.saturating_sub(n_b)..=hits.min(n_a);
    all.map(chance).filter(|chance| *chance <= seen).sum::<f64>().min(1.0)
}

/// How likely means at least as far apart are, if who is on which side is chance. 1 if a side is empty.
pub(crate) fn means_differ(a: &[f64], b: &[f64], seed: u64) -> f64 {
    let (Some(mean_a), Some(mean_b)) = (mean(a), mean(b)) else { return 1.0 };
    let seen = (mean_b - mean_a).abs() * (1.0 - 1e-9);
    let mut random = Random(seed);
    let mut all: Vec<f64> = a.iter().chain(b).copied().collect();
    let total: f64 = all.iter().sum();
    let apart = |side: f64| ((total - side) / b.len() as f64 - side / a.len() as f64).abs();
    let as_far = (0..DRAWS).filter(|_| apart(drawn(&mut all, a.len(), &mut random)) >= seen).count();
    (as_far + 1) as f64 / (DRAWS + 1) as f64
}

/// The sum of `n` of the values, drawn without putting them back.
fn drawn(values: &mut [f64], n: usize, random: &mut Random) -> f64 {
    for at in 0..n.min(values.len()) {
        let other = at + random.below(values.len() - at);
        values.swap(at, other);
    }
    values.iter().take(n).sum()
}

/// Of the difference between the means of two sides, the second minus the first.
pub(crate) fn bootstrap_difference(a: &[f64], b: &[f64], seed: u64) -> Interval {
    if a.len() < 2 || b.len() < 2 {
        return Interval::default();
    }
    let mut random = Random(seed);
    let mut drawn: Vec<f64> =
        (0..DRAWS).map(|_| mean_of_draws(b, &mut random) - mean_of_draws(a, &mut random)).collect();
    drawn.sort_by(f64::total_cmp);
    Interval { low: nearest_rank(&drawn, 2.5), high: nearest_rank(&drawn, 97.5) }
}

/// The chance of exactly `hits` in `n`.
fn binomial(n: usize, hits: usize, p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return f64::from(u8::from((p >= 1.0) == (hits == n) && (p > 0.0 || hits == 0)));
    }
    let ways = ln_factorial(n) - ln_factorial(hits) - ln_factorial(n - hits);
    (ways + hits as f64 * p.ln() + (n - hits) as f64 * (1.0 - p).ln()).exp()
}

/// Exact up to 64, then Stirling's series, whose error is below 1e-12 there.
fn ln_factorial(n: usize) -> f64 {
    if n <= 64 {
        return (2..=n).map(|k| (k as f64).ln()).sum();
    }
    let x = n as f64;
    x * x.ln() - x + 0.5 * (std::f64::consts::TAU * x).ln() + 1.0 / (12.0 * x) - 1.0 / (360.0 * x * x * x)
}

/// SplitMix64: Steele, Lea and Flood, *Fast splittable pseudorandom number generators*, 2014.
pub(crate) struct Random(pub(super) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`, which is not 0, each with the same chance up to 2^-64.
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests;
