//! Who asks, and what they may do.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use smol_str::SmolStr;

use crate::app::App;
use crate::problem::Problem;
use crate::registry::Key;

/// What a key may be used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Start runs: triggers, queues, events, chat.
    Start,
    /// Look at runs and questions.
    Read,
    /// Answer questions, within the key's roles.
    Answer,
    /// End runs.
    Cancel,
    /// Read metrics.
    Metrics,
    /// Say how good runs were.
    Feedback,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] =
        [Self::Start, Self::Read, Self::Answer, Self::Cancel, Self::Metrics, Self::Feedback];

    /// As written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Read => "read",
            Self::Answer => "answer",
            Self::Cancel => "cancel",
            Self::Metrics => "metrics",
            Self::Feedback => "feedback",
        }
    }
}

/// A fresh key of 256 random bits, and what is stored of it.
#[must_use]
pub fn new_key() -> (String, [u8; 32]) {
    let (a, b) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    // Two random identifiers hold 244 random bits; hashing them with a third spreads these over the whole key.
    let mut hasher = blake3::Hasher::new();
    hasher.update(a.as_bytes()).update(b.as_bytes()).update(uuid::Uuid::new_v4().as_bytes());
    let key = format!("fk_{}", URL_SAFE_NO_PAD.encode(hasher.finalize().as_bytes()));
    let hash = hash_of(&key);
    (key, hash)
}

fn hash_of(key: &str) -> [u8; 32] {
    *blake3::hash(key.as_bytes()).as_bytes()
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Principal {
    pub(crate) tenant: SmolStr,
    /// Of the key.
    pub(crate) name: SmolStr,
    /// `None` may do what every role may: there are no keys.
    pub(crate) roles: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
}

impl Principal {
    /// Whoever asks a server without keys, and the server itself.
    pub(crate) fn operator() -> Self {
        Self { tenant: "default".into(), name: SmolStr::default(), roles: None, scopes: None }
    }

    /// The key, as the registry looks at it.
    pub(crate) fn key(&self) -> Option<Key> {
        let scopes = self.scopes.clone()?;
        Some(Key { name: self.name.to_string(), scopes })
    }

    /// Whether the key has this scope.
    pub(crate) fn may(&self, scope: Scope) -> Result<(), Problem> {
        let has = |scopes: &Vec<String>| scopes.iter().any(|own| own == scope.name());
        match self.scopes.as_ref().is_none_or(has) {
            true => Ok(()),
            false => Err(Problem::denied(format!("this key has no scope `{}`", scope.name()))),
        }
    }

    /// Whether one of these roles is theirs; no roles are everybody's.
    pub(crate) fn is_one_of(&self, allow: &[SmolStr]) -> Result<(), Problem> {
        let is_mine =
            |role: &SmolStr| self.roles.as_ref().is_none_or(|own| own.iter().any(|own| own == role));
        match allow.is_empty() || allow.iter().any(is_mine) {
            true => Ok(()),
            false => Err(Problem::denied("this needs another role")),
        }
    }
}

/// Without keys, a page that somebody's browser shows must not reach the server: neither by asking from another
/// origin, nor by a name that it made lead here.
fn is_of_this_machine(headers: &HeaderMap) -> Result<(), Problem> {
    let said = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = said(header::HOST).is_none_or(is_local);
    let origin = said(header::ORIGIN)
        .is_none_or(|origin| origin.split_once("://").is_some_and(|(_, authority)| is_local(authority)));
    match host && origin {
        true => Ok(()),
        false => Err(Problem::denied("a server without keys answers this machine alone: make a key")),
    }
}

fn is_local(authority: &str) -> bool {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

impl FromRequestParts<Arc<App>> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        if app.is_open() {
            return is_of_this_machine(&parts.headers).map(|()| Self::operator());
        }
        let refused = || {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "Unauthorized",
                "this needs a key: Authorization: Bearer fk_…",
            )
        };
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let key = given.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(refused)?;
        let hash = hash_of(key.trim());
        // Found by its hash, so no comparison takes longer for a better guess.
        let row = app.read(move |reader| reader.key(&hash)).await?.ok_or_else(refused)?;
        Ok(Self {
            tenant: row.tenant.into(),
            name: row.name.into(),
            roles: Some(row.roles),
            scopes: Some(row.scopes),
        })
    }
}
