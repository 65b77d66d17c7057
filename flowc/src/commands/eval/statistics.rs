//! How far a number of some rows may be from that of all rows there could be. Pure: equal inputs give equal outputs.
//!
//! | of | interval, 95 % |
//! |---|---|
//! | a share | score interval: Wilson, *Probable inference, the law of succession, and statistical inference*, 1927 |
//! | a mean | percentile bootstrap: Efron, *Bootstrap methods: another look at the jackknife*, 1979 |
//! | a quantile | order statistics, free of any distribution: Conover, *Practical Nonparametric Statistics*, 3.2 |
//! | which of two is better | sign test on pairs without ties: Dixon and Mood, 1946; of conditions it is McNemar's |

/// Both ends, where the rows are enough to tell them.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Interval {
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
}

/// The quantile of the normal distribution that 2.5 % lie above.
const Z: f64 = 1.959_963_984_540_054;

/// Means that are drawn. Their own error is then a hundredth of the interval's width.
const DRAWS: usize = 2_000;

/// Of a share: `hits` of `n`.
pub(super) fn wilson(hits: usize, n: usize) -> Interval {
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
pub(super) fn bootstrap(values: &[f64], seed: u64) -> Interval {
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
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The smallest of the sorted values that `percent` of them do not exceed.
pub(super) fn nearest_rank(sorted: &[f64], percent: f64) -> Option<f64> {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// Of a quantile of the sorted values: the ranks that the true one lies between with 95 %. With few rows there may be
/// no such rank on one side.
pub(super) fn of_quantile(sorted: &[f64], percent: f64) -> Interval {
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
pub(super) fn sign_test(wins: usize, losses: usize) -> f64 {
    let (n, most) = (wins + losses, wins.max(losses));
    let tail: f64 = (most..=n).map(|hits| binomial(n, hits, 0.5)).sum();
    (2.0 * tail).min(1.0)
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
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
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
