//! The log of changes, and the chain of hashes through it. Pure.
//!
//! An event's hash is BLAKE3 over the hash of the event before it and its own fields, each with its length, so that
//! no field can flow into the next. Whoever keeps the last hash elsewhere also sees when the end was cut off.

pub(crate) mod state;

use flow_ir::Digest;
use serde::{Deserialize, Serialize};

/// The hash before the first event.
pub const GENESIS: [u8; 32] = [0; 32];

/// One change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// From 1, without gaps.
    pub seq: u64,
    /// ms since the Unix epoch.
    pub time_ms: i64,
    /// Who.
    pub actor: String,
    /// `publish`, `eval`, `move`, `rollback`, `release`, `delete`, `restore`, `serve`, `arm`, `breaker`, `bodies`,
    /// `protect`, `unprotect`, `propose`, `approve`, `withdraw`.
    pub action: String,
    /// `prompt support/triage@prod`.
    pub subject: String,
    /// What it was before; empty if it was not there.
    pub before: String,
    /// What it is now.
    pub after: String,
    /// Why.
    pub reason: String,
    /// Hash of the event before, hexadecimal.
    #[serde(serialize_with = "hex", deserialize_with = "unhex")]
    pub previous: [u8; 32],
    /// Of this event, hexadecimal.
    #[serde(serialize_with = "hex", deserialize_with = "unhex")]
    pub hash: [u8; 32],
}

fn hex<S: serde::Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Digest(*bytes))
}

fn unhex<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(deserializer)?;
    crate::read::digest(&text).map(|digest| digest.0).ok_or_else(|| serde::de::Error::custom("no hash"))
}

impl Event {
    /// With its place in the chain.
    #[must_use]
    pub fn sealed(mut self, previous: [u8; 32]) -> Self {
        self.previous = previous;
        self.hash = self.computed();
        self
    }

    /// What the hash must be.
    #[must_use]
    pub fn computed(&self) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&self.previous);
        bytes.extend_from_slice(&self.seq.to_le_bytes());
        bytes.extend_from_slice(&self.time_ms.to_le_bytes());
        let Self { actor, action, subject, before, after, reason, .. } = self;
        for text in [actor, action, subject, before, after, reason] {
            bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        Digest::of(&bytes).0
    }
}

/// Where the log or what it tells of is not what it was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Damage {
    /// The event, if it is one.
    pub seq: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// Follows the chain from the first event.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    next: u64,
    previous: [u8; 32],
}

impl Default for Chain {
    fn default() -> Self {
        Self { next: 1, previous: GENESIS }
    }
}

impl Chain {
    /// The hash of the last event.
    #[must_use]
    pub const fn head(&self) -> [u8; 32] {
        self.previous
    }

    /// How many events there were.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.next - 1
    }

    /// Whether there were none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the next event; what is wrong with it goes to `out`.
    pub fn take(&mut self, event: &Event, out: &mut Vec<Damage>) {
        let mut wrong = |what: &str| out.push(Damage { seq: Some(event.seq), what: what.to_owned() });
        if event.seq != self.next {
            wrong(&format!("event {} follows event {}", event.seq, self.next - 1));
        }
        if event.previous != self.previous {
            wrong("it does not follow the event before it");
        }
        if event.hash != event.computed() {
            wrong("its content is not what was written");
        }
        self.next = event.seq + 1;
        self.previous = event.hash;
    }
}
