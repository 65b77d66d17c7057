//! The one way out: HTTP with deadlines, a size limit, an address guard, and no credentials across origins.

mod error;
mod guard;
mod retry_after;
mod send;

pub use error::{HttpError, HttpErrorKind};
pub use guard::{Allowed, Trust};
pub use retry_after::retry_after_ms;
pub use send::{Egress, EgressOptions, HttpRequest, Response, Verb};
