//! What readers hold: where all pointers are at one moment, with the content behind them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use flow_ir::Digest;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::name::Kind;
use crate::read::Look;

/// The format of the file that a snapshot is kept in.
const FORMAT: &str = "flow-registry-snapshot/1";

/// Pointers and contents at one moment; verified.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Snapshot {
    /// Of the last event of the log.
    pub seq: u64,
    /// By kind and `name@pointer` or `name@v17`.
    pub held: BTreeMap<(Kind, String), Held>,
}

/// What a reference means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// The version.
    pub number: u32,
    /// The generation of the pointer; 0 where a version was named.
    pub generation: u64,
    /// Of the content.
    pub digest: Digest,
    /// The content.
    pub body: Arc<[u8]>,
}

/// A snapshot in a file.
#[derive(Serialize, Deserialize)]
struct Kept {
    format: String,
    seq: u64,
    rows: Vec<KeptRow>,
}

#[derive(Serialize, Deserialize)]
struct KeptRow {
    kind: Kind,
    reference: String,
    number: u32,
    generation: u64,
    digest: String,
    body: String,
}

impl Snapshot {
    /// Everything that pointers of these kinds name, in one read. Contents of `before` are not read again.
    pub(crate) fn read(look: Look<'_>, before: &Self, kinds: &[Kind]) -> Result<Self, Error> {
        let known: BTreeMap<Digest, Arc<[u8]>> =
            before.held.values().map(|held| (held.digest, Arc::clone(&held.body))).collect();
        let seq = look.last_event()?.map_or(0, |event| event.seq);
        // Named versions never change: what was asked for once stays.
        let named = before.held.iter().filter(|(_, held)| held.generation == 0);
        let mut held: BTreeMap<(Kind, String), Held> =
            named.map(|(key, held)| (key.clone(), held.clone())).collect();
        for pointer in look.pointers(None, None)? {
            if !kinds.contains(&pointer.kind) {
                continue;
            }
            let row = look.row(pointer.kind, &pointer.name, pointer.number)?;
            let body = match known.get(&row.digest) {
                Some(body) => Arc::clone(body),
                None => look.version(pointer.kind, &pointer.name, pointer.number)?.body,
            };
            let key = (pointer.kind, format!("{}@{}", pointer.name, pointer.pointer));
            let found =
                Held { number: pointer.number, generation: pointer.generation, digest: row.digest, body };
            held.insert(key, found);
        }
        Ok(Self { seq, held })
    }

    /// Writes it beside what is there and puts it in its place, so that a reader sees the old one or the new one.
    pub(crate) fn keep(&self, path: &Path) -> Result<(), Error> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let row = |((kind, reference), held): (&(Kind, String), &Held)| KeptRow {
            kind: *kind,
            reference: reference.clone(),
            number: held.number,
            generation: held.generation,
            digest: held.digest.to_string(),
            body: String::from_utf8_lossy(&held.body).into_owned(),
        };
        let kept =
            Kept { format: FORMAT.to_owned(), seq: self.seq, rows: self.held.iter().map(row).collect() };
        let text = serde_json::to_vec(&kept).unwrap_or_default();
        let mut bytes = format!("{}\n", Digest::of(&text)).into_bytes();
        bytes.extend(text);
        let fresh = path.with_extension(format!("new-{}", std::process::id()));
        std::fs::write(&fresh, bytes).and_then(|()| std::fs::rename(&fresh, path)).map_err(io)
    }

    /// Reads what [`Snapshot::keep`] wrote, and verifies every content.
    ///
    /// # Errors
    /// When there is none, or it is not what was written.
    pub fn kept(path: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let bytes = std::fs::read(path).map_err(io)?;
        let damaged = || Error::Damaged(format!("`{}` is not what was written", path.display()));
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
        let (digest, text) = bytes.split_at_checked(end).ok_or_else(damaged)?;
        let text = text.get(1..).unwrap_or_default();
        if Digest::of(text).to_string().as_bytes() != digest {
            return Err(damaged());
        }
        let kept: Kept = serde_json::from_slice(text).map_err(|_| damaged())?;
        if kept.format != FORMAT {
            return Err(damaged());
        }
        let mut held = BTreeMap::new();
        for row in kept.rows {
            let digest = Digest::of(row.body.as_bytes());
            if digest.to_string() != row.digest {
                return Err(damaged());
            }
            let found = Held {
                number: row.number,
                generation: row.generation,
                digest,
                body: row.body.into_bytes().into(),
            };
            held.insert((row.kind, row.reference), found);
        }
        Ok(Self { seq: kept.seq, held })
    }
}
