//! Where contents are: in the registry's file, or sealed in a store of objects.
//!
//! A sealed content is encrypted with a key of its own (AES-256-GCM), and that key with a master key that this crate
//! never sees: a key management service holds it, or a file does. Whoever has the bucket alone reads nothing; whoever
//! puts one object in another's place is found out, because kind, name and digest are part of what is authenticated.
//!
//! There is no network here. [`Objects`] and [`Keys`] are implemented above, but for the ones of a folder
//! ([`folder`]). Start reading at [`Vault`].

mod address;
pub mod folder;
mod seal;
mod shelf;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use flow_ir::Digest;
use serde::{Deserialize, Serialize};

pub use address::{Address, BadAddress, Scheme};
pub(crate) use seal::bytes;
pub(crate) use shelf::Shelf;

use crate::name::{Kind, Name};

/// Why a sealed content cannot be kept or read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Trouble {
    /// It is not where it was put.
    #[error("`{0}` is not there")]
    Missing(String),
    /// It is not what was put there.
    #[error("`{object}` is not what was put there: {why}")]
    Changed {
        /// Which object.
        object: String,
        /// What is wrong.
        why: String,
    },
    /// The master key is another one, or may not be used for this.
    #[error("`{object}` cannot be opened: {why}")]
    Key {
        /// Which object.
        object: String,
        /// What is wrong.
        why: String,
    },
    /// The store or the key service does not allow it; trying again does not help.
    #[error("{0}")]
    Refused(String),
    /// Nobody answers, for longer than anybody waits.
    #[error("{0}")]
    Unreachable(String),
}

/// An object as it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    /// Sealed.
    pub bytes: Vec<u8>,
    /// As the store calls this version, if it has versions.
    pub version: Option<String>,
}

/// What putting did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Put {
    /// It is there now, as this version if the store has versions.
    New(Option<String>),
    /// There was one of this name already; it was left alone.
    There,
}

/// Objects by name. One that is there is never overwritten.
pub trait Objects: Send + Sync {
    /// Puts an object, unless there is one of this name.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn put(&self, name: &str, bytes: &[u8]) -> Result<Put, Trouble>;

    /// Reads an object: this version of it, or the newest.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn get(&self, name: &str, version: Option<&str>) -> Result<Object, Trouble>;

    /// Deletes an object: this version of it for good. One that is gone already is as good.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn delete(&self, name: &str, version: Option<&str>) -> Result<(), Trouble>;
}

/// What a content is, in words that a key service logs and enforces: kind, name, digest.
pub type Context = BTreeMap<String, String>;

/// A key for one content. Never written anywhere; overwritten when it is dropped would need a promise that the
/// optimiser does not give, so it is short-lived instead.
#[derive(Clone, Copy)]
pub struct Secret(pub [u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A fresh key for one content.
#[derive(Clone, Debug)]
pub struct DataKey {
    /// To seal with.
    pub secret: Secret,
    /// The same, encrypted with the master key: it is kept beside what it sealed.
    pub wrapped: Vec<u8>,
    /// Which master key.
    pub id: String,
}

/// A master key.
pub trait Keys: Send + Sync {
    /// A fresh key for what the context says.
    ///
    /// # Errors
    /// See [`Trouble`].
    fn fresh(&self, context: &Context) -> Result<DataKey, Trouble>;

    /// Opens a wrapped key. Another context than it was made for is refused.
    ///
    /// # Errors
    /// See [`Trouble`]; `object` is whom to name in it.
    fn open(&self, id: &str, wrapped: &[u8], context: &Context, object: &str) -> Result<Secret, Trouble>;
}

/// Where a content is that is not in the registry's file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Of the store, as it was said then.
    pub address: String,
    /// The name in it.
    pub object: String,
    /// As the store calls this version.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// Which master key.
    pub key: String,
}

/// Makes the vault of an address: which stores there are is decided above.
pub type Vaults = Arc<dyn Fn(&Address) -> Result<Vault, Trouble> + Send + Sync>;

/// A store of objects with the key that they are sealed with.
pub struct Vault {
    /// The store.
    pub objects: Box<dyn Objects>,
    /// The key.
    pub keys: Box<dyn Keys>,
    /// Whether it is on another machine: then what was read once is kept here.
    pub is_remote: bool,
}

impl Vault {
    /// Seals a content and puts it there. The same content of the same name is put once.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn keep(
        &self,
        address: &Address,
        (kind, name): (Kind, &Name),
        digest: Digest,
        body: &[u8],
    ) -> Result<Stored, Trouble> {
        let object = format!("{kind}/{name}/{digest}");
        let context = context(kind, name, digest);
        let key = self.keys.fresh(&context)?;
        let sealed = seal::seal(&key, &context, body)?;
        let address = address.to_string();
        match self.objects.put(&object, &sealed)? {
            Put::New(version) => Ok(Stored { address, object, version, key: key.id }),
            // Somebody published the same: theirs is as good, if it is what it says.
            Put::There => {
                let found = self.objects.get(&object, None)?;
                let (there, key) = self.open(&object, &found.bytes, &context)?;
                is_it(&object, digest, &there)?;
                Ok(Stored { address, object, version: found.version, key })
            }
        }
    }

    /// Reads a content. What is returned has the digest.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn read(
        &self,
        stored: &Stored,
        (kind, name): (Kind, &Name),
        digest: Digest,
    ) -> Result<Vec<u8>, Trouble> {
        let found = self.objects.get(&stored.object, stored.version.as_deref())?;
        let (body, key) = self.open(&stored.object, &found.bytes, &context(kind, name, digest))?;
        if key != stored.key {
            let why = format!("it was sealed with `{key}`, not with `{}`", stored.key);
            return Err(Trouble::Changed { object: stored.object.clone(), why });
        }
        is_it(&stored.object, digest, &body)?;
        Ok(body)
    }

    /// Puts something, reads it and deletes it again: whether contents can be kept here.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn try_out(&self) -> Result<(), Trouble> {
        let object = format!("trial/{}", seal::hex(&seal::random::<16>()?));
        let context = Context::from([("flow:kind".to_owned(), "trial".to_owned())]);
        let sealed = seal::seal(&self.keys.fresh(&context)?, &context, object.as_bytes())?;
        self.objects.put(&object, &sealed)?;
        let found = self.objects.get(&object, None)?;
        let (text, _) = self.open(&object, &found.bytes, &context)?;
        self.objects.delete(&object, found.version.as_deref())?;
        match text == object.as_bytes() {
            true => Ok(()),
            false => Err(Trouble::Changed { object, why: "it was something else".to_owned() }),
        }
    }

    fn open(&self, object: &str, bytes: &[u8], context: &Context) -> Result<(Vec<u8>, String), Trouble> {
        let sealed = seal::Sealed::read(object, bytes)?;
        let secret = self.keys.open(sealed.key(), sealed.wrapped(), context, object)?;
        let body = sealed.open(&secret, context).ok_or_else(|| Trouble::Changed {
            object: object.to_owned(),
            why: "its seal is broken".to_owned(),
        })?;
        Ok((body, sealed.key().to_owned()))
    }
}

fn context(kind: Kind, name: &Name, digest: Digest) -> Context {
    let fields = [
        ("flow:kind", kind.word().to_owned()),
        ("flow:name", name.to_string()),
        ("flow:digest", digest.to_string()),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn is_it(object: &str, digest: Digest, body: &[u8]) -> Result<(), Trouble> {
    if Digest::of(body) == digest {
        return Ok(());
    }
    let why = "it has another digest".to_owned();
    Err(Trouble::Changed { object: object.to_owned(), why })
}
