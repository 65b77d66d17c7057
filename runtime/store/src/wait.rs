//! Waiting for an event.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use serde_json::Value as Json;

use crate::error::Error;
use crate::local::LocalStore;
use crate::place::{Place, Stamp};

/// The next event of a key. Who waits longest is served first.
///
/// # Cancel safety
/// Dropping it gives up the turn; no event is lost.
#[derive(Debug)]
pub struct EventWait {
    store: Arc<LocalStore>,
    place: Place,
    key: String,
    stamp: Stamp,
    ticket: Option<u64>,
}

impl EventWait {
    pub(crate) const fn new(store: Arc<LocalStore>, place: Place, key: String, stamp: Stamp) -> Self {
        Self { store, place, key, stamp, ticket: None }
    }
}

impl Future for EventWait {
    type Output = Result<Json, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let taken = this.store.take_event(&this.place, &this.key, &this.stamp, &mut this.ticket, cx.waker());
        match taken {
            Ok(Some(event)) => Poll::Ready(Ok(event)),
            Ok(None) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl Drop for EventWait {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.store.leave(&self.place, &self.key, ticket);
        }
    }
}
