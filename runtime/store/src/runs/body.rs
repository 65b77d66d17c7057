//! Bodies as they are kept: with a checksum, because SQLite has none for the pages of its file; large ones under
//! their digest, so that equal ones are kept once.

use rusqlite::{Connection, OptionalExtension, params};

use super::INLINE_BYTES;

const INLINE: u8 = 0;
const BLOB: u8 = 1;
const CHECKSUM: usize = 8;

/// The bytes of a column for this body; a large body goes into the table of blobs.
pub(super) fn seal(db: &Connection, body: &[u8]) -> rusqlite::Result<Vec<u8>> {
    let hash = blake3::hash(body);
    if body.len() > INLINE_BYTES {
        db.prepare_cached("INSERT OR IGNORE INTO blob(digest, body) VALUES (?1, ?2)")?
            .execute(params![hash.as_bytes(), body])?;
        let mut sealed = vec![BLOB];
        sealed.extend_from_slice(hash.as_bytes());
        return Ok(sealed);
    }
    let mut sealed = Vec::with_capacity(1 + CHECKSUM + body.len());
    sealed.push(INLINE);
    sealed.extend_from_slice(hash.as_bytes().get(..CHECKSUM).unwrap_or_default());
    sealed.extend_from_slice(body);
    Ok(sealed)
}

/// The body of a column's bytes; `None` if they are not what was written.
pub(super) fn unseal(db: &Connection, sealed: &[u8]) -> rusqlite::Result<Option<Vec<u8>>> {
    match sealed.split_first() {
        Some((&INLINE, rest)) => Ok(rest.split_at_checked(CHECKSUM).and_then(|(checksum, body)| {
            let hash = blake3::hash(body);
            (hash.as_bytes().get(..CHECKSUM) == Some(checksum)).then(|| body.to_vec())
        })),
        Some((&BLOB, digest)) => {
            let mut find = db.prepare_cached("SELECT body FROM blob WHERE digest = ?1")?;
            let body: Option<Vec<u8>> = find.query_row([digest], |row| row.get(0)).optional()?;
            Ok(body.filter(|body| blake3::hash(body).as_bytes() == digest))
        }
        Some(_) | None => Ok(None),
    }
}
