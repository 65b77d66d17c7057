//! What tenants may spend in a day, over all runs of a process and over its restarts.
//!
//! With a [`Till`], no attempt starts before the file says that its money is taken. The file is told in steps of a
//! 64th of the limit, so that few attempts wait for it: what it says is never less than what was spent, and after a
//! crash up to such a step more. A process that ends in order tells the sum itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use flow_ir::units::Usd;
use flow_policy::budget::day::{DayPool, Effect, Event, Ticket};
use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use tokio::sync::watch;

/// The part of a limit by which the file is ahead of what was spent.
const STEPS: i64 = 64;

/// Where what tenants have spent outlives the process.
pub trait Till: Send + Sync {
    /// Keeps a sum and calls back when it is kept, or when it never will be.
    fn keep(&self, sum: DaySum, kept: Box<dyn FnOnce() + Send>);
}

/// What a tenant has spent of a day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DaySum {
    /// Whose.
    pub tenant: SmolStr,
    /// Days since 1970-01-01, in the time zone of the limits.
    pub day: i64,
    /// No less than what was spent.
    pub spent: Usd,
}

/// The limits.
#[derive(Clone, PartialEq, Debug)]
pub struct DayLimits {
    /// Of tenants that have none of their own; `None` is no limit.
    pub default: Option<Usd>,
    /// Of these tenants.
    pub of: BTreeMap<SmolStr, Usd>,
    /// Where a day begins and ends.
    pub zone: TimeZone,
}

impl Default for DayLimits {
    /// No limit.
    fn default() -> Self {
        Self { default: None, of: BTreeMap::new(), zone: TimeZone::UTC }
    }
}

/// The limits of the tenants, and what is left of them today. One per process.
#[derive(Default)]
pub struct Treasury {
    limits: DayLimits,
    till: Option<Arc<dyn Till>>,
    pools: RwLock<FxHashMap<SmolStr, TenantDay>>,
}

impl std::fmt::Debug for Treasury {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Treasury").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// What is left of one tenant's day. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TenantDay {
    inner: Arc<Inner>,
}

struct Inner {
    tenant: SmolStr,
    limit: Usd,
    zone: TimeZone,
    till: Option<Arc<dyn Till>>,
    state: Mutex<State>,
    /// What the file says: the day, and the sum.
    kept: watch::Sender<(i64, Usd)>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

struct State {
    pool: DayPool,
    /// What the file was told last: the day, and the sum.
    told: (i64, Usd),
}

/// What an attempt has taken out of a day. Dropped without settling, it is spent.
#[derive(Debug)]
pub struct DayReservation {
    day: TenantDay,
    ticket: Option<Ticket>,
    worst: Usd,
    /// The day, and what the file must say before the attempt starts.
    needs: (i64, Usd),
}

impl Treasury {
    /// With these limits; what was spent is forgotten with the process.
    #[must_use]
    pub fn new(limits: DayLimits) -> Arc<Self> {
        Arc::new(Self { limits, ..Self::default() })
    }

    /// With these limits, going on from what was kept.
    #[must_use]
    pub fn kept_in(limits: DayLimits, till: Arc<dyn Till>, sums: Vec<DaySum>) -> Arc<Self> {
        let treasury = Self { limits, till: Some(till), ..Self::default() };
        for DaySum { tenant, day, spent } in sums {
            if let Some(tenant_day) = treasury.day_of(&tenant) {
                tenant_day.restore(day, spent);
            }
        }
        Arc::new(treasury)
    }

    /// The day of a tenant; `None` without a limit.
    #[must_use]
    pub fn day_of(&self, tenant: &str) -> Option<TenantDay> {
        let limit = self.limits.of.get(tenant).copied().or(self.limits.default)?;
        // Nothing that runs under the lock can panic half-way.
        if let Some(day) = self.pools.read().unwrap_or_else(PoisonError::into_inner).get(tenant) {
            return Some(day.clone());
        }
        let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
        Some(pools.entry(tenant.into()).or_insert_with(|| self.opened(tenant, limit)).clone())
    }

    fn opened(&self, tenant: &str, limit: Usd) -> TenantDay {
        let state = State { pool: DayPool::new(limit), told: (i64::MIN, Usd(0)) };
        TenantDay {
            inner: Arc::new(Inner {
                tenant: tenant.into(),
                limit,
                zone: self.limits.zone.clone(),
                till: self.till.clone(),
                state: Mutex::new(state),
                kept: watch::Sender::new((i64::MIN, Usd(0))),
            }),
        }
    }

    /// What every tenant that has spent anything has spent and reserved on its last day, by name.
    #[must_use]
    pub fn spent(&self) -> BTreeMap<SmolStr, (Usd, Usd)> {
        let pools = self.pools.read().unwrap_or_else(PoisonError::into_inner);
        let figures = |state: &mut State| (state.pool.spent(), state.pool.reserved());
        pools.iter().map(|(tenant, day)| (tenant.clone(), day.with(figures))).collect()
    }

    /// Tells the file the sums themselves: nothing more is started. What is still under way counts in full.
    pub fn settle_up(&self) {
        let pools = self.pools.read().unwrap_or_else(PoisonError::into_inner);
        pools.values().for_each(TenantDay::settle_up);
    }
}

impl TenantDay {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        // A step cannot panic half-way.
        act(&mut self.inner.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn restore(&self, day: i64, spent: Usd) {
        self.with(|state| {
            state.pool = DayPool::restored(self.inner.limit, day, spent);
            state.told = (day, spent);
        });
        self.inner.kept.send_replace((day, spent));
    }

    /// Takes the worst case of an attempt out of the day; the error is what is left.
    pub(super) fn reserve(&self, worst: Usd, now_ms: i64) -> Result<DayReservation, Usd> {
        let today = day_of(&self.inner.zone, now_ms);
        let (effect, needs) = self.with(|state| {
            let effect = state.pool.step(Event::Reserve(worst), today);
            (effect, self.tell(state))
        });
        match effect {
            Effect::Reserved(ticket) => {
                Ok(DayReservation { day: self.clone(), ticket: Some(ticket), worst, needs })
            }
            Effect::Short(left) => Err(left),
            Effect::Nothing => Err(Usd(0)),
        }
    }

    /// Tells the file ahead of what is taken, if it does not say as much already. The day, and what is taken.
    fn tell(&self, state: &mut State) -> (i64, Usd) {
        let taken = state.pool.spent().plus(state.pool.reserved());
        let day = state.pool.day();
        if self.inner.till.is_some() && (day > state.told.0 || taken > state.told.1) {
            let ahead = Usd(taken.0.saturating_add(self.inner.limit.0 / STEPS).min(self.inner.limit.0));
            self.keep(state, day, ahead.max(taken));
        }
        (day, taken)
    }

    fn keep(&self, state: &mut State, day: i64, spent: Usd) {
        let Some(till) = &self.inner.till else { return };
        state.told = (day, spent);
        let inner = Arc::clone(&self.inner);
        let sum = DaySum { tenant: self.inner.tenant.clone(), day, spent };
        till.keep(
            sum,
            Box::new(move || {
                inner.kept.send_replace((day, spent));
            }),
        );
    }

    fn settle_up(&self) {
        self.with(|state| {
            let taken = state.pool.spent().plus(state.pool.reserved());
            if state.told != (state.pool.day(), taken) && state.pool.day() > i64::MIN {
                self.keep(state, state.pool.day(), taken);
            }
        });
    }
}

/// Days since 1970-01-01 in a time zone. What no calendar holds is counted in UTC.
fn day_of(zone: &TimeZone, now_ms: i64) -> i64 {
    const DAY_MS: i64 = 86_400_000;
    let offset_ms = jiff::Timestamp::from_millisecond(now_ms)
        .map_or(0, |now| i64::from(zone.to_offset(now).seconds()).saturating_mul(1_000));
    now_ms.saturating_add(offset_ms).div_euclid(DAY_MS)
}

impl DayReservation {
    /// Waits until the file says that the money is taken: a crash does not give it back.
    ///
    /// # Cancel safety
    /// Nothing is lost; the reservation stays.
    pub(super) async fn kept(&self) {
        let (day, taken) = self.needs;
        if self.day.inner.till.is_none() {
            return;
        }
        let mut kept = self.day.inner.kept.subscribe();
        let is_kept = |said: &(i64, Usd)| said.0 > day || (said.0 == day && said.1 >= taken);
        // The sender lives as long as the day does, which this holds.
        drop(kept.wait_for(is_kept).await);
    }

    /// Gives back what was not used.
    pub(super) fn settle(mut self, actual: Usd) {
        self.end(actual);
    }

    fn end(&mut self, actual: Usd) {
        if let Some(ticket) = self.ticket.take() {
            self.day.with(|state| {
                state.pool.step(Event::Settle(ticket, actual), self.needs.0);
                self.day.tell(state);
            });
        }
    }
}

impl Drop for DayReservation {
    fn drop(&mut self) {
        self.end(self.worst);
    }
}

#[cfg(test)]
mod tests;
