//! Voyage: as OpenAI, with base64 under another name, and counts in one number.

use flow_model::{EmbedReply, EmbedRequest};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Entry, in_order, input_only, reply};
use crate::client::{Embedding, Prepared, Whole};
use crate::failure::Judge;
use crate::target::Target;

/// `POST …/v1/embeddings`.
pub(crate) struct VoyageEmbed;

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    data: Vec<Entry>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    usage: Value,
}

impl Embedding for VoyageEmbed {
    fn judge(&self) -> Judge {
        |_, _| None
    }

    fn prepare(&self, target: &Target, request: &EmbedRequest) -> Prepared {
        let body = json!({ "model": request.model, "input": request.texts, "encoding_format": "base64" });
        Prepared::new(format!("{}/v1/embeddings", target.base), body)
    }

    fn whole(&self, body: &[u8], wanted: usize) -> Whole<EmbedReply> {
        Whole::parse(body, |answer: Reply| {
            let usage = input_only(&answer.usage, "/total_tokens");
            reply(in_order(answer.data, wanted), usage, answer.model)
        })
    }
}
