//! Time as homes and effects see it: the machine's own, or one that jumps.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;

/// Tells the time and waits.
pub trait Clock: Send + Sync {
    /// ms since the Unix epoch.
    fn now_ms(&self) -> i64;

    /// Ends when this much time has passed, never earlier.
    ///
    /// # Cancel safety
    /// Dropping it forgets the wait.
    fn sleep(&self, ms: u64) -> BoxFuture<'static, ()>;

    /// Called by a home when nothing can go on without time passing: a virtual clock jumps to the next waiter and
    /// returns whether there was one. Real time passes by itself.
    fn advance(&self) -> bool {
        false
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn sleep(&self, ms: u64) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }
}

/// A clock for tests: time stands still while anything can go on, then jumps to the next waiter. An eight-hour
/// review takes no time.
///
/// Waiters are woken in the order of their deadlines, equal ones in the order they began to wait.
#[derive(Clone, Debug)]
pub struct VirtualClock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    now_ms: i64,
    next: u64,
    waiting: BTreeMap<(i64, u64), Waker>,
}

impl VirtualClock {
    /// Starts at this time, ms since the Unix epoch.
    #[must_use]
    pub fn starting_at(now_ms: i64) -> Self {
        Self { state: Arc::new(Mutex::new(State { now_ms, next: 0, waiting: BTreeMap::new() })) }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // Nothing that runs under the lock can panic half-way, so a poisoned state is still whole.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for VirtualClock {
    fn now_ms(&self) -> i64 {
        self.with(|state| state.now_ms)
    }

    fn sleep(&self, ms: u64) -> BoxFuture<'static, ()> {
        let key = self.with(|state| {
            state.next += 1;
            let until = state.now_ms.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
            (until, state.next)
        });
        Box::pin(Nap { clock: self.clone(), key })
    }

    fn advance(&self) -> bool {
        let woken = self.with(|state| {
            let ((until, _), waker) = state.waiting.pop_first()?;
            state.now_ms = state.now_ms.max(until);
            Some(waker)
        });
        woken.map(Waker::wake).is_some()
    }
}

/// One wait on a virtual clock.
struct Nap {
    clock: VirtualClock,
    key: (i64, u64),
}

impl Future for Nap {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.clock.with(|state| {
            if state.now_ms >= self.key.0 {
                return Poll::Ready(());
            }
            state.waiting.insert(self.key, cx.waker().clone());
            Poll::Pending
        })
    }
}

impl Drop for Nap {
    fn drop(&mut self) {
        self.clock.with(|state| state.waiting.remove(&self.key));
    }
}
