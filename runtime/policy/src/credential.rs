//! Whether a key is accepted at all.
//!
//! A key that was refused, or that has no money left, will be refused again: it is not used until somebody
//! changes it, or until a slow probe finds that it works again.

#[cfg(test)]
mod tests;

/// Between two probes of a key that does not work, ms.
const PROBE_EVERY_MS: i64 = 300_000;

/// Why a key is not used.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is not known, or wrong (401).
    Refused,
    /// It may not do this (403).
    Forbidden,
    /// Its money or quota is used up (402, 429 of that kind).
    Spent,
}

impl Why {
    /// As in `the key is refused`.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Refused => "is refused",
            Self::Forbidden => "may not do this",
            Self::Spent => "has no money or quota left",
        }
    }
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Somebody wants to use the key.
    Ask,
    /// The key was not accepted.
    Failed(Why),
    /// The key was accepted.
    Worked,
    /// The call was given up.
    Dropped,
    /// The secret or the configuration is another one.
    Changed,
}

/// What follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing to do.
    Nothing,
    /// It may be used.
    Admitted,
    /// It may not.
    Refused {
        /// Why.
        why: Why,
        /// Since when, ms since the Unix epoch.
        since_ms: i64,
    },
    /// It is not used any more: an operator wants to know.
    Shut(Why),
    /// It is used again.
    Opened,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Shut {
    why: Why,
    since_ms: i64,
    probe_ms: i64,
}

/// The state of one key. See the module.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Credential {
    shut: Option<Shut>,
}

impl Credential {
    /// Takes an event.
    pub const fn step(&mut self, event: Event, now_ms: i64) -> Effect {
        match event {
            Event::Ask => self.ask(now_ms),
            Event::Failed(why) => self.failed(why, now_ms),
            Event::Worked | Event::Changed => match self.shut.take() {
                Some(_) => Effect::Opened,
                None => Effect::Nothing,
            },
            Event::Dropped => Effect::Nothing,
        }
    }

    /// Why it is not used, and since when (ms since the Unix epoch).
    #[must_use]
    pub const fn shut(&self) -> Option<(Why, i64)> {
        match self.shut {
            Some(Shut { why, since_ms, .. }) => Some((why, since_ms)),
            None => None,
        }
    }

    /// One caller in five minutes tries whether it works again.
    const fn ask(&mut self, now_ms: i64) -> Effect {
        match &mut self.shut {
            None => Effect::Admitted,
            Some(shut) if now_ms >= shut.probe_ms => {
                shut.probe_ms = now_ms.saturating_add(PROBE_EVERY_MS);
                Effect::Admitted
            }
            Some(shut) => Effect::Refused { why: shut.why, since_ms: shut.since_ms },
        }
    }

    const fn failed(&mut self, why: Why, now_ms: i64) -> Effect {
        let probe_ms = now_ms.saturating_add(PROBE_EVERY_MS);
        match &mut self.shut {
            Some(shut) => {
                shut.why = why;
                Effect::Nothing
            }
            None => {
                self.shut = Some(Shut { why, since_ms: now_ms, probe_ms });
                Effect::Shut(why)
            }
        }
    }
}
