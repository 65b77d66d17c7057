//! Attributes, and what things are called in the GenAI semantic conventions.

use flow_ir::Bundle;
use flow_ir::setup::{Callee, Model, Provider};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};

pub(crate) const OPERATION: &str = "gen_ai.operation.name";
pub(crate) const PROVIDER: &str = "gen_ai.provider.name";
pub(crate) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(crate) const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub(crate) const RESPONSE_ID: &str = "gen_ai.response.id";
pub(crate) const FINISH: &str = "gen_ai.response.finish_reasons";
pub(crate) const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
pub(crate) const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
pub(crate) const TOKEN_TYPE: &str = "gen_ai.token.type";
pub(crate) const TOOL: &str = "gen_ai.tool.name";
pub(crate) const WORKFLOW: &str = "gen_ai.workflow.name";
pub(crate) const ERROR: &str = "error.type";

fn key_value(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

pub(crate) fn text(key: &str, value: impl Into<String>) -> KeyValue {
    key_value(key, Value::StringValue(value.into()))
}

pub(crate) fn int(key: &str, value: u64) -> KeyValue {
    key_value(key, Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX)))
}

pub(crate) fn float(key: &str, value: f64) -> KeyValue {
    key_value(key, Value::DoubleValue(value))
}

pub(crate) fn yes(key: &str) -> KeyValue {
    key_value(key, Value::BoolValue(true))
}

pub(crate) fn texts(key: &str, values: &[&str]) -> KeyValue {
    use opentelemetry_proto::tonic::common::v1::ArrayValue;
    let one = |text: &&str| AnyValue { value: Some(Value::StringValue((*text).to_owned())) };
    key_value(key, Value::ArrayValue(ArrayValue { values: values.iter().map(one).collect() }))
}

/// What kind of operation a call is, and what it is called.
pub(crate) fn named(bundle: &Bundle, callee: Callee) -> (&'static str, String) {
    let operation = match callee {
        Callee::Prompt(_) => "chat",
        Callee::Tool(_) => "execute_tool",
        Callee::Human(_) => "ask",
        Callee::Method(..) => "resource",
        Callee::Sleep => "sleep",
        Callee::Tell => "tell",
        Callee::Value | Callee::Function(_) | Callee::Check(_) | Callee::Split(_) | Callee::Flow(_) => {
            "compute"
        }
    };
    let name = bundle.callee_name(callee).map_or_else(|| operation.to_owned(), ToString::to_string);
    (operation, name)
}

/// As the conventions write providers; ours where they have no word.
pub(crate) const fn provider(model: &Model) -> &'static str {
    match model.provider {
        Provider::Openai | Provider::OpenaiResponses => "openai",
        Provider::OpenaiCompatible => "openai_compatible",
        Provider::Azure => "azure.ai.openai",
        Provider::Anthropic => "anthropic",
        Provider::Bedrock => "aws.bedrock",
        Provider::Gemini => "gcp.gemini",
        Provider::Vertex => "gcp.vertex_ai",
        Provider::Ollama => "ollama",
        Provider::Kserve => "kserve",
        Provider::Http => "http",
        Provider::Cohere => "cohere",
        Provider::Voyage => "voyage",
        Provider::Jina => "jina",
        Provider::Tei => "tei",
        Provider::Registry => "registry",
    }
}

/// Micro-dollars as dollars.
pub(crate) fn usd(cost: flow_ir::units::Usd) -> f64 {
    cost.0 as f64 / 1_000_000.0
}
