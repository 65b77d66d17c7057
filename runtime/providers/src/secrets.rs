//! Keys and tokens. They leave this crate only in request headers.

mod host;

use std::collections::HashMap;

use secrecy::ExposeSecret;
pub use secrecy::SecretString;

pub use host::HostSecrets;

/// Where keys come from: `vault("mail_token")`, `OPENAI_API_KEY`.
pub trait Secrets: Send + Sync {
    /// The secret of this name, if it is known.
    fn secret(&self, name: &str) -> Option<SecretString>;
}

/// Environment variables: the name as it is, else in upper case with `_` for what no variable name may hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnvironmentSecrets;

impl Secrets for EnvironmentSecrets {
    fn secret(&self, name: &str) -> Option<SecretString> {
        let found = std::env::var(name).or_else(|_| std::env::var(variable_of(name)));
        found.ok().filter(|value| !value.is_empty()).map(SecretString::from)
    }
}

/// A fixed set, for tests and for hosts with a vault of their own.
#[derive(Clone, Debug, Default)]
pub struct FixedSecrets(HashMap<String, SecretString>);

impl FixedSecrets {
    /// From names and values.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect())
    }
}

impl Secrets for FixedSecrets {
    fn secret(&self, name: &str) -> Option<SecretString> {
        self.0.get(name).or_else(|| self.0.get(&variable_of(name))).cloned()
    }
}

/// Knows nothing: for runs that must not reach anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn secret(&self, _name: &str) -> Option<SecretString> {
        None
    }
}

/// The environment variable of a vault entry: `mail-token` is `MAIL_TOKEN`.
#[must_use]
pub fn variable_of(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(letter).collect()
}

/// A text from outside without the secret, in case it was echoed, and cut to a length fit for a message.
#[must_use]
pub fn redact(text: &str, secret: Option<&SecretString>) -> String {
    const LONGEST: usize = 300;
    let clean = match secret.map(ExposeSecret::expose_secret) {
        Some(value) if !value.is_empty() => text.replace(value, "[secret]"),
        _ => text.to_owned(),
    };
    let line: String = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// Takes a secret out of a text.
pub fn scrub(text: &mut String, secret: &SecretString) {
    let value = secret.expose_secret();
    if !value.is_empty() && text.contains(value) {
        *text = text.replace(value, "[secret]");
    }
}
