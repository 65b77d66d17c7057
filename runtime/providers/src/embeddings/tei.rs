//! Text Embeddings Inference: a list in, a list out.

use flow_model::{EmbedReply, EmbedRequest};
use serde_json::json;

use super::bare_lists;
use crate::client::{Embedding, Prepared, Whole};
use crate::failure::Judge;
use crate::target::Target;

/// `POST …/embed`.
pub(crate) struct TeiEmbed;

impl Embedding for TeiEmbed {
    fn judge(&self) -> Judge {
        |_, _| None
    }

    fn prepare(&self, target: &Target, request: &EmbedRequest) -> Prepared {
        let body = json!({ "inputs": request.texts, "truncate": false });
        Prepared::new(format!("{}/embed", target.base), body)
    }

    fn whole(&self, body: &[u8], wanted: usize) -> Whole<EmbedReply> {
        bare_lists(body, "", wanted)
    }
}
