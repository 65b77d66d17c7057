//! Objects in a bucket, over the protocol of S3. One call is one attempt.

use bytes::Bytes;
use jiff::Timestamp;

use super::answer::{AwsError, AwsTrouble, PATIENCE, failed};
use super::sign::{Credentials, encode_segment, sign};
use crate::http::{Egress, HttpRequest, Response, Trust, Verb};

/// A bucket.
#[derive(Clone, Debug)]
pub struct S3 {
    egress: Egress,
    credentials: Credentials,
    /// Without a slash at the end.
    base: String,
    /// What objects are encrypted with at rest, besides the bucket's own rule: `AES256`, `aws:kms`.
    encryption: Option<String>,
}

/// What putting did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PutNew {
    /// It is there now, as this version if the bucket has versions.
    New(Option<String>),
    /// There was one already; it was left alone.
    There,
}

/// An object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Got {
    /// The whole of it.
    pub bytes: Vec<u8>,
    /// If the bucket has versions.
    pub version: Option<String>,
}

impl S3 {
    /// A bucket of AWS, or at another address that speaks its protocol.
    #[must_use]
    pub fn new(
        egress: Egress,
        credentials: Credentials,
        bucket: &str,
        endpoint: Option<&str>,
        encryption: Option<String>,
    ) -> Self {
        let region = &credentials.region;
        let base = match endpoint {
            Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            // No certificate is good for a name with further dots.
            None if bucket.contains('.') => format!("https://s3.{region}.amazonaws.com/{bucket}"),
            None => format!("https://{bucket}.s3.{region}.amazonaws.com"),
        };
        Self { egress, base, encryption, credentials: Credentials { service: "s3", ..credentials } }
    }

    /// Puts an object, unless there is one of this name.
    ///
    /// # Errors
    /// See [`AwsTrouble`].
    ///
    /// # Cancel safety
    /// When it is dropped the object is there, or not.
    pub async fn put_new(&self, key: &str, bytes: Vec<u8>) -> Result<PutNew, AwsError> {
        let mut request = self.request(Verb::PUT, key, None);
        request.body = Some(Bytes::from(bytes));
        request.header("content-type", "application/octet-stream")?;
        request.header("if-none-match", "*")?;
        if let Some(encryption) = &self.encryption {
            request.header("x-amz-server-side-encryption", encryption)?;
        }
        let response = self.send(request).await?;
        match response.status {
            200..=299 => self.encrypted(&response).map(|()| PutNew::New(version(&response))),
            412 => Ok(PutNew::There),
            // Two at once: one of them has won by the next attempt.
            409 => {
                let error = failed(response).await;
                Err(AwsError { trouble: AwsTrouble::Busy(None), ..error })
            }
            _ => Err(failed(response).await),
        }
    }

    /// Reads an object: this version of it, or the newest.
    ///
    /// # Errors
    /// See [`AwsTrouble`].
    ///
    /// # Cancel safety
    /// Nothing has happened if it is dropped.
    pub async fn get(&self, key: &str, version: Option<&str>) -> Result<Got, AwsError> {
        let mut response = self.send(self.request(Verb::GET, key, version)).await?;
        match response.status {
            200 => {
                let bytes = response.body().await?;
                Ok(Got { bytes, version: self::version(&response) })
            }
            // A version that is none is told as a malformed request.
            400 if version.is_some() => {
                let error = failed(response).await;
                let is_none = error.message.contains("version");
                Err(if is_none { AwsError { trouble: AwsTrouble::Missing, ..error } } else { error })
            }
            _ => Err(failed(response).await),
        }
    }

    /// Deletes an object: this version of it for good.
    ///
    /// # Errors
    /// See [`AwsTrouble`].
    ///
    /// # Cancel safety
    /// When it is dropped the object is gone, or not.
    pub async fn delete(&self, key: &str, version: Option<&str>) -> Result<(), AwsError> {
        let response = self.send(self.request(Verb::DELETE, key, version)).await?;
        match response.status {
            200..=299 | 404 => Ok(()),
            _ => Err(failed(response).await),
        }
    }

    fn request(&self, verb: Verb, key: &str, version: Option<&str>) -> HttpRequest {
        let path: Vec<String> = key.split('/').map(encode_segment).collect();
        let query = version.map(|version| format!("?versionId={}", encode_segment(version)));
        let url = format!("{}/{}{}", self.base, path.join("/"), query.unwrap_or_default());
        HttpRequest::new(verb, url, Trust::Literal, PATIENCE)
    }

    async fn send(&self, mut request: HttpRequest) -> Result<Response, AwsError> {
        sign(&self.credentials, &mut request, Timestamp::now())?;
        Ok(self.egress.send(request).await?)
    }

    /// A store that does not encrypt as it was asked must not be trusted with more.
    fn encrypted(&self, response: &Response) -> Result<(), AwsError> {
        let said = response.header("x-amz-server-side-encryption");
        match &self.encryption {
            Some(wanted) if said != Some(wanted) => {
                let said = said.unwrap_or("nothing");
                let message =
                    format!("{} was asked to encrypt with {wanted}, and says {said}", response.origin);
                Err(AwsError::new(AwsTrouble::Refused, message))
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn version(response: &Response) -> Option<String> {
    // A bucket that stopped keeping versions calls the only one `null`.
    response.header("x-amz-version-id").filter(|version| *version != "null").map(str::to_owned)
}
