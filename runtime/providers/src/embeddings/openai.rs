//! `POST …/embeddings`.
//!
//! Vectors are asked for as base64 of little-endian `f32`: a quarter of the bytes, and nothing lost in decimals.
//! Servers that know only numbers are read as well.

use flow_model::{EmbedReply, EmbedRequest};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Entry, in_order, reply};
use crate::client::{Embedding, Prepared, Whole};
use crate::failure::Judge;
use crate::openai_chat::{judge, usage_of};
use crate::target::Target;

/// OpenAI, Azure, and their imitators.
pub(crate) struct OpenAiEmbed {
    /// Below the address: OpenAI's has its version in it, Jina's has not.
    path: &'static str,
}

impl OpenAiEmbed {
    pub(crate) const OPENAI: Self = Self { path: "embeddings" };
    pub(crate) const JINA: Self = Self { path: "v1/embeddings" };
}

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

impl Embedding for OpenAiEmbed {
    fn judge(&self) -> Judge {
        judge
    }

    fn prepare(&self, target: &Target, request: &EmbedRequest) -> Prepared {
        let body = json!({ "model": request.model, "input": request.texts, "encoding_format": "base64" });
        Prepared::new(format!("{}/{}", target.base, self.path), body)
    }

    fn whole(&self, body: &[u8], wanted: usize) -> Whole<EmbedReply> {
        Whole::parse(body, |answer: Reply| match answer.error.filter(|error| !error.is_null()) {
            Some(error) => Whole::Failed(error),
            None => {
                let usage = answer.usage.as_ref().and_then(usage_of);
                reply(in_order(answer.data, wanted), usage, answer.model)
            }
        })
    }
}
