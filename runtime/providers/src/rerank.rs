//! Texts in the order of their relevance: Cohere, Jina (and vLLM, llama.cpp), Voyage, TEI.
//!
//! The four differ in names only. A reply is taken with exactly one finite score per text.

use flow_model::{Ranked, RerankReply, RerankRequest, Usage};
use serde_json::{Value, json};

use crate::client::{Prepared, Reranking, Whole};
use crate::failure::place_of;
use crate::target::Target;

/// Whose names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rerank {
    /// `POST …/v2/rerank`.
    Cohere,
    /// `POST …/v1/rerank`.
    Jina,
    /// The same where the address has its version in it: vLLM, llama.cpp.
    Compatible,
    /// `POST …/v1/rerank`.
    Voyage,
    /// `POST …/rerank`.
    Tei,
}

impl Reranking for Rerank {
    fn prepare(&self, target: &Target, request: &RerankRequest) -> Prepared {
        let (query, texts, count) = (&request.query, &request.texts, request.texts.len());
        let model = &request.model;
        let jina = || {
            json!({
                "model": model, "query": query, "documents": texts,
                "top_n": count, "return_documents": false,
            })
        };
        let (path, body) = match self {
            Self::Cohere => {
                ("v2/rerank", json!({ "model": model, "query": query, "documents": texts, "top_n": count }))
            }
            Self::Jina => ("v1/rerank", jina()),
            Self::Compatible => ("rerank", jina()),
            Self::Voyage => (
                "v1/rerank",
                json!({ "model": model, "query": query, "documents": texts, "return_documents": false }),
            ),
            Self::Tei => ("rerank", json!({ "query": query, "texts": texts, "return_text": false })),
        };
        Prepared::new(format!("{}/{path}", target.base), body)
    }

    fn whole(&self, body: &[u8], wanted: usize) -> Whole<RerankReply> {
        let json: Value = match serde_json::from_slice(body) {
            Ok(json) => json,
            Err(error) => return Whole::Malformed(place_of(&error)),
        };
        let (list, score) = match self {
            Self::Cohere | Self::Jina | Self::Compatible => ("/results", "relevance_score"),
            Self::Voyage => ("/data", "relevance_score"),
            Self::Tei => ("", "score"),
        };
        let scored = json.pointer(list).and_then(Value::as_array).map(|list| {
            let one = |entry: &Value| {
                let index = usize::try_from(entry.get("index")?.as_u64()?).ok()?;
                Some(Ranked { index, score: entry.get(score)?.as_f64()? })
            };
            list.iter().map(one).collect::<Option<Vec<Ranked>>>()
        });
        let Some(Some(ranked)) = scored else {
            return Whole::Malformed("it holds no list of scores".to_owned());
        };
        let input = json.pointer("/usage/total_tokens").and_then(Value::as_u64);
        let raw = json.get("usage").or_else(|| json.pointer("/meta/billed_units")).cloned();
        let usage = raw.map(|raw| Usage { input, output: Some(0), raw: Some(raw), ..Usage::default() });
        match best_first(ranked, wanted) {
            Some(ranked) => Whole::Reply(RerankReply { ranked, usage }),
            None => Whole::Malformed(format!("it does not hold one score for each of {wanted} texts")),
        }
    }
}

/// Of equal scores the text that came first.
fn best_first(mut ranked: Vec<Ranked>, wanted: usize) -> Option<Vec<Ranked>> {
    let mut seen = vec![false; wanted];
    for one in &ranked {
        let slot = seen.get_mut(one.index)?;
        if std::mem::replace(slot, true) || !one.score.is_finite() {
            return None;
        }
    }
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.index.cmp(&b.index)));
    seen.into_iter().all(|seen| seen).then_some(ranked)
}
