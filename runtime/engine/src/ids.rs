//! Names that are made at run time: of runs, and of operations towards the outside.

#[cfg(test)]
mod tests;

use flow_ir::NodeId;
use smol_str::SmolStr;

/// A fresh name for a run: UUIDv7, so that names sort by time.
#[must_use]
pub fn new_run_id() -> SmolStr {
    SmolStr::new(uuid::Uuid::now_v7().hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()))
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
    /// 0 is the call itself, 1 and up are the shadows beside it.
    pub(crate) shadow: u32,
}

/// Equal for every repetition of an operation, different for any two operations: 115 bits of
/// BLAKE3(run, place), in base32. Short enough to be kept without an allocation.
pub(crate) fn idempotency_key(run: &str, place: Place) -> SmolStr {
    const NUMBERS: usize = 20;
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    // One block, hashed at once: a hasher that can be fed is two KiB, and this is done for every call.
    let mut block = [0u8; 64];
    let numbers = [place.frame, place.node.0, place.visit, place.branch, place.shadow];
    let (head, tail) = block.split_at_mut(NUMBERS);
    for (bytes, number) in head.chunks_exact_mut(4).zip(numbers) {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
    let hash = match tail.get_mut(..run.len()) {
        Some(name) => {
            name.copy_from_slice(run.as_bytes());
            blake3::hash(block.get(..NUMBERS + run.len()).unwrap_or(&block))
        }
        None => blake3::hash(&[head, run.as_bytes()].concat()),
    };
    let mut key = [0u8; 23];
    for (letter, byte) in key.iter_mut().zip(hash.as_bytes()) {
        *letter = ALPHABET.get(usize::from(byte & 31)).copied().unwrap_or(b'a');
    }
    SmolStr::new(std::str::from_utf8(&key).unwrap_or_default())
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
