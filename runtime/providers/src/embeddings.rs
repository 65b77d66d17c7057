//! `POST /embeddings`.
//!
//! Vectors are asked for as base64 of little-endian `f32`: a quarter of the bytes, and nothing lost in decimals.
//! Servers that know only numbers are read as well.

use base64::Engine;
use flow_model::{EmbedReply, EmbedRequest, ErrorKind, ModelError, Patience};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::openai_chat::client::{OpenAiClient, place_of};
use crate::openai_chat::errors;

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    data: Vec<Entry>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    usage: Option<Value>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    index: Option<usize>,
    embedding: Vector,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Vector {
    Base64(String),
    Numbers(Vec<f32>),
}

pub(crate) async fn embed(
    client: &OpenAiClient,
    request: &EmbedRequest,
    patience: Patience,
) -> Result<EmbedReply, ModelError> {
    let target = &client.target;
    let body = json!({ "model": request.model, "input": request.texts, "encoding_format": "base64" });
    let mut response = client.post("embeddings", &body, patience).await?;
    let bytes = response.body().await.map_err(|error| errors::from_transport(target, error, 0))?;
    let reply: Reply = serde_json::from_slice(&bytes)
        .map_err(|error| errors::malformed(target, &response, &bytes, &place_of(&error)))?;
    if let Some(error) = reply.error.as_ref().filter(|error| !error.is_null()) {
        return Err(errors::from_body(target, error));
    }
    let usage = reply.usage.as_ref().and_then(crate::openai_chat::usage_of);
    let model = reply.model.unwrap_or_default();
    let vectors = in_order(reply.data, request.texts.len())
        .map_err(|why| ModelError::new(ErrorKind::MalformedResponse, format!("{}: {why}", target.named())))?;
    Ok(EmbedReply { vectors, usage, model })
}

fn in_order(entries: Vec<Entry>, wanted: usize) -> Result<Vec<Vec<f32>>, String> {
    let found = entries.len();
    let mut slots: Vec<Option<Vec<f32>>> = vec![None; wanted];
    for (position, entry) in entries.into_iter().enumerate() {
        let index = entry.index.unwrap_or(position);
        let vector =
            decode(entry.embedding).ok_or("a vector is neither base64 of f32 nor a list of numbers")?;
        *slots.get_mut(index).ok_or("a vector for a text that was not sent")? = Some(vector);
    }
    let vectors: Option<Vec<Vec<f32>>> = slots.into_iter().collect();
    let vectors = vectors.ok_or_else(|| format!("{found} vectors for {wanted} texts"))?;
    let dimension = vectors.first().map_or(0, Vec::len);
    match vectors.iter().all(|vector| vector.len() == dimension && dimension > 0) {
        true => Ok(vectors),
        false if vectors.is_empty() => Ok(vectors),
        false => Err("vectors of different dimensions".to_owned()),
    }
}

fn decode(vector: Vector) -> Option<Vec<f32>> {
    let numbers = match vector {
        Vector::Numbers(numbers) => numbers,
        Vector::Base64(text) => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
            let (quads, rest) = bytes.as_chunks::<4>();
            rest.is_empty().then(|| quads.iter().map(|quad| f32::from_le_bytes(*quad)).collect())?
        }
    };
    numbers.iter().all(|number: &f32| number.is_finite()).then_some(numbers)
}
