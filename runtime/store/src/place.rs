//! Where values belong, and what a change is stamped with.

use serde::{Deserialize, Serialize};

/// One resource of one tenant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// As declared.
    pub resource: String,
    /// `None` for resources that all tenants share.
    pub tenant: Option<String>,
}

impl Place {
    /// Of this tenant.
    pub fn new(resource: impl Into<String>, tenant: impl Into<String>) -> Self {
        Self { resource: resource.into(), tenant: Some(tenant.into()) }
    }
}

/// Which operation changes something, and when.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stamp {
    /// Equal for every repetition of one operation; empty if it is never repeated.
    pub key: String,
    /// The caller's clock, ms since the Unix epoch.
    pub now_ms: i64,
}
