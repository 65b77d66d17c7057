//! A store of objects and a master key on this machine: a folder, and a file that is not in it.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use flow_ir::Digest;

use super::seal::{authenticated, bytes, decrypt, encrypt, hex, random};
use super::{Context, DataKey, Keys, Object, Objects, Put, Secret, Trouble};

/// Bytes of a nonce, in front of a wrapped key.
const NONCE: usize = 12;

/// Objects as files. It has no versions.
#[derive(Clone, Debug)]
pub struct Folder(pub PathBuf);

/// A master key in a file.
#[derive(Clone, Debug)]
pub struct KeyFile {
    id: String,
    path: PathBuf,
    secret: Secret,
}

fn unusable(path: &Path, error: &std::io::Error) -> Trouble {
    Trouble::Refused(format!("`{}` cannot be used: {error}", path.display()))
}

impl Objects for Folder {
    fn put(&self, name: &str, bytes: &[u8]) -> Result<Put, Trouble> {
        let path = self.0.join(name);
        if path.exists() {
            return Ok(Put::There);
        }
        let failed = |error: std::io::Error| unusable(&path, &error);
        fs::create_dir_all(path.parent().unwrap_or(&self.0)).map_err(failed)?;
        // Written beside and linked into its place: whoever reads it sees all of it, and whoever comes second finds it.
        let fresh = path.with_extension(format!("new-{}", hex(&random::<8>()?)));
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).open(&fresh)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(failed)?;
        let linked = fs::hard_link(&fresh, &path);
        fs::remove_file(&fresh).map_err(failed)?;
        match linked {
            Ok(()) => Ok(Put::New(None)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Put::There),
            Err(error) => Err(failed(error)),
        }
    }

    fn get(&self, name: &str, _version: Option<&str>) -> Result<Object, Trouble> {
        let path = self.0.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Object { bytes, version: None }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(Trouble::Missing(path.display().to_string()))
            }
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    fn delete(&self, name: &str, _version: Option<&str>) -> Result<(), Trouble> {
        let path = self.0.join(name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(unusable(&path, &error)),
        }
    }
}

impl KeyFile {
    /// Reads a key: 64 hexadecimal digits.
    ///
    /// # Errors
    /// When there is none, or it is something else.
    pub fn read(path: &Path) -> Result<Self, Trouble> {
        let text = fs::read_to_string(path).map_err(|error| unusable(path, &error))?;
        let secret = bytes(text.trim()).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let secret = secret
            .ok_or_else(|| Trouble::Refused(format!("`{}` holds no key of 64 digits", path.display())))?;
        let id = format!("file:{}", Digest::of(&secret).short());
        Ok(Self { id, path: path.to_owned(), secret: Secret(secret) })
    }

    /// Makes a key that only the owner of the file can read; one that is there stays.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn make(path: &Path) -> Result<bool, Trouble> {
        let failed = |error: std::io::Error| unusable(path, &error);
        if path.exists() {
            return Ok(false);
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let text = hex(&random::<32>()?);
        let write = || {
            let mut file = options.open(path)?;
            writeln!(file, "{text}")?;
            file.sync_all()
        };
        write().map_err(failed)?;
        Ok(true)
    }
}

impl Keys for KeyFile {
    fn fresh(&self, context: &Context) -> Result<DataKey, Trouble> {
        let (secret, nonce) = (Secret(random()?), random::<NONCE>()?);
        let with = authenticated(self.id.as_bytes(), context);
        let text = encrypt(&self.secret, nonce, &with, &secret.0)
            .ok_or_else(|| Trouble::Refused("this machine cannot encrypt".to_owned()))?;
        Ok(DataKey { secret, wrapped: [nonce.as_slice(), &text].concat(), id: self.id.clone() })
    }

    fn open(&self, id: &str, wrapped: &[u8], context: &Context, object: &str) -> Result<Secret, Trouble> {
        let wrong = |why: String| Trouble::Key { object: object.to_owned(), why };
        if id != self.id {
            let here = self.path.display();
            return Err(wrong(format!("it was sealed with the key `{id}`, and `{here}` is `{}`", self.id)));
        }
        let opened = wrapped.split_at_checked(NONCE).and_then(|(nonce, text)| {
            let with = authenticated(self.id.as_bytes(), context);
            decrypt(&self.secret, nonce.try_into().ok()?, &with, text)?.try_into().ok()
        });
        opened.map(Secret).ok_or_else(|| wrong("its key was made for another content".to_owned()))
    }
}
