//! Why no reply came.

use flow_model::Phase;

/// No reply, or no whole one. The message names the origin only: paths and queries may hold values.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct HttpError {
    /// What happened.
    pub kind: HttpErrorKind,
    /// For people.
    pub message: String,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HttpErrorKind {
    /// The address is none.
    BadAddress,
    /// The address is computed, and leads to a private place.
    Forbidden,
    /// A redirect that is not followed.
    Redirect,
    /// No connection.
    Connect,
    /// A connection, but no trust.
    Tls,
    /// A deadline has passed.
    Timeout(Phase),
    /// The reply broke off after this many bytes.
    Broken(u64),
    /// The reply is larger than the limit in bytes.
    TooLarge(u64),
}

impl HttpError {
    pub(crate) fn new(kind: HttpErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn timeout(origin: &str, phase: Phase, ms: u64) -> Self {
        let what = phase.what();
        Self::new(HttpErrorKind::Timeout(phase), format!("{what} from {origin} within {ms} ms"))
    }
}

/// Explains reqwest's error. Its own text is not shown: it may hold the whole address.
pub(crate) fn explain(origin: &str, error: &reqwest::Error, received: u64) -> HttpError {
    if let Some(forbidden) = cause::<super::guard::Forbidden>(error) {
        return HttpError::new(HttpErrorKind::Forbidden, forbidden.to_string());
    }
    if let Some(tls) = tls_cause(error) {
        return HttpError::new(HttpErrorKind::Tls, format!("{origin} is not trusted: {tls}"));
    }
    if error.is_connect() && error.is_timeout() {
        return HttpError::timeout(origin, Phase::Connect, super::send::CONNECT_MS);
    }
    if error.is_connect() {
        let why = innermost(error);
        return HttpError::new(HttpErrorKind::Connect, format!("cannot connect to {origin}: {why}"));
    }
    if error.is_builder() {
        return HttpError::new(
            HttpErrorKind::BadAddress,
            format!("{origin} cannot be asked: {}", innermost(error)),
        );
    }
    let message = format!("{origin} closed the connection after {received} bytes of the reply");
    HttpError::new(HttpErrorKind::Broken(received), message)
}

fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

fn cause<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    chain(error).find_map(|error| error.downcast_ref::<E>())
}

fn tls_cause(error: &reqwest::Error) -> Option<String> {
    chain(error).find_map(|error| {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        tls.or_else(|| error.downcast_ref::<rustls::Error>()).map(ToString::to_string)
    })
}

fn innermost(error: &reqwest::Error) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}
