//! How much one call may take: the numbers that the compiler's bounds and the runtime's loops share.
//!
//! The compiler proves what a run costs at most by counting attempts before they are made; the runtime makes
//! them. Both read this page, so neither can count differently. Tokens are those of the model that is asked;
//! texts are counted by [`crate::tokens`] and multiplied by the model's `token_factor`.

#[cfg(test)]
mod tests;

use crate::ids::ModelId;
use crate::setup::{Confidence, Effect, Human, Model, Prompt, Tool};
use crate::units::Usd;

/// Tokens that a message takes besides its text: role, separators.
pub const MESSAGE_TOKENS: u64 = 8;

/// Most tokens of an answer where neither prompt nor model says; sent as the provider's maximum.
pub const UNCAPPED_OUTPUT: u64 = 4_096;

/// Of an attempt to ask a model that declares no `timeout`, ms.
pub const MODEL_TIMEOUT_MS: u64 = 60_000;

/// Of an attempt to embed with a model that declares no `timeout`, ms.
pub const EMBED_TIMEOUT_MS: u64 = 30_000;

/// Texts of one request to an embedding model.
pub const EMBED_BATCH: usize = 64;

/// Longest wait before the first retry, ms; doubles with each further one.
pub const RETRY_BASE_MS: u64 = 500;

/// Longest wait before any retry that nobody asked for, ms.
pub const RETRY_CAP_MS: u64 = 30_000;

/// A server's `retry-after` above this is not waited for, ms.
pub const RETRY_PATIENCE_MS: u64 = 120_000;

/// Tools that a model may ask for in one round; further ones are not heard.
pub const CALLS_A_ROUND: usize = 8;

/// Hits of a search that a model starts by itself.
pub const TOOL_SEARCH_TOP: u32 = 6;

/// Most tokens of a note of ours to a model: what is wrong with its answer, why a tool failed.
pub const NOTE_TOKENS: u64 = 200;

/// Attempts on one model, its retries included.
#[must_use]
pub const fn attempts(retry: u32) -> u64 {
    retry as u64 + 1
}

/// Attempts on a model in one call, its retries and a hedge included. A probe of a model that may be well again
/// takes the place of an attempt; a call that the provider turns away (its key, its rate) is not billed and counts
/// as none.
#[must_use]
pub const fn model_attempts(model: &Model) -> u64 {
    attempts(model.retry) + if model.hedge_ms.is_some() { 1 } else { 0 }
}

/// Attempts of one call of a tool: a write is repeated only under a key.
#[must_use]
pub fn tool_attempts(tool: &Tool) -> u64 {
    attempts(tool_retries(tool))
}

/// Attempts of a tool after the first.
#[must_use]
pub fn tool_retries(tool: &Tool) -> u32 {
    if tool.effect == Effect::Read || tool.once { tool.retry } else { 0 }
}

/// Replies of one conversation: each answer that does not fit is repaired, and each may come after all rounds.
#[must_use]
pub fn replies(prompt: &Prompt) -> u64 {
    (u64::from(prompt.repair) + 1).saturating_mul(u64::from(prompt.rounds) + 1)
}

/// Conversations of one call: a vote holds several.
#[must_use]
pub fn conversations(prompt: &Prompt) -> u64 {
    match prompt.confidence {
        Some(Confidence::Vote(votes)) => u64::from(votes.max(1)),
        Some(Confidence::Logprob(_) | Confidence::Field(_)) | None => 1,
    }
}

/// Answers that a person's approval takes.
#[must_use]
pub const fn answers(human: &Human) -> u64 {
    if human.quorum == 0 { 1 } else { human.quorum as u64 }
}

/// A model and its fallbacks in the order they are asked, each once. The compiler refuses circles; a foreign
/// bundle may hold one.
#[must_use]
pub fn chain(models: &[Model], first: ModelId) -> Vec<(ModelId, &Model)> {
    let mut chain: Vec<(ModelId, &Model)> = Vec::new();
    let mut next = vec![first];
    while let Some(id) = next.pop() {
        if chain.iter().any(|(known, _)| *known == id) {
            continue;
        }
        if let Some(model) = models.get(id.index()) {
            chain.push((id, model));
            next.extend(model.fallback.iter().rev());
        }
    }
    chain
}

/// Most tokens of an answer of this model to this prompt: a hard limit at the provider.
#[must_use]
pub fn output_cap(prompt: &Prompt, model: &Model) -> u64 {
    [prompt.output, model.output].into_iter().flatten().min().unwrap_or(UNCAPPED_OUTPUT)
}

/// Most counted tokens of an answer that is sent back in the same conversation.
#[must_use]
pub fn answer_cap(prompt: &Prompt, chain: &[(ModelId, &Model)]) -> u64 {
    chain.iter().map(|(_, model)| output_cap(prompt, model)).max().unwrap_or(UNCAPPED_OUTPUT)
}

/// Counted tokens as tokens of this model.
#[must_use]
pub fn scaled(tokens: u64, model: &Model) -> u64 {
    tokens.saturating_mul(u64::from(model.token_factor.max(1))).div_ceil(1000)
}

/// What an attempt costs, rounded up to the next micro-dollar, so that many small calls never cost nothing.
///
/// Prices are micro-dollars per million tokens; what has no price costs nothing.
///
/// ```
/// # use flow_ir::{effort::cost, units::Usd};
/// assert_eq!(cost(1_000, 1, Some(Usd(250_000)), Some(Usd(2_000_000))), Usd(252));
/// ```
#[must_use]
pub fn cost(input: u64, output: u64, price_in: Option<Usd>, price_out: Option<Usd>) -> Usd {
    const MILLION: i128 = 1_000_000;
    let part =
        |tokens: u64, price: Option<Usd>| i128::from(tokens) * i128::from(price.unwrap_or_default().0.max(0));
    let total = part(input, price_in).saturating_add(part(output, price_out));
    Usd(i64::try_from((total + MILLION - 1) / MILLION).unwrap_or(i64::MAX))
}
