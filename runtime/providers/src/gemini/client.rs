//! How the protocol is asked.

use flow_model::{ChatReply, ChatRequest, ErrorKind, ModelError, Output};

use super::stream::Candidates;
use super::{map, wire};
use crate::aws::encode_segment;
use crate::client::{Assembler, Prepared, Protocol, Whole};
use crate::failure::{Judge, Said};
use crate::framing::Framing;
use crate::target::Target;

/// `POST …/models/{model}:generateContent`.
pub(crate) struct Gemini;

impl Protocol for Gemini {
    fn noun(&self) -> &'static str {
        "answer of the Gemini protocol"
    }

    fn judge(&self) -> Judge {
        judge
    }

    fn prepare(&self, target: &Target, request: &ChatRequest, stream: bool) -> Result<Prepared, ModelError> {
        let method = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
        let url = format!("{}/models/{}:{method}", target.base, encode_segment(&request.model));
        Ok(Prepared::new(url, map::request(target, request)?))
    }

    fn whole(&self, body: &[u8], _asked: &Output) -> Whole<ChatReply> {
        Whole::parse(body, |answer: wire::Answer| match answer.error.clone() {
            Some(error) => Whole::Failed(error),
            None => {
                let mut all = Candidates::default();
                all.add(answer, &mut None);
                match all.blocked() {
                    Some(error) => Whole::Failed(error),
                    None => all.reply().map_or_else(
                        || Whole::Malformed("it holds no candidate with a finish reason".to_owned()),
                        Whole::Reply,
                    ),
                }
            }
        })
    }

    fn framing(&self) -> Framing {
        Framing::sse()
    }

    fn assembler(&self) -> Box<dyn Assembler> {
        Box::<Candidates>::default()
    }
}

/// The statuses of google.rpc.Code.
pub(crate) fn judge(said: &Said, wait: Option<u64>) -> Option<ErrorKind> {
    let kind = match said.code.as_str() {
        "BLOCKED" => ErrorKind::ContentPolicy,
        // A limit per day does not heal while anybody waits.
        "RESOURCE_EXHAUSTED" if said.detail.contains("PerDay") => ErrorKind::QuotaExhausted,
        "RESOURCE_EXHAUSTED" => ErrorKind::RateLimited { retry_after_ms: wait },
        "UNAUTHENTICATED" => ErrorKind::Auth,
        "INVALID_ARGUMENT" if said.says(&["api key not valid", "api_key_invalid"]) => ErrorKind::Auth,
        "INVALID_ARGUMENT" if said.says(&["exceeds the maximum number of tokens"]) => {
            ErrorKind::ContextTooLong
        }
        "PERMISSION_DENIED" => ErrorKind::Permission,
        "NOT_FOUND" => ErrorKind::NotFound,
        "UNAVAILABLE" => ErrorKind::Overloaded { retry_after_ms: wait },
        "DEADLINE_EXCEEDED" => ErrorKind::Timeout { phase: flow_model::Phase::Total },
        "INTERNAL" => ErrorKind::Upstream5xx { retry_after_ms: wait },
        _ => return None,
    };
    Some(kind)
}
