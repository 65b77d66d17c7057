//! What each provider's structured output can express and enforces: data with a date, not code.
//!
//! A [`Profile`] says which words of JSON Schema may stand in the schema that goes over the wire
//! ([`crate::schema::wire`]), and where a provider refuses a schema as a whole. What the wire cannot enforce is
//! checked after the answer, always. [`gaps`] lists both for a type, so that the compiler can say it before a
//! provider does.

mod gaps;

#[cfg(test)]
mod tests;

pub use gaps::{Gap, Kind, gaps};

use crate::setup::{Capability, Model, Provider};

/// What a provider does with a schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// The answer is held to it while it is written.
    Enforced,
    /// There is no place for it in the request: it is told in words.
    Told,
}

/// A provider's subset of JSON Schema.
#[derive(PartialEq, Eq, Debug)]
pub struct Profile {
    /// As in messages.
    pub name: &'static str,
    /// The day on which the provider's documentation said so.
    pub as_of: &'static str,
    /// Where it says so.
    pub source: &'static str,
    /// What it does with a schema.
    pub mode: Mode,
    /// The constraints that may stand in a schema, of [`CONSTRAINTS`].
    pub words: &'static [&'static str],
    /// The values of `format` that may stand in a schema.
    pub formats: &'static [&'static str],
    /// Largest `minItems`, where it is limited.
    pub min_items: Option<u64>,
    /// Whether objects may have keys that the schema does not name: `map` and `json`.
    pub free_keys: bool,
    /// Most properties of all objects together.
    pub properties: Option<u64>,
    /// Deepest nesting of objects and lists.
    pub depth: Option<u64>,
    /// Most values of all enums together.
    pub enum_values: Option<u64>,
    /// Most characters of all names of properties and values of enums together.
    pub name_chars: Option<u64>,
    /// Most properties that are unions, `T?` included.
    pub unions: Option<u64>,
    /// Most tokens of one picture, whatever its size: the provider makes larger ones smaller.
    pub image_tokens: u64,
}

/// The words of JSON Schema that narrow a value, as far as types of `.flow` need them.
pub const CONSTRAINTS: [&str; 8] = [
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
];

/// OpenAI, `response_format: json_schema` with `strict: true`.
pub static OPENAI: Profile = Profile {
    name: "openai",
    as_of: "2026-02-01",
    source: "https://platform.openai.com/docs/guides/structured-outputs#supported-schemas",
    mode: Mode::Enforced,
    words: &["minimum", "maximum", "minItems", "maxItems"],
    formats: &["date", "time", "date-time", "duration", "email", "uuid"],
    min_items: None,
    free_keys: false,
    properties: Some(5_000),
    depth: Some(10),
    enum_values: Some(1_000),
    name_chars: Some(120_000),
    unions: None,
    image_tokens: 2_500,
};

/// Anthropic, `output_config.format`; Claude on Bedrock takes the same.
pub static ANTHROPIC: Profile = Profile {
    name: "anthropic",
    as_of: "2026-02-01",
    source: "https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations",
    mode: Mode::Enforced,
    words: &["minItems"],
    formats: &["date", "time", "date-time", "duration", "email", "uri", "uuid"],
    min_items: Some(1),
    free_keys: false,
    properties: None,
    depth: None,
    enum_values: None,
    name_chars: None,
    unions: Some(16),
    image_tokens: 1_600,
};

/// Gemini, `responseJsonSchema`; Vertex takes the same.
pub static GEMINI: Profile = Profile {
    name: "gemini",
    as_of: "2026-02-01",
    source: "https://ai.google.dev/gemini-api/docs/structured-output#json-schema-support",
    mode: Mode::Enforced,
    words: &["minimum", "maximum", "minItems", "maxItems"],
    formats: &["date", "time", "date-time"],
    min_items: None,
    free_keys: true,
    properties: None,
    depth: None,
    enum_values: None,
    name_chars: None,
    unions: None,
    image_tokens: 2_600,
};

/// Servers with grammars of their own: vLLM, llama.cpp, SGLang, Ollama.
pub static COMPATIBLE: Profile = Profile {
    name: "openai_compatible",
    as_of: "2026-02-01",
    source: "https://docs.vllm.ai/en/latest/features/structured_outputs.html",
    mode: Mode::Enforced,
    words: &CONSTRAINTS,
    formats: &["date", "time", "date-time", "duration", "email", "uri", "uuid"],
    min_items: None,
    free_keys: true,
    properties: None,
    depth: None,
    enum_values: None,
    name_chars: None,
    unions: None,
    image_tokens: 2_900,
};

/// A model that cannot be held to JSON: the schema is told in words.
pub static NONE: Profile = Profile {
    name: "none",
    as_of: "2026-02-01",
    source: "",
    mode: Mode::Told,
    words: &CONSTRAINTS,
    formats: &["date", "time", "date-time", "duration", "email", "uri", "uuid"],
    min_items: None,
    free_keys: true,
    properties: None,
    depth: None,
    enum_values: None,
    name_chars: None,
    unions: None,
    image_tokens: 2_900,
};

/// Every profile.
pub static ALL: [&Profile; 5] = [&OPENAI, &ANTHROPIC, &GEMINI, &COMPATIBLE, &NONE];

impl Profile {
    /// Of a model: what its provider enforces, or nothing if the model has not the capability.
    #[must_use]
    pub fn of(model: &Model) -> &'static Self {
        if model.can.contains(&Capability::Json) { Self::of_provider(model.provider) } else { &NONE }
    }

    /// Of a provider. An entry of the registry may be anybody's, so nothing is taken for granted.
    #[must_use]
    pub const fn of_provider(provider: Provider) -> &'static Self {
        match provider {
            Provider::Openai | Provider::OpenaiResponses | Provider::Azure => &OPENAI,
            Provider::Anthropic | Provider::Bedrock => &ANTHROPIC,
            Provider::Vertex | Provider::Gemini => &GEMINI,
            Provider::OpenaiCompatible | Provider::Ollama => &COMPATIBLE,
            Provider::Registry => &ANTHROPIC,
            // A tensor or plain JSON holds nobody to a schema; the others answer no prompts.
            Provider::Kserve | Provider::Http => &NONE,
            Provider::Cohere | Provider::Voyage | Provider::Jina | Provider::Tei => &NONE,
        }
    }

    /// Whether a constraint may stand in a schema with this value.
    #[must_use]
    pub fn takes(&self, word: &str, value: u64) -> bool {
        let limited = word == "minItems" && self.min_items.is_some_and(|most| value > most);
        self.words.contains(&word) && !limited
    }
}
