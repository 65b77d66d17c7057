//! Contents of one registry that are not in its file: which vaults were opened, and what was read from afar.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use flow_ir::Digest;

use super::{Address, Stored, Trouble, Vault, Vaults};
use crate::name::{Kind, Name};

/// See the module.
pub(crate) struct Shelf {
    vaults: Option<Vaults>,
    /// What was read from another machine, by digest. It is not sealed: who may read the registry may read it.
    copies: PathBuf,
    opened: Mutex<BTreeMap<String, Arc<Vault>>>,
    /// Put there before the transaction that publishes it.
    kept: Mutex<BTreeMap<(Kind, Name, Digest), Stored>>,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").finish_non_exhaustive()
    }
}

impl Shelf {
    pub(crate) fn new(registry: &Path, vaults: Option<Vaults>) -> Self {
        let copies = registry.with_extension("bodies");
        Self { vaults, copies, opened: Mutex::default(), kept: Mutex::default() }
    }

    fn vault(&self, address: &Address) -> Result<Arc<Vault>, Trouble> {
        let text = address.to_string();
        if let Some(vault) = self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(&text) {
            return Ok(Arc::clone(vault));
        }
        let Some(vaults) = &self.vaults else {
            return Err(Trouble::Refused(format!(
                "contents are in `{address}`, where this program does not look"
            )));
        };
        let vault = Arc::new(vaults(address)?);
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).insert(text, Arc::clone(&vault));
        Ok(vault)
    }

    /// Puts a content where the registry keeps its contents, and remembers it for the transaction to come.
    pub(crate) fn keep(
        &self,
        address: &Address,
        (kind, name): (Kind, &Name),
        digest: Digest,
        body: &[u8],
    ) -> Result<Stored, Trouble> {
        let key = (kind, name.clone(), digest);
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stored) = kept().get(&key).filter(|stored| stored.address == address.to_string()) {
            return Ok(stored.clone());
        }
        let vault = self.vault(address)?;
        let stored = vault.keep(address, (kind, name), digest, body)?;
        if vault.is_remote {
            self.copy(digest, body);
        }
        kept().insert(key, stored.clone());
        Ok(stored)
    }

    /// A content, from a copy if there is one that is whole.
    pub(crate) fn read(
        &self,
        stored: &Stored,
        of: (Kind, &Name),
        digest: Digest,
    ) -> Result<Vec<u8>, Trouble> {
        let copied = std::fs::read(self.copies.join(digest.to_string())).ok();
        match copied.filter(|body| Digest::of(body) == digest) {
            Some(body) => Ok(body),
            None => self.fetch(stored, of, digest),
        }
    }

    /// A content from where it is kept, whatever copies there are.
    pub(crate) fn fetch(
        &self,
        stored: &Stored,
        of: (Kind, &Name),
        digest: Digest,
    ) -> Result<Vec<u8>, Trouble> {
        let vault = self.vault(&parsed(stored)?)?;
        let body = vault.read(stored, of, digest)?;
        if vault.is_remote {
            self.copy(digest, &body);
        }
        Ok(body)
    }

    /// Deletes a content that nothing names any more.
    pub(crate) fn delete(&self, stored: &Stored, digest: Digest) -> Result<(), Trouble> {
        // A copy that cannot be deleted holds what was never secret to this machine.
        drop(std::fs::remove_file(self.copies.join(digest.to_string())));
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, kept| kept != stored);
        self.vault(&parsed(stored)?)?.objects.delete(&stored.object, stored.version.as_deref())
    }

    /// A copy that cannot be written is no reason not to serve.
    fn copy(&self, digest: Digest, body: &[u8]) {
        let path = self.copies.join(digest.to_string());
        let fresh = path.with_extension(format!("new-{}", std::process::id()));
        let write = || {
            make_private(&self.copies)?;
            std::fs::write(&fresh, body)?;
            std::fs::rename(&fresh, &path)
        };
        if let Err(error) = write() {
            tracing::warn!(%error, "a copy of a content cannot be kept");
        }
    }
}

fn parsed(stored: &Stored) -> Result<Address, Trouble> {
    stored.address.parse().map_err(|error: super::BadAddress| Trouble::Refused(error.to_string()))
}

/// A folder that only its owner can look into.
fn make_private(folder: &Path) -> std::io::Result<()> {
    if folder.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    #[cfg(unix)]
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}
