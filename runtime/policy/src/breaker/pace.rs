//! How long answers usually take: the 95th percentile of the last ones.

const KEPT: usize = 128;

/// Fewer than this say nothing.
const ENOUGH: usize = 32;

/// The percentile is found anew after so many.
const EVERY: usize = 16;

/// Below this nothing is slow, ms: three times next to nothing is still next to nothing.
const FLOOR_MS: u64 = 1_000;

/// The last answers of one kind.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pace {
    /// ms, the oldest overwritten first.
    last: Vec<u32>,
    next: usize,
    p95_ms: u64,
}

impl Pace {
    /// Whether an answer took more than three times as long as nearly all before it.
    #[must_use]
    pub fn is_slow(&self, took_ms: u64) -> bool {
        self.last.len() >= ENOUGH && took_ms > self.p95_ms.saturating_mul(3).max(FLOOR_MS)
    }

    /// Learns from an answer.
    pub fn note(&mut self, took_ms: u64) {
        let took = u32::try_from(took_ms).unwrap_or(u32::MAX);
        match self.last.get_mut(self.next) {
            Some(oldest) => *oldest = took,
            None => self.last.push(took),
        }
        self.next = (self.next + 1) % KEPT;
        if self.next.is_multiple_of(EVERY) {
            self.find();
        }
    }

    fn find(&mut self) {
        let mut sorted = self.last.clone();
        sorted.sort_unstable();
        let at = sorted.len() * 95 / 100;
        self.p95_ms = sorted.get(at).copied().map_or(0, u64::from);
    }
}
