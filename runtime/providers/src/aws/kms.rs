//! Data keys of a key management service. One call is one attempt.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::answer::{AwsError, AwsTrouble, PATIENCE, failed};
use super::sign::{Credentials, sign};
use crate::http::{Egress, HttpRequest, Trust, Verb};

/// A master key.
#[derive(Clone, Debug)]
pub struct Kms {
    egress: Egress,
    credentials: Credentials,
    endpoint: String,
    key: String,
}

/// A fresh data key.
#[derive(Clone)]
pub struct WrappedKey {
    /// To encrypt with; 32 bytes.
    pub plain: [u8; 32],
    /// The same, encrypted with the master key.
    pub wrapped: Vec<u8>,
    /// The master key's own name, whatever it was asked for by.
    pub id: String,
}

impl std::fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WrappedKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Kms {
    /// A key by its id, ARN or alias.
    #[must_use]
    pub fn new(egress: Egress, credentials: Credentials, key: &str, endpoint: Option<&str>) -> Self {
        let usual = || format!("https://kms.{}.amazonaws.com", credentials.region);
        let endpoint = endpoint.map_or_else(usual, |endpoint| endpoint.trim_end_matches('/').to_owned());
        let credentials = Credentials { service: "kms", ..credentials };
        Self { egress, credentials, endpoint, key: key.to_owned() }
    }

    /// A fresh data key, which only opens for this context.
    ///
    /// # Errors
    /// See [`AwsTrouble`].
    ///
    /// # Cancel safety
    /// Nothing is kept anywhere.
    pub async fn generate_data_key(
        &self,
        context: &BTreeMap<String, String>,
    ) -> Result<WrappedKey, AwsError> {
        let asked = json!({ "KeyId": self.key, "KeySpec": "AES_256", "EncryptionContext": context });
        let answer = self.call("GenerateDataKey", &asked).await?;
        let id = answer.get("KeyId").and_then(Json::as_str).unwrap_or(&self.key).to_owned();
        Ok(WrappedKey { plain: self.plain(&answer)?, wrapped: self.bytes(&answer, "CiphertextBlob")?, id })
    }

    /// Opens a data key that was made with the master key `id` for this context.
    ///
    /// # Errors
    /// See [`AwsTrouble`]; another context is [`AwsTrouble::Key`].
    ///
    /// # Cancel safety
    /// Nothing is kept anywhere.
    pub async fn decrypt(
        &self,
        id: &str,
        wrapped: &[u8],
        context: &BTreeMap<String, String>,
    ) -> Result<[u8; 32], AwsError> {
        let asked = json!({
            "KeyId": id, "CiphertextBlob": STANDARD.encode(wrapped), "EncryptionContext": context,
        });
        let answer = self.call("Decrypt", &asked).await?;
        self.plain(&answer)
    }

    async fn call(&self, operation: &str, body: &Json) -> Result<Json, AwsError> {
        let mut request =
            HttpRequest::new(Verb::POST, format!("{}/", self.endpoint), Trust::Literal, PATIENCE);
        request.json(body);
        request.header("content-type", "application/x-amz-json-1.1")?;
        request.header("x-amz-target", &format!("TrentService.{operation}"))?;
        sign(&self.credentials, &mut request, Timestamp::now())?;
        let mut response = self.egress.send(request).await?;
        if response.status != 200 {
            return Err(failed(response).await);
        }
        let body = response.body().await?;
        serde_json::from_slice(&body).map_err(|_| self.strange("it is no JSON"))
    }

    fn plain(&self, answer: &Json) -> Result<[u8; 32], AwsError> {
        let bytes = self.bytes(answer, "Plaintext")?;
        bytes.try_into().map_err(|_| self.strange("its key has not 256 bits"))
    }

    fn bytes(&self, answer: &Json, field: &str) -> Result<Vec<u8>, AwsError> {
        let text = answer.get(field).and_then(Json::as_str);
        let bytes = text.and_then(|text| STANDARD.decode(text).ok());
        bytes.ok_or_else(|| self.strange(&format!("it has no `{field}`")))
    }

    fn strange(&self, why: &str) -> AwsError {
        let message = format!("the answer of {} cannot be read: {why}", self.endpoint);
        AwsError::new(AwsTrouble::Refused, message)
    }
}
