//! What tenants may spend in a day, over all runs of a process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use flow_ir::units::Usd;
use flow_policy::budget::day::{DayPool, Effect, Event, Ticket};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// The limits of the tenants, and what is left of them today (UTC). One per process.
#[derive(Debug, Default)]
pub struct Treasury {
    /// Of tenants that have none of their own; `None` is no limit.
    default: Option<Usd>,
    limits: BTreeMap<SmolStr, Usd>,
    pools: RwLock<FxHashMap<SmolStr, TenantDay>>,
}

/// What is left of one tenant's day. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TenantDay {
    pool: Arc<Mutex<DayPool>>,
}

/// What an attempt has taken out of a day. Dropped without settling, it is spent.
#[derive(Debug)]
pub struct DayReservation {
    day: TenantDay,
    ticket: Option<Ticket>,
    worst: Usd,
    now_ms: i64,
}

impl Treasury {
    /// With these limits a day; `default` is for all tenants that are not named.
    #[must_use]
    pub fn new(default: Option<Usd>, limits: BTreeMap<SmolStr, Usd>) -> Arc<Self> {
        Arc::new(Self { default, limits, pools: RwLock::default() })
    }

    /// The day of a tenant; `None` without a limit.
    #[must_use]
    pub fn day_of(&self, tenant: &str) -> Option<TenantDay> {
        let limit = self.limits.get(tenant).copied().or(self.default)?;
        // Nothing that runs under the lock can panic half-way.
        if let Some(day) = self.pools.read().unwrap_or_else(PoisonError::into_inner).get(tenant) {
            return Some(day.clone());
        }
        let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
        let new = || TenantDay { pool: Arc::new(Mutex::new(DayPool::new(limit))) };
        Some(pools.entry(tenant.into()).or_insert_with(new).clone())
    }

    /// What every tenant that has spent anything has spent and reserved today, by name.
    #[must_use]
    pub fn spent(&self) -> BTreeMap<SmolStr, (Usd, Usd)> {
        let pools = self.pools.read().unwrap_or_else(PoisonError::into_inner);
        pools
            .iter()
            .map(|(tenant, day)| (tenant.clone(), day.with(|pool| (pool.spent(), pool.reserved()))))
            .collect()
    }
}

impl TenantDay {
    fn with<T>(&self, act: impl FnOnce(&mut DayPool) -> T) -> T {
        // A step cannot panic half-way.
        act(&mut self.pool.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the worst case of an attempt out of the day; the error is what is left.
    pub(super) fn reserve(&self, worst: Usd, now_ms: i64) -> Result<DayReservation, Usd> {
        match self.with(|pool| pool.step(Event::Reserve(worst), now_ms)) {
            Effect::Reserved(ticket) => {
                Ok(DayReservation { day: self.clone(), ticket: Some(ticket), worst, now_ms })
            }
            Effect::Short(left) => Err(left),
            Effect::Nothing => Err(Usd(0)),
        }
    }
}

impl DayReservation {
    /// Gives back what was not used.
    pub(super) fn settle(mut self, actual: Usd) {
        self.end(actual);
    }

    fn end(&mut self, actual: Usd) {
        if let Some(ticket) = self.ticket.take() {
            self.day.with(|pool| pool.step(Event::Settle(ticket, actual), self.now_ms));
        }
    }
}

impl Drop for DayReservation {
    fn drop(&mut self) {
        self.end(self.worst);
    }
}
