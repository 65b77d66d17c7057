//! A limit per minute that is spread over the minute (the generic cell rate algorithm).

/// A minute in µs.
const MINUTE: u128 = 60_000_000;

/// A tenth of a minute's amount may come at once.
const BURST: i64 = 6_000_000;

/// What one limit has let through, as the time at which it would all have come evenly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bucket {
    per_minute: u64,
    /// µs since the Unix epoch.
    even_us: i64,
}

impl Bucket {
    pub(super) fn per_minute(amount: u64) -> Self {
        Self { per_minute: amount.max(1), even_us: i64::MIN }
    }

    /// Until so much may pass, ms. More than the burst passes only when nothing has passed for long.
    pub(super) fn wait_ms(&self, amount: u64, now_ms: i64) -> u64 {
        let now = now_ms.saturating_mul(1_000);
        let room = BURST.saturating_sub(self.span(amount)).max(0);
        let early = self.even_us.saturating_sub(now.saturating_add(room));
        u64::try_from(early).unwrap_or(0).div_ceil(1_000)
    }

    pub(super) fn take(&mut self, amount: u64, now_ms: i64) {
        let now = now_ms.saturating_mul(1_000);
        self.even_us = self.even_us.max(now).saturating_add(self.span(amount));
    }

    pub(super) fn give_back(&mut self, amount: u64) {
        self.even_us = self.even_us.saturating_sub(self.span(amount));
    }

    /// How long so much takes, evenly, µs.
    fn span(&self, amount: u64) -> i64 {
        i64::try_from(u128::from(amount) * MINUTE / u128::from(self.per_minute)).unwrap_or(i64::MAX)
    }
}
