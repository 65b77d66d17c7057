//! The protocols, as their servers write them.

mod anthropic;
mod bedrock;
mod gemini;
mod kserve;
mod ollama;
mod openai;
mod plain;
mod responses;

use std::fmt::Write as _;

use flow_ir::setup::Provider;
use serde_json::{Value, json};

use super::said::Said;

/// What each row of the table tests.
pub const ROWS: [(u8, &str); 21] = [
    (1, "whole answer"),
    (2, "streamed answer"),
    (3, "cut off after every byte"),
    (4, "character split over pieces"),
    (5, "tool calls"),
    (6, "refused, or cut short by the model"),
    (7, "usage absent, zero, cached"),
    (8, "429 with every form of waiting"),
    (9, "503 and 529"),
    (10, "quota used up"),
    (11, "error with status 200"),
    (12, "error inside of a stream"),
    (13, "event without content"),
    (14, "unknown fields, events, reasons to stop"),
    (15, "silence before and within"),
    (16, "compressed body"),
    (17, "lines that end in any way"),
    (18, "header that is no ASCII"),
    (19, "giving up closes the connection"),
    (20, "more than 10 MB"),
    (21, "connection closed between requests"),
];

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
    /// A row of the table that the protocol cannot have, and why.
    fn lacks(&self, _row: u8) -> Option<&'static str> {
        None
    }
    /// What the model says about itself before it is asked, where the protocol wants to know.
    fn metadata(&self) -> Option<Value> {
        None
    }
    /// What a model declares as its address, below the server's origin.
    fn base(&self) -> &'static str;
    /// The paths of whole and of streamed requests.
    fn paths(&self) -> [&'static str; 2];
    fn content_type(&self) -> &'static str;
    /// A whole answer.
    fn answer(&self, said: &Said) -> Value;
    /// A streamed one, event by event; after the last one it is complete.
    fn events(&self, _said: &Said) -> Vec<Vec<u8>> {
        Vec::new()
    }
    /// JSON with status 200 that is no answer.
    fn no_answers(&self) -> Vec<Value> {
        vec![json!({}), json!([]), json!("hello"), json!({ "choices": [] }), Value::Null]
    }
    /// Status and body; `None` if the provider has no such failure.
    fn fault(&self, fault: Fault) -> Option<(u16, Value)>;
    /// The name of the failure in a header.
    fn fault_header(&self, _fault: Fault) -> Option<&'static str> {
        None
    }
    /// A failure in the middle of a stream: overload.
    fn fault_event(&self) -> Vec<u8> {
        Vec::new()
    }
    /// An error with status 200, where the provider is known to send one.
    fn fault_in_200(&self) -> Option<Value>;
    /// Events that mean nothing: unknown ones, pings, empty lists of choices.
    fn odd_events(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
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

/// The reasons of protocols that know whole answers only, and nothing but the text in them.
fn lacks_of_whole_answers(row: u8, of: &'static str) -> Option<&'static str> {
    Some(match (row, of) {
        (2 | 12 | 13 | 17, _) => "whole answers only: there is no stream",
        (5, "tensors") => {
            "tensors have no words for tools: a request with tools is refused before it is sent"
        }
        (5, _) => "no words for tools: a request with tools is refused before it is sent",
        (6, _) => "no reason to stop: half of a structured answer is no JSON, and is refused as such",
        (7, _) => "no counts: usage is always absent, so the worst case is charged",
        _ => return None,
    })
}

/// Servers of one's own say what is wrong in a sentence.
fn bare_fault(fault: Fault) -> Option<(u16, Value)> {
    let error = |text: &str| json!({ "error": text });
    Some(match fault {
        Fault::RateLimit => (429, error("no")),
        Fault::Quota => (402, error("no")),
        Fault::Overload => (503, error("the queue is full")),
        Fault::Auth => (401, error("no")),
        Fault::TooLong => (400, error("the input exceeds the context window")),
        Fault::Policy => return None,
    })
}

/// Every protocol.
pub const EVERY: [&dyn Wire; 11] =
    [ALL[0], ALL[1], ALL[2], ALL[3], ALL[4], ALL[5], ALL[6], ALL[7], ALL[8], &kserve::KServe, &plain::Plain];

/// Those that have a row.
pub fn having(row: u8) -> impl Iterator<Item = &'static dyn Wire> {
    EVERY.into_iter().filter(move |wire| wire.lacks(row).is_none())
}

/// The table, for people: what is tested of whom, and why the rest is not.
pub fn table() -> String {
    let mut text = String::new();
    let mut reasons: Vec<&str> = Vec::new();
    for (row, what) in ROWS {
        let cells = EVERY.map(|wire| match wire.lacks(row) {
            None => "+".to_owned(),
            Some(why) => {
                let at = reasons.iter().position(|one| *one == why).unwrap_or(reasons.len());
                if at == reasons.len() {
                    reasons.push(why);
                }
                char::from(b'a' + at as u8).to_string()
            }
        });
        let _ = writeln!(text, "{row:>2}  {what:<42}{}", cells.map(|cell| format!("{cell:>3}")).concat());
    }
    let names = EVERY.map(|wire| format!("{:?}", wire.provider()).to_lowercase());
    for (at, why) in reasons.iter().enumerate() {
        let _ = writeln!(text, "{}: {why}", char::from(b'a' + at as u8));
    }
    format!("columns: {}\n{text}", names.join(", "))
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
