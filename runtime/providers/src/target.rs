//! Who is asked, and how it knows us.

use secrecy::SecretString;

use crate::aws::Credentials;

/// How a request proves who sends it.
#[derive(Clone, Debug)]
pub enum Proof {
    /// Not at all.
    None,
    /// `Authorization: Bearer …`.
    Bearer(SecretString),
    /// The key in a header of this name.
    Header(&'static str, SecretString),
    /// AWS Signature Version 4.
    Aws(Box<Credentials>),
}

/// Who is asked, and how.
#[derive(Clone, Debug)]
pub struct Target {
    /// As declared in the package.
    pub name: String,
    /// The provider's name of the model.
    pub id: String,
    /// Address without a slash at its end, such as `https://api.openai.com/v1`.
    pub base: String,
    /// See [`Proof`].
    pub proof: Proof,
    /// Where the key comes from, for messages.
    pub key_name: String,
}

impl Target {
    /// As in `` `fast` (gpt-5-mini at https://api.openai.com/v1) ``.
    #[must_use]
    pub fn named(&self) -> String {
        format!("`{}` ({} at {})", self.name, self.id, self.base)
    }

    /// What no message may show.
    pub(crate) const fn secret(&self) -> Option<&SecretString> {
        match &self.proof {
            Proof::None => None,
            Proof::Bearer(secret) | Proof::Header(_, secret) => Some(secret),
            Proof::Aws(credentials) => Some(&credentials.secret_key),
        }
    }
}
