//! How the protocol is asked.

use flow_model::{ChatReply, ChatRequest, ErrorKind, ModelError, Output};

use super::stream::Blocks;
use super::{map, wire};
use crate::client::{Assembler, Prepared, Protocol, Whole};
use crate::failure::{Judge, Said};
use crate::framing::Framing;
use crate::target::Target;

/// The version of the protocol that this is.
const VERSION: &str = "2023-06-01";

/// `POST …/v1/messages`.
pub(crate) struct Anthropic;

impl Protocol for Anthropic {
    fn noun(&self) -> &'static str {
        "message of Anthropic's protocol"
    }

    fn judge(&self) -> Judge {
        judge
    }

    fn prepare(&self, target: &Target, request: &ChatRequest, stream: bool) -> Result<Prepared, ModelError> {
        let body = map::request(target, request, stream)?;
        let headers = vec![("anthropic-version", VERSION.to_owned())];
        Ok(Prepared { headers, ..Prepared::new(format!("{}/v1/messages", target.base), body) })
    }

    fn whole(&self, body: &[u8], _asked: &Output) -> Whole<ChatReply> {
        Whole::parse(body, |message: wire::Message| match (message.error.clone(), message.kind.as_str()) {
            (Some(error), _) => Whole::Failed(error),
            (None, "message") => Whole::Reply(map::reply(message)),
            (None, _) => Whole::Malformed("its `type` is not `message`".to_owned()),
        })
    }

    fn framing(&self) -> Framing {
        Framing::sse()
    }

    fn assembler(&self) -> Box<dyn Assembler> {
        Box::<Blocks>::default()
    }
}

/// Branches on codes, never on messages, as the documentation wants it.
fn judge(said: &Said, wait: Option<u64>) -> Option<ErrorKind> {
    if matches!(
        said.detail.as_str(),
        "enforced_spend_limit_reached" | "contract_spend_limit_reached" | "ramp_limit_exceeded"
    ) {
        return Some(ErrorKind::QuotaExhausted);
    }
    let kind = match said.kind.as_str() {
        "authentication_error" => ErrorKind::Auth,
        "billing_error" => ErrorKind::QuotaExhausted,
        "permission_error" => ErrorKind::Permission,
        "not_found_error" => ErrorKind::NotFound,
        "request_too_large" => ErrorKind::TooLarge,
        "rate_limit_error" => ErrorKind::RateLimited { retry_after_ms: wait },
        "api_error" => ErrorKind::Upstream5xx { retry_after_ms: wait },
        "timeout_error" => ErrorKind::Timeout { phase: flow_model::Phase::Total },
        "overloaded_error" => ErrorKind::Overloaded { retry_after_ms: wait },
        "invalid_request_error" if said.says(&["prompt is too long", "context limit", "context window"]) => {
            ErrorKind::ContextTooLong
        }
        _ => return None,
    };
    Some(kind)
}
