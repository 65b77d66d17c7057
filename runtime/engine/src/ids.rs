//! Names that are made at run time: of runs, and of operations towards the outside.

#[cfg(test)]
mod tests;

use std::fmt;

use flow_ir::NodeId;
use smol_str::SmolStr;

/// A fresh name for a run: UUIDv7, so that names sort by time.
#[must_use]
pub fn new_run_id() -> SmolStr {
    SmolStr::new(uuid::Uuid::now_v7().hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()))
}

/// What chance decides in this run: its name is random enough, in the last eight hex digits.
#[must_use]
pub fn seed_of(run: &str) -> u64 {
    let tail = run.get(run.len().saturating_sub(8)..);
    tail.and_then(|tail| u64::from_str_radix(tail, 16).ok()).unwrap_or_default()
}

/// Where in a run an operation is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// Activation.
    pub(crate) frame: u32,
    /// Which node of its flow.
    pub(crate) node: NodeId,
    /// Which visit of the node.
    pub(crate) visit: u32,
    /// Position in an `all` or `each`.
    pub(crate) branch: u32,
}

/// Names an operation towards the outside: equal for every repetition of it, different for any two operations.
///
/// Its text is 115 bits of BLAKE3(run, place) in base32. It is made when somebody asks for it: most operations
/// are reads, and nobody does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdempotencyKey {
    pub(crate) run: SmolStr,
    pub(crate) place: Place,
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut key = [0u8; 23];
        for (letter, byte) in key.iter_mut().zip(self.hash().as_bytes()) {
            *letter = ALPHABET.get(usize::from(byte & 31)).copied().unwrap_or(b'a');
        }
        f.write_str(std::str::from_utf8(&key).unwrap_or_default())
    }
}

impl IdempotencyKey {
    /// Of an operation that belongs to no run. The name must not be a run's.
    pub fn alone(name: impl Into<SmolStr>) -> Self {
        let place = Place { frame: 0, node: NodeId(0), visit: 0, branch: 0 };
        Self { run: name.into(), place }
    }

    fn hash(&self) -> blake3::Hash {
        let Place { frame, node, visit, branch } = self.place;
        let mut hasher = blake3::Hasher::new();
        // The last number is always 0: keys stay what they were when shadows had one of their own.
        for number in [frame, node.0, visit, branch, 0] {
            hasher.update(&number.to_le_bytes());
        }
        hasher.update(self.run.as_bytes());
        hasher.finalize()
    }
}

/// A number below 10 000 that depends on nothing but the key and the name.
pub(crate) fn sticky_draw(key: &str, name: &str) -> u32 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key.as_bytes());
    hasher.update(name.as_bytes());
    let hash = hasher.finalize();
    let first = hash.as_bytes().first_chunk::<8>().copied().unwrap_or_default();
    (u64::from_le_bytes(first) % 10_000) as u32
}
