//! What a client can choose: `initializationOptions`, and `flow` in its settings.

use serde::Deserialize;
use serde_json::Value;

/// Which inlay hints are wanted; all of them, if nothing is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Hints {
    /// Results of nodes, and types narrower than declared.
    pub(crate) types: bool,
    /// The error edges of a flow's header.
    pub(crate) errors: bool,
    /// What nodes and flows take at most.
    pub(crate) bounds: bool,
}

impl Default for Hints {
    fn default() -> Self {
        Self { types: true, errors: true, bounds: true }
    }
}

impl Hints {
    /// What `{ "inlayHints": { "bounds": false } }` says; `None` if it says nothing that can be understood.
    pub(crate) fn of(options: &Value) -> Option<Self> {
        Self::deserialize(options.get("inlayHints")?).ok()
    }
}
