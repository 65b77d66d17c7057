//! Signature Version 4 of a request, in its headers.

use std::fmt::Write as _;

use jiff::Timestamp;
use reqwest::Url;
use ring::{digest, hmac};
use secrecy::{ExposeSecret, SecretString};

use crate::http::{HttpError, HttpErrorKind, HttpRequest};
use crate::secrets::Secrets;

/// The one service that signs paths as they are sent, and says the digest of the body in a header.
pub(super) const S3: &str = "s3";

/// Who signs, and for what.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Public.
    pub access_key: String,
    /// The secret.
    pub secret_key: SecretString,
    /// Of temporary credentials.
    pub session_token: Option<SecretString>,
    /// Such as `eu-central-1`.
    pub region: String,
    /// Such as `bedrock`.
    pub service: &'static str,
}

impl Credentials {
    /// The usual variables of AWS: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, and, if no
    /// region is given, `AWS_REGION` or `AWS_DEFAULT_REGION`. `None` without keys.
    #[must_use]
    pub fn usual(secrets: &dyn Secrets, region: Option<String>, service: &'static str) -> Option<Self> {
        let plain = |name: &str| secrets.secret(name).map(|found| found.expose_secret().to_owned());
        let region = region.or_else(|| plain("AWS_REGION")).or_else(|| plain("AWS_DEFAULT_REGION"));
        Some(Self {
            access_key: plain("AWS_ACCESS_KEY_ID")?,
            secret_key: secrets.secret("AWS_SECRET_ACCESS_KEY")?,
            session_token: secrets.secret("AWS_SESSION_TOKEN"),
            region: region.unwrap_or_else(|| "us-east-1".to_owned()),
            service,
        })
    }
}

/// Adds the date and the signature to a request that is complete otherwise.
pub(crate) fn sign(
    credentials: &Credentials,
    request: &mut HttpRequest,
    now: Timestamp,
) -> Result<(), HttpError> {
    let bad =
        |why: &str| HttpError::new(HttpErrorKind::BadAddress, format!("the address is not usable: {why}"));
    let url = Url::parse(&request.url).map_err(|error| bad(&error.to_string()))?;
    let date = amz_date(now);
    request.header("x-amz-date", &date)?;
    if let Some(token) = &credentials.session_token {
        request.secret("x-amz-security-token", token)?;
    }
    let body = request.body.as_deref().unwrap_or_default();
    let payload = hex(digest::digest(&digest::SHA256, body).as_ref());
    let is_s3 = credentials.service == S3;
    if is_s3 {
        request.header("x-amz-content-sha256", &payload)?;
    }
    let mut headers: Vec<(String, String)> = vec![("host".to_owned(), authority(&url))];
    for (name, value) in &request.headers {
        let is_signed = name == "content-type" || name.as_str().starts_with("x-amz-");
        let value = value.to_str().ok().filter(|_| is_signed);
        headers.extend(value.map(|value| (name.to_string(), value.to_owned())));
    }
    let path = if is_s3 { url.path().to_owned() } else { encode_path(url.path()) };
    let canonical = Canonical {
        verb: request.verb.as_str(),
        path: &path,
        query: url.query().unwrap_or_default(),
        headers: &headers,
        payload: &payload,
    };
    let authorization = authorization(credentials, &canonical, &date);
    request.secret("authorization", &SecretString::from(authorization))
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// `20150830T123600Z`.
fn amz_date(now: Timestamp) -> String {
    let text = now.to_string();
    let seconds = text.split('.').next().unwrap_or_default().trim_end_matches('Z');
    let digits: String = seconds.chars().filter(|letter| !matches!(letter, '-' | ':')).collect();
    format!("{digits}Z")
}

/// The parts of a request that are signed.
struct Canonical<'a> {
    verb: &'a str,
    /// As it is signed.
    path: &'a str,
    query: &'a str,
    /// In any order and case.
    headers: &'a [(String, String)],
    /// The digest of the body.
    payload: &'a str,
}

impl Canonical<'_> {
    /// The text, and the names of the signed headers.
    fn text(&self) -> (String, String) {
        let mut headers: Vec<(String, String)> = self.headers.iter().map(tidy).collect();
        headers.sort();
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let mut text = format!("{}\n{}\n{}\n", self.verb, self.path, sorted_query(self.query));
        for (name, value) in &headers {
            let _ = writeln!(text, "{name}:{value}");
        }
        let _ = write!(text, "\n{names}\n{}", self.payload);
        (text, names)
    }
}

/// Names in lower case, values without blanks at their ends or in rows.
fn tidy((name, value): &(String, String)) -> (String, String) {
    (name.to_ascii_lowercase(), value.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Every service but S3 signs the path encoded twice.
fn encode_path(path: &str) -> String {
    let encoded: Vec<String> = path.split('/').map(encode_segment).collect();
    match encoded.join("/") {
        empty if empty.is_empty() => "/".to_owned(),
        path => path,
    }
}

/// Everything but the unreserved letters as `%XX`.
#[must_use]
pub fn encode_segment(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn sorted_query(query: &str) -> String {
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_by_key(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let with_sign = |pair: &&str| if pair.contains('=') { (*pair).to_owned() } else { format!("{pair}=") };
    pairs.iter().map(with_sign).collect::<Vec<_>>().join("&")
}

fn authorization(credentials: &Credentials, canonical: &Canonical<'_>, date: &str) -> String {
    let (text, names) = canonical.text();
    let signature = signature(credentials, &text, date);
    let scope = scope(credentials, date);
    format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        credentials.access_key
    )
}

fn scope(credentials: &Credentials, date: &str) -> String {
    let day = date.get(..8).unwrap_or_default();
    format!("{day}/{}/{}/aws4_request", credentials.region, credentials.service)
}

fn signature(credentials: &Credentials, canonical: &str, date: &str) -> String {
    let digest = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{}\n{digest}", scope(credentials, date));
    let first = format!("AWS4{}", credentials.secret_key.expose_secret());
    let day = date.get(..8).unwrap_or_default();
    let parts = [day, &credentials.region, credentials.service, "aws4_request", &to_sign];
    let key = parts.iter().fold(first.into_bytes(), |key, part| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        hmac::sign(&key, part.as_bytes()).as_ref().to_vec()
    });
    hex(&key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
