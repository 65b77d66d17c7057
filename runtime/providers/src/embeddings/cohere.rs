//! Cohere: vectors by type. Questions and documents are told apart there; without knowing which, all texts are
//! documents, so that what is stored and what is looked for are measured alike.

use flow_model::{EmbedReply, EmbedRequest};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{checked, input_only, reply};
use crate::client::{Embedding, Prepared, Whole};
use crate::failure::Judge;
use crate::target::Target;

/// `POST …/v2/embed`.
pub(crate) struct CohereEmbed;

#[derive(Deserialize)]
struct Reply {
    embeddings: Vectors,
    #[serde(default)]
    meta: Value,
}

#[derive(Deserialize)]
struct Vectors {
    float: Vec<Vec<f32>>,
}

impl Embedding for CohereEmbed {
    fn judge(&self) -> Judge {
        |_, _| None
    }

    fn prepare(&self, target: &Target, request: &EmbedRequest) -> Prepared {
        let body = json!({
            "model": request.model, "texts": request.texts,
            "input_type": "search_document", "embedding_types": ["float"],
        });
        Prepared::new(format!("{}/v2/embed", target.base), body)
    }

    fn whole(&self, body: &[u8], wanted: usize) -> Whole<EmbedReply> {
        Whole::parse(body, |answer: Reply| {
            let usage = input_only(&answer.meta, "/billed_units/input_tokens");
            reply(checked(answer.embeddings.float, wanted), usage, None)
        })
    }
}
