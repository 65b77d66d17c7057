//! The format of a sealed content.
//!
//! ```text
//! FLSEAL1\n
//! {"key":"…","wrapped":"…","nonce":"…"}\n        the key's name, the wrapped data key and the nonce, hexadecimal
//! ciphertext and tag of AES-256-GCM               authenticates the line above and the context
//! ```

use std::fmt::Write as _;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};

use super::{Context, DataKey, Secret, Trouble};

const MAGIC: &[u8] = b"FLSEAL1\n";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    key: String,
    wrapped: String,
    nonce: String,
}

/// A sealed content that has not been opened.
pub(super) struct Sealed<'a> {
    head: Head,
    /// As it was written.
    line: &'a [u8],
    wrapped: Vec<u8>,
    nonce: [u8; NONCE_LEN],
    text: &'a [u8],
}

/// Random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Trouble> {
    let mut bytes = [0; N];
    let none = |_| Trouble::Refused("this machine gives no random numbers".to_owned());
    SystemRandom::new().fill(&mut bytes).map_err(none)?;
    Ok(bytes)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to memory cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Of hexadecimal digits.
pub(crate) fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let is_hex = digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit);
    if is_hex { digits.chunks(2).map(pair).collect() } else { None }
}

/// Encrypts under a key, or `None` if this machine cannot.
pub(super) fn encrypt(secret: &Secret, nonce: [u8; NONCE_LEN], with: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &secret.0).ok()?);
    let mut text = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(with), &mut text).ok()?;
    Some(text)
}

/// Decrypts, or `None` if the key, what it was authenticated with, or the text is another.
pub(super) fn decrypt(secret: &Secret, nonce: [u8; NONCE_LEN], with: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &secret.0).ok()?);
    let mut text = text.to_vec();
    let plain = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(with), &mut text).ok()?;
    Some(plain.to_vec())
}

/// Each part with its length, so that no part flows into the next.
pub(super) fn authenticated(line: &[u8], context: &Context) -> Vec<u8> {
    let mut out = Vec::new();
    let texts = context.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    for part in std::iter::once(line).chain(texts) {
        out.extend_from_slice(&(part.len() as u64).to_le_bytes());
        out.extend_from_slice(part);
    }
    out
}

/// Seals a content under a key that is used for nothing else.
pub(super) fn seal(key: &DataKey, context: &Context, body: &[u8]) -> Result<Vec<u8>, Trouble> {
    let nonce = random()?;
    let head = Head { key: key.id.clone(), wrapped: hex(&key.wrapped), nonce: hex(&nonce) };
    let refused = || Trouble::Refused("this machine cannot encrypt".to_owned());
    let line = serde_json::to_vec(&head).map_err(|_| refused())?;
    let text = encrypt(&key.secret, nonce, &authenticated(&line, context), body).ok_or_else(refused)?;
    Ok([MAGIC, line.as_slice(), b"\n", text.as_slice()].concat())
}

impl<'a> Sealed<'a> {
    /// Reads the head.
    pub(super) fn read(object: &str, sealed: &'a [u8]) -> Result<Self, Trouble> {
        let changed = || Trouble::Changed {
            object: object.to_owned(),
            why: "it does not begin as a sealed content does".to_owned(),
        };
        let rest = sealed.strip_prefix(MAGIC).ok_or_else(changed)?;
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(changed)?;
        let (line, text) = rest.split_at_checked(end).ok_or_else(changed)?;
        let head: Head = serde_json::from_slice(line).map_err(|_| changed())?;
        let wrapped = bytes(&head.wrapped).ok_or_else(changed)?;
        let nonce = bytes(&head.nonce).and_then(|nonce| nonce.try_into().ok()).ok_or_else(changed)?;
        Ok(Self { head, line, wrapped, nonce, text: text.get(1..).unwrap_or_default() })
    }

    /// Which master key.
    pub(super) fn key(&self) -> &str {
        &self.head.key
    }

    /// The data key, encrypted.
    pub(super) fn wrapped(&self) -> &[u8] {
        &self.wrapped
    }

    /// The content; `None` if anything is not what was sealed.
    pub(super) fn open(&self, secret: &Secret, context: &Context) -> Option<Vec<u8>> {
        decrypt(secret, self.nonce, &authenticated(self.line, context), self.text)
    }
}
