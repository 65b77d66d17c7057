//! The protocols, as their servers write them.

mod anthropic;
mod bedrock;
mod gemini;
mod ollama;
mod openai;
mod responses;

use flow_ir::setup::Provider;
use serde_json::Value;

use super::said::Said;

/// A failure that every provider knows, in its own words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    RateLimit,
    Quota,
    Overload,
    Auth,
    TooLong,
    Policy,
}

/// One protocol, written by hand and on purpose by other code than the product's.
pub trait Wire: Sync {
    fn provider(&self) -> Provider;
    /// What a model declares as its address, below the server's origin.
    fn base(&self) -> &'static str;
    /// The paths of whole and of streamed requests.
    fn paths(&self) -> [&'static str; 2];
    fn content_type(&self) -> &'static str;
    /// A whole answer.
    fn answer(&self, said: &Said) -> Value;
    /// A streamed one, event by event; after the last one it is complete.
    fn events(&self, said: &Said) -> Vec<Vec<u8>>;
    /// Status and body; `None` if the provider has no such failure.
    fn fault(&self, fault: Fault) -> Option<(u16, Value)>;
    /// The name of the failure in a header.
    fn fault_header(&self, _fault: Fault) -> Option<&'static str> {
        None
    }
    /// A failure in the middle of a stream: overload.
    fn fault_event(&self) -> Vec<u8>;
    /// An error with status 200, where the provider is known to send one.
    fn fault_in_200(&self) -> Option<Value>;
    /// Events that mean nothing: unknown ones, pings, empty lists of choices.
    fn odd_events(&self) -> Vec<Vec<u8>>;
    /// An answer with a reason to stop that nobody knows, and the reason.
    fn odd_finish(&self) -> &'static str {
        "moon_phase"
    }
    /// Whether it counts cached and reasoning tokens.
    fn counts(&self) -> (bool, bool) {
        (true, true)
    }
    /// The header of the key, and how its value begins.
    fn proof(&self) -> (&'static str, &'static str);
    /// The media that it has words for.
    fn takes(&self) -> &'static [&'static str];
    /// Whether tool calls carry ids.
    fn has_ids(&self) -> bool {
        true
    }
}

/// Every protocol that streams.
pub const ALL: [&dyn Wire; 9] = [
    &openai::OpenAi(Provider::Openai),
    &openai::OpenAi(Provider::OpenaiCompatible),
    &openai::OpenAi(Provider::Azure),
    &responses::Responses,
    &anthropic::Anthropic,
    &gemini::Gemini(Provider::Gemini),
    &gemini::Gemini(Provider::Vertex),
    &bedrock::Bedrock,
    &ollama::Ollama,
];

/// `event:` and `data:`.
pub fn sse(name: &str, data: &Value) -> Vec<u8> {
    let name = if name.is_empty() { String::new() } else { format!("event: {name}\n") };
    format!("{name}data: {data}\n\n").into_bytes()
}

pub fn set(json: &mut Value, name: &str, value: Value) {
    json.as_object_mut().unwrap().insert(name.to_owned(), value);
}

/// The word of a protocol for a reason to stop.
pub fn word(said: &Said, words: [&'static str; 4]) -> String {
    use flow_model::Finish;
    let [stop, length, tool, filter] = words;
    match &said.finish {
        Finish::Stop => stop.to_owned(),
        Finish::Length => length.to_owned(),
        Finish::ToolCall => tool.to_owned(),
        Finish::ContentFilter => filter.to_owned(),
        other => other.name().to_owned(),
    }
}
