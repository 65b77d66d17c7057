//! How the gates stand, for people and for the next process.

use std::collections::BTreeMap;

use flow_policy::breaker::{Phase, Saved};
use flow_policy::credential::Why;
use serde::{Deserialize, Serialize};

use super::registry::Registry;
use super::target::Health;

const FORMAT: &str = "flow-gates/1";

/// How all gates of a process stand.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateStates {
    format: String,
    /// By name of the target.
    pub breakers: BTreeMap<String, BreakerState>,
    /// Keys that are not used, by name.
    pub keys: BTreeMap<String, KeyState>,
}

/// How one breaker stands.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakerState {
    /// `closed`, `open` or `half_open`; an operator's word is in `saved`.
    pub state: String,
    /// Calls in the window.
    pub calls: u32,
    /// Failures among them.
    pub failures: u32,
    /// Whether a probe is under way.
    #[serde(default)]
    pub probing: bool,
    /// What the next process goes on with.
    pub saved: Saved,
}

/// Why a key is not used.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyState {
    /// Why.
    pub why: Why,
    /// ms since the Unix epoch.
    pub since_ms: i64,
}

/// Why a text is no state of gates.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct StateError(String);

impl Default for GateStates {
    fn default() -> Self {
        Self { format: FORMAT.to_owned(), breakers: BTreeMap::new(), keys: BTreeMap::new() }
    }
}

impl GateStates {
    /// Reads what [`GateStates::to_text`] wrote.
    ///
    /// # Errors
    /// It is no such text, or of another version.
    pub fn parse(text: &str) -> Result<Self, StateError> {
        let states: Self = serde_json::from_str(text).map_err(|error| StateError(error.to_string()))?;
        match states.format.as_str() {
            FORMAT => Ok(states),
            other => Err(StateError(format!("it is `{other}`, this version reads `{FORMAT}`"))),
        }
    }

    /// As JSON, for a file.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Writing to memory cannot fail, and all keys are text.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// These, and those of `older` about targets that these do not know. A key that is not named any more is used
    /// again.
    #[must_use]
    pub fn over(self, older: Self) -> Self {
        let mut breakers = older.breakers;
        breakers.extend(self.breakers);
        Self { breakers, ..self }
    }
}

impl Registry {
    /// How everything stands now, ms since the Unix epoch.
    #[must_use]
    pub fn states(&self, now_ms: i64) -> GateStates {
        let breakers = self.health.all();
        let keys = self.keys.all();
        let shut = |key: &super::target::Key| {
            let (why, since_ms) = key.since()?;
            Some((key.name.to_string(), KeyState { why, since_ms }))
        };
        GateStates {
            breakers: breakers
                .iter()
                .map(|health| (health.name.to_string(), state(health, now_ms)))
                .collect(),
            keys: keys.iter().filter_map(|key| shut(key)).collect(),
            ..GateStates::default()
        }
    }

    /// Goes on where another process stopped. Targets that nobody asks here are passed over, so make the
    /// performers first.
    pub fn restore(&self, states: &GateStates) {
        for (name, state) in &states.breakers {
            if let Some(health) = self.health.find(name) {
                health.with(|breaker| breaker.restore(state.saved.clone()));
            }
        }
        for (name, state) in &states.keys {
            if let Some(key) = self.keys.find(name) {
                key.failed(state.why, state.since_ms);
            }
        }
    }
}

fn state(health: &Health, now_ms: i64) -> BreakerState {
    health.with(|breaker| {
        let (calls, failures) = breaker.counts(now_ms);
        let state = match breaker.phase() {
            Phase::Closed => "closed",
            Phase::Open { .. } => "open",
            Phase::HalfOpen { .. } => "half_open",
        };
        let probing = matches!(breaker.phase(), Phase::HalfOpen { leased_until_ms: Some(_), .. });
        BreakerState { state: state.to_owned(), calls, failures, probing, saved: breaker.saved() }
    })
}
