//! How the protocol is asked.

use flow_model::{ChatReply, ChatRequest, ErrorKind, ModelError, Output};

use super::stream::Chunks;
use super::{map, wire};
use crate::client::{Assembler, Prepared, Protocol, Whole};
use crate::failure::{Judge, Said};
use crate::framing::Framing;
use crate::target::Target;

/// Where the protocol differs between OpenAI and its imitators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    /// `max_completion_tokens`.
    OpenAi,
    /// `max_tokens`.
    Compatible,
}

/// `POST …/chat/completions`.
pub(crate) struct OpenAiChat {
    pub(crate) dialect: Dialect,
}

impl Protocol for OpenAiChat {
    fn noun(&self) -> &'static str {
        "chat completion"
    }

    fn judge(&self) -> Judge {
        judge
    }

    fn prepare(&self, target: &Target, request: &ChatRequest, stream: bool) -> Result<Prepared, ModelError> {
        let wire = map::request(target, request, self.dialect, stream)?;
        let body = serde_json::to_value(wire)
            .map_err(|error| ModelError::new(ErrorKind::InvalidRequest, error.to_string()))?;
        Ok(Prepared::new(format!("{}/chat/completions", target.base), body))
    }

    fn whole(&self, body: &[u8], _asked: &Output) -> Whole<ChatReply> {
        Whole::parse(body, |completion: wire::Completion| {
            match completion.error.as_ref().filter(|error| !error.is_null()) {
                Some(error) => Whole::Failed(error.clone()),
                None => match map::reply(completion) {
                    Some(reply) => Whole::Reply(reply),
                    None => Whole::Malformed("it holds no choice".to_owned()),
                },
            }
        })
    }

    fn framing(&self) -> Framing {
        Framing::sse()
    }

    fn assembler(&self) -> Box<dyn Assembler> {
        Box::<Chunks>::default()
    }
}

/// The codes of OpenAI and Azure.
pub(crate) fn judge(said: &Said, wait: Option<u64>) -> Option<ErrorKind> {
    if said.detail == "ResponsibleAIPolicyViolation" {
        return Some(ErrorKind::ContentPolicy);
    }
    let kind = match (said.code.as_str(), said.kind.as_str()) {
        ("insufficient_quota" | "billing_hard_limit_reached" | "credit_balance_exhausted", _)
        | (_, "insufficient_quota") => ErrorKind::QuotaExhausted,
        ("context_length_exceeded", _) => ErrorKind::ContextTooLong,
        ("content_filter" | "content_policy_violation" | "invalid_prompt" | "bio_policy", _) => {
            ErrorKind::ContentPolicy
        }
        ("rate_limit_exceeded", _) => ErrorKind::RateLimited { retry_after_ms: wait },
        ("server_error", _) => ErrorKind::Upstream5xx { retry_after_ms: wait },
        ("invalid_api_key", _) => ErrorKind::Auth,
        ("model_not_found", _) => ErrorKind::NotFound,
        _ => return None,
    };
    Some(kind)
}
