//! How the protocol is asked.

use flow_model::{ChatReply, ChatRequest, ModelError, Output};
use serde_json::json;

use super::stream::Events;
use super::{map, wire};
use crate::client::{Assembler, Prepared, Protocol, Whole};
use crate::failure::Judge;
use crate::framing::Framing;
use crate::openai_chat::judge;
use crate::target::Target;

/// `POST …/responses`.
pub(crate) struct Responses;

impl Protocol for Responses {
    fn noun(&self) -> &'static str {
        "response of OpenAI's protocol"
    }

    fn judge(&self) -> Judge {
        judge
    }

    fn prepare(&self, target: &Target, request: &ChatRequest, stream: bool) -> Result<Prepared, ModelError> {
        Ok(Prepared::new(format!("{}/responses", target.base), map::request(target, request, stream)?))
    }

    fn whole(&self, body: &[u8], _asked: &Output) -> Whole<ChatReply> {
        Whole::parse(body, whole)
    }

    fn framing(&self) -> Framing {
        Framing::sse()
    }

    fn assembler(&self) -> Box<dyn Assembler> {
        Box::<Events>::default()
    }
}

/// A response says itself how it ended; `failed` comes with status 200.
pub(super) fn whole(response: wire::Response) -> Whole<ChatReply> {
    let error = response.error.clone().filter(|error| !error.is_null());
    match (response.status.as_str(), error) {
        (_, Some(error)) => Whole::Failed(error),
        ("failed" | "cancelled", None) => {
            Whole::Failed(json!({ "message": format!("the response is {}", response.status) }))
        }
        ("completed" | "incomplete", None) => Whole::Reply(map::reply(response)),
        _ => Whole::Malformed("its `status` is none of an end".to_owned()),
    }
}
