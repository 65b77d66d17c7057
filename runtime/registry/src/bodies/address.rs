//! Where a store of objects is, in one line without secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Which kind of store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// A folder of this machine, with a key in a file.
    File,
    /// A bucket of a store that speaks the protocol of S3, with a key of KMS.
    S3,
}

/// `s3://bucket/prefix?kms=alias/flow&region=eu-central-1` or `file:///srv/bodies?key=/etc/flow.key`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    text: String,
    /// Which kind of store.
    pub scheme: Scheme,
    /// Behind `://`: a folder, or a bucket and a prefix.
    pub place: String,
    settings: BTreeMap<String, String>,
}

/// Why a text is no address.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{text}` is no address of a store: {why}")]
pub struct BadAddress {
    /// As written.
    pub text: String,
    /// What is wrong.
    pub why: String,
}

impl Address {
    /// A setting behind the `?`.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }
}

impl Scheme {
    /// Settings that must be there, and those that may.
    const fn settings(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::File => (&["key"], &[]),
            Self::S3 => (&["kms"], &["region", "endpoint", "kms_endpoint", "sse"]),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let bad = |why: String| BadAddress { text: text.to_owned(), why };
        let example = "write s3://BUCKET/PREFIX?kms=KEY or file:///FOLDER?key=FILE";
        let (scheme, rest) = text.split_once("://").ok_or_else(|| bad(example.to_owned()))?;
        let scheme = match scheme {
            "s3" => Scheme::S3,
            "file" => Scheme::File,
            _ => return Err(bad(example.to_owned())),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let place = place.trim_end_matches('/');
        if place.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(bad(example.to_owned()));
        }
        let (must, may) = scheme.settings();
        let mut settings = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if value.is_empty() || !must.iter().chain(may).any(|known| *known == name) {
                let known = [must, may].concat().join(", ");
                return Err(bad(format!("`{pair}` is no setting of it; there are {known}")));
            }
            settings.insert(name.to_owned(), value.to_owned());
        }
        if let Some(missing) = must.iter().find(|name| !settings.contains_key(**name)) {
            return Err(bad(format!("`{missing}=…` is missing: what is kept there is sealed")));
        }
        Ok(Self { text: text.to_owned(), scheme, place: place.to_owned(), settings })
    }
}
