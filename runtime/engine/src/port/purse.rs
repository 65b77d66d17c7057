//! The limits that one call draws on.

use std::sync::{Arc, Mutex, PoisonError};

use flow_policy::budget::{Amount, Ledger, Left, PoolId, Short};

use crate::protocol::Pool;

/// The pools around one call, in the ledger of its run. Without limits it is empty and costs nothing.
///
/// ```
/// # use flow_ir::units::Usd;
/// # use flow_policy::budget::{Amount, Left, PoolId};
/// # use flow_runtime::{port::Purse, protocol::Pool};
/// let left = Left { cost: Some(Usd(100)), tokens: None };
/// let purse = Purse::default().with_pools(&[Pool { id: PoolId(1), left }]);
/// let attempt = purse.reserve(Amount { cost: Usd(80), tokens: 0 }).unwrap();
/// assert!(purse.reserve(Amount { cost: Usd(30), tokens: 0 }).is_err());
/// attempt.settle(Amount { cost: Usd(20), tokens: 0 });
/// assert_eq!(purse.left().cost, Some(Usd(80)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Purse {
    ledger: Option<Arc<Mutex<Ledger>>>,
    pools: Arc<[PoolId]>,
}

impl Purse {
    /// A purse in the same ledger for a call with these pools. Pools seen for the first time are opened.
    #[must_use]
    pub fn with_pools(&self, pools: &[Pool]) -> Self {
        if pools.is_empty() {
            return Self { ledger: self.ledger.clone(), pools: Arc::default() };
        }
        let purse = Self {
            ledger: Some(self.ledger.clone().unwrap_or_default()),
            pools: pools.iter().map(|pool| pool.id).collect(),
        };
        purse.with(|ledger| pools.iter().for_each(|pool| ledger.open(pool.id, pool.left)));
        purse
    }

    /// What the call may take at most.
    #[must_use]
    pub fn left(&self) -> Left {
        self.with(|ledger| ledger.left(&self.pools)).unwrap_or_default()
    }

    /// Takes the worst case of an attempt out of every pool before the attempt starts.
    ///
    /// # Errors
    /// If one of the pools holds less: the attempt must not start, the call raises `Budget`.
    pub fn reserve(&self, worst: Amount) -> Result<Reservation, Short> {
        self.with(|ledger| ledger.reserve(&self.pools, worst)).unwrap_or(Ok(()))?;
        Ok(Reservation { purse: self.clone(), worst })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> Option<T> {
        let ledger = self.ledger.as_ref()?;
        // Nothing that runs under the lock can panic half-way, so a poisoned ledger is still whole.
        Some(act(&mut ledger.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// The worst case of an attempt under way.
///
/// Dropped without settling (the attempt was aborted, or nobody knows what it used), it stays spent.
#[derive(Debug)]
#[must_use = "an attempt that is not settled is charged its worst case"]
pub struct Reservation {
    purse: Purse,
    worst: Amount,
}

impl Reservation {
    /// Gives back what the attempt did not use.
    pub fn settle(self, actual: Amount) {
        self.purse.with(|ledger| ledger.settle(&self.purse.pools, self.worst, actual));
    }
}
