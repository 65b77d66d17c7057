//! Secrets of the machine: variables, files, commands.

use std::collections::HashMap;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::{Secrets, variable_of};

/// How long the answer of a command is kept: tokens of clouds live for an hour at most.
const KEPT: Duration = Duration::from_secs(300);

/// A command that takes longer is killed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes of a secret; more is no secret.
const LONGEST: u64 = 64 << 10;

/// Looks in this order: the variable `NAME`; the file that `NAME_FILE` names, as containers mount them; what the
/// command in `NAME_COMMAND` prints, as in `VERTEX_ACCESS_TOKEN_COMMAND="gcloud auth print-access-token"`.
///
/// Blanks and line ends around a secret are not part of it. Commands are run by `sh`, at most every five minutes.
#[derive(Clone, Debug, Default)]
pub struct HostSecrets {
    printed: Arc<Mutex<HashMap<String, (Instant, SecretString)>>>,
}

impl Secrets for HostSecrets {
    fn secret(&self, name: &str) -> Option<SecretString> {
        let upper = variable_of(name);
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let Some(value) = variable(name).or_else(|| variable(&upper)) {
            return Some(SecretString::from(value));
        }
        if let Some(path) = variable(&format!("{upper}_FILE")) {
            return from_file(&upper, &path);
        }
        self.printed_by(&upper, &variable(&format!("{upper}_COMMAND"))?)
    }
}

/// What was read, without blanks around it. The secret itself is never told, why there is none is.
fn tidy(name: &str, from: &str, text: std::io::Result<String>) -> Option<SecretString> {
    match text {
        Ok(text) if !text.trim().is_empty() => Some(SecretString::from(text.trim().to_owned())),
        Ok(_) => {
            tracing::warn!(name, from, "a secret is empty");
            None
        }
        Err(error) => {
            tracing::warn!(name, from, %error, "a secret cannot be read");
            None
        }
    }
}

fn from_file(name: &str, path: &str) -> Option<SecretString> {
    let read = || {
        let mut text = String::new();
        std::fs::File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
        Ok(text)
    };
    tidy(name, path, read())
}

impl HostSecrets {
    fn printed_by(&self, name: &str, command: &str) -> Option<SecretString> {
        let mut printed = self.printed.lock().ok()?;
        if let Some((since, known)) = printed.get(name).filter(|(since, _)| since.elapsed() < KEPT) {
            tracing::trace!(name, age = since.elapsed().as_secs(), "a secret is known");
            return Some(known.clone());
        }
        let secret = tidy(name, "its command", run(command))?;
        printed.insert(name.to_owned(), (Instant::now(), secret.clone()));
        Some(secret)
    }
}

fn run(command: &str) -> std::io::Result<String> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let Some(mut stdout) = child.stdout.take() else { return Err(std::io::Error::other("it has no output")) };
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.by_ref().take(LONGEST).read_to_string(&mut text).map(|_| text)
    });
    let success = ends(&mut child)?;
    let text = reader.join().map_err(|_| std::io::Error::other("its output cannot be read"))?;
    if success { text } else { Err(std::io::Error::other("the command failed")) }
}

fn ends(child: &mut Child) -> std::io::Result<bool> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if started.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "the command did not end in time"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::{HostSecrets, from_file, run};
    use crate::secrets::Secrets;

    #[test]
    fn files_and_commands_give_secrets_without_blanks_around_them() {
        let path = std::env::temp_dir().join(format!("flowc-secret-{}", std::process::id()));
        std::fs::write(&path, "  sk-1\n").unwrap();
        let found = from_file("X", path.to_str().unwrap()).unwrap();
        assert_eq!(found.expose_secret(), "sk-1");
        std::fs::write(&path, "\n").unwrap();
        assert!(from_file("X", path.to_str().unwrap()).is_none());
        std::fs::remove_file(&path).unwrap();
        assert!(from_file("X", path.to_str().unwrap()).is_none());
        assert_eq!(run("printf ' sk-2 '").unwrap(), " sk-2 ");
        assert!(run("printf sk-3; exit 3").is_err());
        assert!(run("/does/not/exist").is_err());
    }

    #[test]
    fn a_command_is_asked_once_while_its_answer_is_kept() {
        let secrets = HostSecrets::default();
        let path = std::env::temp_dir().join(format!("flowc-count-{}", std::process::id()));
        let command = format!("echo x >> {0}; wc -l < {0}", path.display());
        let ask = || secrets.printed_by("COUNT", &command).unwrap().expose_secret().to_owned();
        assert_eq!((ask(), ask()), ("1".to_owned(), "1".to_owned()));
        std::fs::remove_file(&path).unwrap();
        assert!(secrets.secret("FLOWC_SURELY_NOT_SET").is_none());
    }
}
