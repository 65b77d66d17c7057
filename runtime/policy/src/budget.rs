//! Money and tokens that several calls share: reserve before the call, settle after it.
//!
//! A [`Ledger`] holds *pools*: what is left of one `within` limit. A call draws on every pool around it (its own
//! limit, its node's, its flow's, the callers') at once, so the smallest wins. The worst case of an attempt is
//! taken out before it starts and the difference comes back after it; therefore calls side by side can never
//! spend more than a limit, whatever the order of their answers.

pub mod day;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use flow_ir::units::Usd;

/// Names a pool of one run. Given out by the machine, dense, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct PoolId(pub u32);

/// What an attempt takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Amount {
    /// Micro-dollars.
    pub cost: Usd,
    /// Input and output together.
    pub tokens: u64,
}

/// What a pool still holds; `None` is no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Left {
    /// Micro-dollars; below zero when a call cost more than its worst case.
    pub cost: Option<Usd>,
    /// Input and output together.
    pub tokens: Option<u64>,
}

impl Left {
    /// The smaller of both in each respect.
    #[must_use]
    pub fn smallest(self, other: Self) -> Self {
        let least = |a: Option<Usd>, b: Option<Usd>| a.into_iter().chain(b).min();
        let fewest = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
        Self { cost: least(self.cost, other.cost), tokens: fewest(self.tokens, other.tokens) }
    }

    fn covers(self, amount: Amount) -> bool {
        let pays = self.cost.is_none_or(|left| amount.cost <= left || amount.cost <= Usd(0));
        pays && self.tokens.is_none_or(|left| amount.tokens <= left)
    }

    fn take(&mut self, amount: Amount) {
        self.cost = self.cost.map(|left| left.minus(amount.cost));
        self.tokens = self.tokens.map(|left| left.saturating_sub(amount.tokens));
    }

    fn give(&mut self, amount: Amount) {
        self.cost = self.cost.map(|left| left.plus(amount.cost));
        self.tokens = self.tokens.map(|left| left.saturating_add(amount.tokens));
    }
}

/// Why an attempt must not start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("pool {} holds less than the worst case of this call", pool.0)]
pub struct Short {
    /// The first pool, in the order asked, that does not cover it.
    pub pool: PoolId,
    /// What it holds.
    pub left: Left,
}

/// The pools of one run.
///
/// Invariant: what a pool holds is its limit minus what was settled minus what is reserved.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ledger {
    pools: BTreeMap<PoolId, Left>,
}

impl Ledger {
    /// Makes a pool known. One that is known already keeps what it holds.
    pub fn open(&mut self, pool: PoolId, left: Left) {
        self.pools.entry(pool).or_insert(left);
    }

    /// What these pools hold at least; a pool that is not known has no limit.
    #[must_use]
    pub fn left(&self, pools: &[PoolId]) -> Left {
        let known = pools.iter().filter_map(|pool| self.pools.get(pool));
        known.fold(Left::default(), |least, left| least.smallest(*left))
    }

    /// Takes the worst case of an attempt out of all of these pools, or out of none.
    ///
    /// What costs nothing is always covered, so that a free call works after the last cent.
    ///
    /// # Errors
    /// [`Short`] names the first pool that does not cover it.
    pub fn reserve(&mut self, pools: &[PoolId], amount: Amount) -> Result<(), Short> {
        for pool in pools {
            match self.pools.get(pool) {
                Some(left) if !left.covers(amount) => return Err(Short { pool: *pool, left: *left }),
                Some(_) | None => {}
            }
        }
        self.each(pools, |left| left.take(amount));
        Ok(())
    }

    /// Gives back what an attempt did not use. A provider that reports no usage gives back nothing: pass the
    /// reserved amount as `actual`. An attempt that used more than its worst case is charged in full.
    pub fn settle(&mut self, pools: &[PoolId], reserved: Amount, actual: Amount) {
        self.each(pools, |left| {
            left.give(reserved);
            left.take(actual);
        });
    }

    fn each(&mut self, pools: &[PoolId], change: impl Fn(&mut Left)) {
        for pool in pools {
            if let Some(left) = self.pools.get_mut(pool) {
                change(left);
            }
        }
    }
}
