//! The limits that one call draws on.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use flow_ir::units::Usd;
use flow_policy::budget::{Amount, Ledger, Left, PoolId, Short};

use super::treasury::{DayReservation, TenantDay};
use crate::protocol::Pool;

/// The pools around one call, in the ledger of its run. Without limits it is empty and costs nothing.
///
/// ```
/// # use flow_ir::units::Usd;
/// # use flow_policy::budget::{Amount, Left, PoolId};
/// # use flow_runtime::{port::Purse, protocol::Pool};
/// let left = Left { cost: Some(Usd(100)), tokens: None };
/// let purse = Purse::default().with_pools(&[Pool { id: PoolId(1), left }]);
/// let attempt = purse.reserve(Amount { cost: Usd(80), tokens: 0 }, 0).unwrap();
/// assert!(purse.reserve(Amount { cost: Usd(30), tokens: 0 }, 0).is_err());
/// attempt.settle(Amount { cost: Usd(20), tokens: 0 });
/// assert_eq!(purse.left().cost, Some(Usd(80)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Purse {
    ledger: Option<Arc<Mutex<Ledger>>>,
    pools: Arc<[PoolId]>,
    loss: Option<Arc<Loss>>,
    day: Option<TenantDay>,
}

/// Why an attempt must not start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("less is left than the worst case of this call")]
pub struct Shortage {
    /// The pool of the run that does not cover it, if it is one.
    pub pool: Option<Short>,
    /// What is left of the tenant's day, if that does not cover it.
    pub day_left: Option<Usd>,
}

impl From<Short> for Shortage {
    fn from(short: Short) -> Self {
        Self { pool: Some(short), day_left: None }
    }
}

/// Attempts that a crash cut off: nobody knows what they cost, so they are charged what an attempt can cost.
#[derive(Debug)]
struct Loss {
    attempts: u32,
    charged: OnceLock<Amount>,
}

impl Purse {
    /// A purse in the same ledger for a call with these pools. Pools seen for the first time are opened.
    #[must_use]
    pub fn with_pools(&self, pools: &[Pool]) -> Self {
        if pools.is_empty() {
            return Self {
                ledger: self.ledger.clone(),
                pools: Arc::default(),
                loss: None,
                day: self.day.clone(),
            };
        }
        let purse = Self {
            ledger: Some(self.ledger.clone().unwrap_or_default()),
            pools: pools.iter().map(|pool| pool.id).collect(),
            loss: None,
            day: self.day.clone(),
        };
        purse.with(|ledger| pools.iter().for_each(|pool| ledger.open(pool.id, pool.left)));
        purse
    }

    /// The same, drawing on the tenant's day as well.
    #[must_use]
    pub fn with_day(self, day: Option<TenantDay>) -> Self {
        Self { day, ..self }
    }

    /// The purse of an operation of which so many attempts were cut off by a crash: its first reservation takes
    /// their worst case too.
    #[must_use]
    pub fn after_loss(self, attempts: u32) -> Self {
        let loss = (attempts > 0).then(|| Arc::new(Loss { attempts, charged: OnceLock::new() }));
        Self { loss, ..self }
    }

    /// What attempts that were cut off have been charged.
    #[must_use]
    pub fn charged_for_loss(&self) -> Amount {
        self.loss.as_ref().and_then(|loss| loss.charged.get().copied()).unwrap_or_default()
    }

    /// What the call may take at most.
    #[must_use]
    pub fn left(&self) -> Left {
        self.with(|ledger| ledger.left(&self.pools)).unwrap_or_default()
    }

    /// Takes the worst case of an attempt out of every pool before the attempt starts, the tenant's day included.
    /// `now_ms`: which day it is, ms since the Unix epoch.
    ///
    /// # Errors
    /// If one of the pools holds less: the attempt must not start, the call raises `Budget`.
    pub fn reserve(&self, worst: Amount, now_ms: i64) -> Result<Reservation, Shortage> {
        self.charge_loss(worst)?;
        self.with(|ledger| ledger.reserve(&self.pools, worst)).unwrap_or(Ok(()))?;
        let day = match self.day.as_ref().map(|day| day.reserve(worst.cost, now_ms)) {
            Some(Err(left)) => {
                self.with(|ledger| ledger.settle(&self.pools, worst, Amount::default()));
                return Err(Shortage { pool: None, day_left: Some(left) });
            }
            Some(Ok(day)) => Some(day),
            None => None,
        };
        Ok(Reservation { purse: self.clone(), worst, day })
    }

    fn charge_loss(&self, worst: Amount) -> Result<(), Short> {
        let Some(loss) = self.loss.as_ref().filter(|loss| loss.charged.get().is_none()) else {
            return Ok(());
        };
        let lost = Amount {
            cost: Usd(worst.cost.0.saturating_mul(i64::from(loss.attempts))),
            tokens: worst.tokens.saturating_mul(u64::from(loss.attempts)),
        };
        self.with(|ledger| ledger.reserve(&self.pools, lost)).unwrap_or(Ok(()))?;
        // The attempts of an operation reserve one after another, so nobody was faster.
        let _ = loss.charged.set(lost);
        Ok(())
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
    day: Option<DayReservation>,
}

impl Reservation {
    /// Waits until a crash cannot give the money of the tenant's day back. To be awaited before the attempt starts.
    ///
    /// # Cancel safety
    /// Nothing is lost; the reservation stays.
    pub async fn kept(&self) {
        if let Some(day) = &self.day {
            day.kept().await;
        }
    }

    /// Gives back what the attempt did not use.
    pub fn settle(self, actual: Amount) {
        self.purse.with(|ledger| ledger.settle(&self.purse.pools, self.worst, actual));
        if let Some(day) = self.day {
            day.settle(actual.cost);
        }
    }
}
