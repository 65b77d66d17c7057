//! Texts to vectors, and texts in order of relevance.

use serde::{Deserialize, Serialize};

use crate::reply::Usage;

/// Texts to embed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbedRequest {
    /// The provider's name of the model.
    pub model: String,
    /// In order.
    pub texts: Vec<String>,
}

/// One vector per text, in the order of the request, all of one dimension.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbedReply {
    /// As the provider gives them; not necessarily of length 1.
    pub vectors: Vec<Vec<f32>>,
    /// What it used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The model as it names itself.
    #[serde(default)]
    pub model: String,
}

/// Texts to be put in order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RerankRequest {
    /// The provider's name of the model.
    pub model: String,
    /// What is looked for.
    pub query: String,
    /// In any order.
    pub texts: Vec<String>,
}

/// One score per text.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RerankReply {
    /// Positions in the request with their scores, best first. Scores of different models do not compare.
    pub ranked: Vec<Ranked>,
    /// What it used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// A text and how well it fits.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranked {
    /// Position in the request.
    pub index: usize,
    /// More is better.
    pub score: f64,
}
