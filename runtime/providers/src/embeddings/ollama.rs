//! Ollama.

use flow_model::{EmbedReply, EmbedRequest};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{checked, input_only, reply};
use crate::client::{Embedding, Prepared, Whole};
use crate::failure::Judge;
use crate::target::Target;

/// `POST …/api/embed`.
pub(crate) struct OllamaEmbed;

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    embeddings: Vec<Vec<f32>>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    prompt_eval_count: Option<u64>,
    #[serde(default)]
    error: Option<Value>,
}

impl Embedding for OllamaEmbed {
    fn judge(&self) -> Judge {
        |_, _| None
    }

    fn prepare(&self, target: &Target, request: &EmbedRequest) -> Prepared {
        // What is too long is an error, not half a vector.
        let body = json!({ "model": request.model, "input": request.texts, "truncate": false });
        Prepared::new(format!("{}/api/embed", target.base), body)
    }

    fn whole(&self, body: &[u8], wanted: usize) -> Whole<EmbedReply> {
        Whole::parse(body, |answer: Reply| match answer.error {
            Some(error) => Whole::Failed(error),
            None => {
                let raw = json!({ "prompt_eval_count": answer.prompt_eval_count });
                let usage = answer.prompt_eval_count.and_then(|_| input_only(&raw, "/prompt_eval_count"));
                reply(checked(answer.embeddings, wanted), usage, answer.model)
            }
        })
    }
}
