//! Texts to vectors, one file per protocol: OpenAI (and its imitators), Gemini, Cohere, Voyage, Ollama, TEI.
//!
//! Whatever the protocol, a reply is only taken with one finite vector per text, all of one length.

mod cohere;
mod gemini;
mod ollama;
mod openai;
mod tei;
mod voyage;

pub(crate) use cohere::CohereEmbed;
pub(crate) use gemini::GeminiEmbed;
pub(crate) use ollama::OllamaEmbed;
pub(crate) use openai::OpenAiEmbed;
pub(crate) use tei::TeiEmbed;
pub(crate) use voyage::VoyageEmbed;

use base64::Engine;
use flow_model::{EmbedReply, Usage};
use serde::Deserialize;
use serde_json::Value;

use crate::client::Whole;
use crate::failure::place_of;

/// A vector as base64 of little-endian `f32`, or as numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Vector {
    Base64(String),
    Numbers(Vec<f32>),
}

/// A vector and the text that it belongs to.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    index: Option<usize>,
    embedding: Vector,
}

fn in_order(entries: Vec<Entry>, wanted: usize) -> Result<Vec<Vec<f32>>, String> {
    let found = entries.len();
    let mut slots: Vec<Option<Vec<f32>>> = vec![None; wanted];
    for (position, entry) in entries.into_iter().enumerate() {
        let index = entry.index.unwrap_or(position);
        let vector =
            decode(entry.embedding).ok_or("a vector is neither base64 of f32 nor a list of numbers")?;
        let slot = slots.get_mut(index).ok_or("a vector for a text that was not sent")?;
        if slot.replace(vector).is_some() {
            return Err(format!("two vectors for text {index}"));
        }
    }
    let vectors: Option<Vec<Vec<f32>>> = slots.into_iter().collect();
    checked(vectors.ok_or_else(|| format!("{found} vectors for {wanted} texts"))?, wanted)
}

fn decode(vector: Vector) -> Option<Vec<f32>> {
    match vector {
        Vector::Numbers(numbers) => Some(numbers),
        Vector::Base64(text) => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
            let (quads, rest) = bytes.as_chunks::<4>();
            rest.is_empty().then(|| quads.iter().map(|quad| f32::from_le_bytes(*quad)).collect())
        }
    }
}

/// One vector per text, finite, of one length.
pub(crate) fn checked(vectors: Vec<Vec<f32>>, wanted: usize) -> Result<Vec<Vec<f32>>, String> {
    let dimension = vectors.first().map_or(0, Vec::len);
    if vectors.len() != wanted {
        return Err(format!("{} vectors for {wanted} texts", vectors.len()));
    }
    if vectors.iter().any(|vector| vector.len() != dimension || vector.is_empty()) {
        return Err("vectors of different dimensions".to_owned());
    }
    match vectors.iter().flatten().all(|number| number.is_finite()) {
        true => Ok(vectors),
        false => Err("a vector holds something that is no finite number".to_owned()),
    }
}

fn reply(
    vectors: Result<Vec<Vec<f32>>, String>,
    usage: Option<Usage>,
    model: Option<String>,
) -> Whole<EmbedReply> {
    match vectors {
        Ok(vectors) => Whole::Reply(EmbedReply { vectors, usage, model: model.unwrap_or_default() }),
        Err(why) => Whole::Malformed(why),
    }
}

/// Lists of numbers at a place of the JSON; the empty place is all of it.
pub(crate) fn bare_lists(body: &[u8], place: &str, wanted: usize) -> Whole<EmbedReply> {
    let mut json: Value = match serde_json::from_slice(body) {
        Ok(json) => json,
        Err(error) => return Whole::Malformed(place_of(&error)),
    };
    if let Some(error) = json.get("error").filter(|error| !error.is_null()) {
        return Whole::Failed(error.clone());
    }
    let lists = json.pointer_mut(place).map(Value::take).unwrap_or_default();
    match serde_json::from_value::<Vec<Vec<f32>>>(lists) {
        Ok(vectors) => reply(checked(vectors, wanted), None, None),
        Err(_) => Whole::Malformed("the vectors are no lists of numbers".to_owned()),
    }
}

/// Only the texts cost anything.
fn input_only(raw: &Value, pointer: &str) -> Option<Usage> {
    let input = raw.pointer(pointer)?.as_u64();
    Some(Usage { input, output: Some(0), raw: Some(raw.clone()), ..Usage::default() })
}
