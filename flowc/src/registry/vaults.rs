//! Stores where contents of versions may be kept: a folder of this machine, or a bucket.

mod aws;

use std::path::PathBuf;
use std::sync::Arc;

use flow_registry::bodies::Scheme;
use flow_registry::bodies::folder::{Folder, KeyFile};
use flow_registry::{Address, Trouble, Vault, Vaults};

/// Every store that this program can look into.
pub(crate) fn all() -> Vaults {
    Arc::new(open)
}

/// The store of an address.
///
/// # Errors
/// When what it needs is not there: a key, credentials.
pub(crate) fn open(address: &Address) -> Result<Vault, Trouble> {
    match address.scheme {
        Scheme::S3 => aws::vault(address),
        Scheme::File => Ok(Vault {
            objects: Box::new(Folder(PathBuf::from(&address.place))),
            keys: Box::new(KeyFile::read(&key_of(address))?),
            is_remote: false,
        }),
    }
}

/// The key's file of a folder.
pub(crate) fn key_of(address: &Address) -> PathBuf {
    PathBuf::from(address.setting("key").unwrap_or_default())
}
