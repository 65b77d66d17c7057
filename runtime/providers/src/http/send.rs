//! Sending, and reading what comes back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flow_model::{Patience, Phase};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout, timeout_at};

use super::error::{HttpError, HttpErrorKind, explain};
use super::guard::{Allowed, Guard, Trust};

/// Until a connection stands.
pub(crate) const CONNECT_MS: u64 = 5_000;

/// Redirects of one GET.
const HOPS: u32 = 5;

pub use reqwest::Method as Verb;

/// What the way out allows.
#[derive(Clone, Debug)]
pub struct EgressOptions {
    /// Private places that computed addresses may reach.
    pub allow: Vec<Allowed>,
    /// Bytes of one reply.
    pub max_reply: u64,
    /// A forward proxy for literal addresses. Computed ones are never sent through it: the guard could not see
    /// where it goes.
    pub proxy: Option<String>,
    /// Hosts that are reached without it, as `NO_PROXY` lists them. This machine always is.
    pub no_proxy: String,
}

impl Default for EgressOptions {
    /// Nothing private, 32 MiB, no proxy.
    fn default() -> Self {
        Self { allow: Vec::new(), max_reply: 32 << 20, proxy: None, no_proxy: String::new() }
    }
}

/// The way out. Cheap to clone: connections are pooled behind it.
#[derive(Clone, Debug)]
pub struct Egress {
    open: Client,
    guarded: Client,
    guard: Guard,
    max_reply: u64,
}

/// A request. One attempt.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// The verb.
    pub verb: Verb,
    /// Absolute, `http` or `https`.
    pub url: String,
    /// Names and values; sensitive ones stay on their origin.
    pub headers: HeaderMap,
    /// Sent as it is.
    pub body: Option<Bytes>,
    /// Who decided the host.
    pub trust: Trust,
    /// How long to wait.
    pub patience: Patience,
}

impl HttpRequest {
    /// A request without headers and body.
    pub fn new(verb: Verb, url: impl Into<String>, trust: Trust, patience: Patience) -> Self {
        Self { verb, url: url.into(), headers: HeaderMap::new(), body: None, trust, patience }
    }

    /// Sets a header that is no secret.
    ///
    /// # Errors
    /// The name or value cannot be sent.
    pub fn header(&mut self, name: &str, value: &str) -> Result<(), HttpError> {
        let bad = || HttpError::new(HttpErrorKind::BadAddress, format!("the header `{name}` cannot be sent"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        self.headers.insert(header, HeaderValue::from_str(value).map_err(|_| bad())?);
        Ok(())
    }

    /// Sets a header that no log shows and no other origin gets.
    ///
    /// # Errors
    /// The secret holds what no header may hold.
    pub fn bearer(&mut self, secret: &SecretString) -> Result<(), HttpError> {
        let text = format!("Bearer {}", secret.expose_secret());
        self.secret("authorization", &SecretString::from(text))
    }

    /// Sets any header that no log shows and no other origin gets.
    ///
    /// # Errors
    /// The secret holds what no header may hold.
    pub fn secret(&mut self, name: &'static str, secret: &SecretString) -> Result<(), HttpError> {
        self.sensitive(name, secret.expose_secret())
    }

    /// The same for a name that is not known when this is built.
    ///
    /// # Errors
    /// The name or the value holds what no header may hold.
    pub fn sensitive(&mut self, name: &str, value: &str) -> Result<(), HttpError> {
        let bad = |what: &str| {
            HttpError::new(
                HttpErrorKind::BadAddress,
                format!("{what} holds characters that no header may hold"),
            )
        };
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("the name of a header"))?;
        let mut value = HeaderValue::from_str(value).map_err(|_| bad("the key"))?;
        value.set_sensitive(true);
        self.headers.insert(header, value);
        Ok(())
    }

    /// Sends this as JSON.
    pub fn json(&mut self, body: &serde_json::Value) {
        self.body = Some(Bytes::from(body.to_string()));
        self.headers.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
}

/// The head of a reply, and its body as it comes.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Of the reply.
    pub headers: HeaderMap,
    /// Scheme, host and port that answered.
    pub origin: String,
    inner: reqwest::Response,
    patience: Patience,
    started: Instant,
    received: u64,
    max_reply: u64,
}

impl Egress {
    /// Builds the clients.
    ///
    /// # Errors
    /// The proxy's address is none, or the system has no usable TLS.
    pub fn new(options: EgressOptions) -> Result<Self, HttpError> {
        // Another part of the process may have chosen already; any choice serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Guard { allow: Arc::from(options.allow) };
        let bad = |error: reqwest::Error| {
            HttpError::new(HttpErrorKind::BadAddress, format!("no HTTP client: {error}"))
        };
        let base = || {
            Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(Duration::from_millis(CONNECT_MS))
                .tcp_nodelay(true)
                .no_proxy()
                .user_agent(concat!("flowc/", env!("CARGO_PKG_VERSION")))
        };
        let open = match &options.proxy {
            Some(proxy) => {
                let direct = format!("localhost,127.0.0.0/8,::1,{}", options.no_proxy);
                let direct = reqwest::NoProxy::from_string(&direct);
                base().proxy(reqwest::Proxy::all(proxy).map_err(bad)?.no_proxy(direct))
            }
            None => base(),
        };
        let guarded = base().dns_resolver(Arc::new(guard.clone()));
        Ok(Self {
            open: open.build().map_err(bad)?,
            guarded: guarded.build().map_err(bad)?,
            guard,
            max_reply: options.max_reply,
        })
    }

    /// Sends a request and waits for the head of the reply. A GET follows redirects; its credentials do not
    /// leave their origin, and a redirect elsewhere counts as a computed address.
    ///
    /// # Errors
    /// See [`HttpErrorKind`].
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn send(&self, request: HttpRequest) -> Result<Response, HttpError> {
        let started = Instant::now();
        let mut request = request;
        let mut url = parse(&request.url)?;
        for _ in 0..=HOPS {
            let response = self.send_once(&request, &url, started).await?;
            if !(300..400).contains(&response.status) || response.status == 304 {
                return Ok(response);
            }
            url = follow(&mut request, &url, &response)?;
        }
        let message = format!("{} redirects more than {HOPS} times", origin_of(&url));
        Err(HttpError::new(HttpErrorKind::Redirect, message))
    }

    async fn send_once(
        &self,
        request: &HttpRequest,
        url: &Url,
        started: Instant,
    ) -> Result<Response, HttpError> {
        let origin = origin_of(url);
        let client = self.client_for(request.trust, url)?;
        let mut builder = client.request(request.verb.clone(), url.clone()).headers(request.headers.clone());
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let patience = request.patience;
        let (limit, phase) = sooner(patience, patience.first_byte_ms, started, Phase::FirstByte);
        let sent = timeout(limit, builder.send()).await;
        let ms = limit_of(patience, phase);
        let inner = sent
            .map_err(|_| HttpError::timeout(&origin, phase, ms))?
            .map_err(|error| explain(&origin, &error, 0))?;
        Ok(Response {
            status: inner.status().as_u16(),
            headers: inner.headers().clone(),
            origin,
            inner,
            patience,
            started,
            received: 0,
            max_reply: self.max_reply,
        })
    }

    /// A host that is an address never reaches the resolver, so it is checked here.
    fn client_for(&self, trust: Trust, url: &Url) -> Result<&Client, HttpError> {
        if trust == Trust::Literal {
            return Ok(&self.open);
        }
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = bare.parse() {
            let forbidden =
                |error: super::guard::Forbidden| HttpError::new(HttpErrorKind::Forbidden, error.to_string());
            self.guard.check(bare, ip).map_err(forbidden)?;
        }
        Ok(&self.guarded)
    }
}

impl Response {
    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// A deadline, the size limit, or a broken connection.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        let (limit, phase) = sooner(self.patience, self.patience.idle_ms, self.started, Phase::Idle);
        let at = Instant::now() + limit;
        let ms = limit_of(self.patience, phase);
        let read = timeout_at(at, self.inner.chunk()).await;
        let piece = read
            .map_err(|_| HttpError::timeout(&self.origin, phase, ms))?
            .map_err(|error| explain(&self.origin, &error, self.received))?;
        self.received += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        if self.received > self.max_reply {
            let message = format!("{} sent more than {} bytes", self.origin, self.max_reply);
            return Err(HttpError::new(HttpErrorKind::TooLarge(self.max_reply), message));
        }
        Ok(piece)
    }

    /// The whole body.
    ///
    /// # Errors
    /// As [`Response::chunk`].
    pub async fn body(&mut self) -> Result<Vec<u8>, HttpError> {
        let mut body = Vec::new();
        while let Some(piece) = self.chunk().await? {
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// Bytes of the body so far.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The media type without parameters, in lower case; empty if there is none.
    #[must_use]
    pub fn content_type(&self) -> String {
        let full = self.header("content-type").unwrap_or_default();
        full.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

fn parse(text: &str) -> Result<Url, HttpError> {
    // The text itself is not shown: it may hold values.
    let bad =
        |why: &str| HttpError::new(HttpErrorKind::BadAddress, format!("the address is not usable: {why}"));
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        scheme => Err(bad(&format!("`{scheme}` is neither http nor https"))),
    }
}

fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The time that is left for one phase, and the phase to blame when it runs out.
fn sooner(patience: Patience, phase_ms: u64, started: Instant, phase: Phase) -> (Duration, Phase) {
    let total = Duration::from_millis(patience.total_ms).saturating_sub(started.elapsed());
    let own = Duration::from_millis(phase_ms);
    if total <= own { (total, Phase::Total) } else { (own, phase) }
}

const fn limit_of(patience: Patience, phase: Phase) -> u64 {
    match phase {
        Phase::Connect => CONNECT_MS,
        Phase::FirstByte => patience.first_byte_ms,
        Phase::Idle => patience.idle_ms,
        Phase::Total => patience.total_ms,
    }
}

fn follow(request: &mut HttpRequest, from: &Url, response: &Response) -> Result<Url, HttpError> {
    let origin = origin_of(from);
    let refuse = |why: &str| {
        let status = response.status;
        HttpError::new(HttpErrorKind::Redirect, format!("{origin} answered {status}, a redirect{why}"))
    };
    if request.verb != Verb::GET {
        return Err(refuse(
            ", which is not followed for a request that sends something; write the final address",
        ));
    }
    let location = response.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let next = location.and_then(|location| from.join(location).ok()).ok_or_else(|| refuse(" to nowhere"))?;
    if from.scheme() == "https" && next.scheme() != "https" {
        return Err(refuse(" from https to an unprotected address"));
    }
    if next.origin() != from.origin() {
        request.trust = Trust::Computed;
        leave_credentials(&mut request.headers);
    }
    parse(next.as_str())
}

fn leave_credentials(headers: &mut HeaderMap) {
    let keep = |name: &HeaderName| matches!(name.as_str(), "accept" | "accept-language" | "content-type");
    let drop: Vec<HeaderName> = headers.keys().filter(|name| !keep(name)).cloned().collect();
    for name in drop {
        headers.remove(name);
    }
}
