//! Counts over the last while, in ten buckets.

const BUCKETS: i64 = 10;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Count {
    total: u32,
    bad: u32,
}

/// How calls ended, over a window that slides in tenths of its length.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Window {
    bucket_ms: i64,
    /// Number of the newest bucket since the Unix epoch.
    newest: i64,
    counts: [Count; BUCKETS as usize],
    /// Calls per bucket over the last windows, in thousandths.
    mean: u64,
}

impl Window {
    /// Without counts; at least ten ms long.
    #[must_use]
    pub fn new(window_ms: u64) -> Self {
        let bucket_ms = i64::try_from(window_ms).unwrap_or(i64::MAX) / BUCKETS;
        let counts = [Count::default(); BUCKETS as usize];
        Self { bucket_ms: bucket_ms.max(1), newest: i64::MIN, counts, mean: 0 }
    }

    /// Forgets what is too old. A clock that was set back changes nothing.
    pub fn roll(&mut self, now_ms: i64) {
        let bucket = now_ms.div_euclid(self.bucket_ms);
        if bucket <= self.newest {
            return;
        }
        let passed = bucket.saturating_sub(self.newest).min(BUCKETS);
        for back in (0..passed).rev() {
            self.learn();
            if let Some(count) = self.counts.get_mut(Self::place(bucket - back)) {
                *count = Count::default();
            }
            self.newest = bucket - back;
        }
    }

    /// Counts a call.
    pub fn note(&mut self, now_ms: i64, bad: bool) {
        self.roll(now_ms);
        if let Some(count) = self.counts.get_mut(Self::place(self.newest)) {
            count.total = count.total.saturating_add(1);
            count.bad = count.bad.saturating_add(u32::from(bad));
        }
    }

    /// Calls in the window.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(count.total))
    }

    /// Failures in the window.
    #[must_use]
    pub fn bad(&self) -> u32 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(count.bad))
    }

    /// Calls that a window usually holds.
    #[must_use]
    pub const fn mean(&self) -> u64 {
        self.mean * BUCKETS as u64 / 1_000
    }

    /// A full bucket goes into the mean of about the last two windows.
    fn learn(&mut self) {
        let full = self.counts.get(Self::place(self.newest)).map_or(0, |count| u64::from(count.total));
        self.mean = (self.mean * 19 + full * 1_000) / 20;
    }

    const fn place(bucket: i64) -> usize {
        bucket.rem_euclid(BUCKETS) as usize
    }
}
