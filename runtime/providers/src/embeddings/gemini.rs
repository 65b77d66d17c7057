//! Gemini: one request per text, all in one.

use flow_model::{EmbedReply, EmbedRequest};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{checked, reply};
use crate::aws::encode_segment;
use crate::client::{Embedding, Prepared, Whole};
use crate::failure::Judge;
use crate::gemini::judge;
use crate::target::Target;

/// `POST …/models/{model}:batchEmbedContents`.
pub(crate) struct GeminiEmbed;

#[derive(Deserialize)]
struct Reply {
    embeddings: Vec<Values>,
}

#[derive(Deserialize)]
struct Values {
    values: Vec<f32>,
}

impl Embedding for GeminiEmbed {
    fn judge(&self) -> Judge {
        judge
    }

    fn prepare(&self, target: &Target, request: &EmbedRequest) -> Prepared {
        let name = format!("models/{}", request.model);
        let one = |text: &String| json!({ "model": name, "content": { "parts": [{ "text": text }] } });
        let requests: Vec<Value> = request.texts.iter().map(one).collect();
        let url = format!("{}/models/{}:batchEmbedContents", target.base, encode_segment(&request.model));
        Prepared::new(url, json!({ "requests": requests }))
    }

    fn whole(&self, body: &[u8], wanted: usize) -> Whole<EmbedReply> {
        Whole::parse(body, |answer: Reply| {
            let vectors = answer.embeddings.into_iter().map(|one| one.values).collect();
            reply(checked(vectors, wanted), None, None)
        })
    }
}
