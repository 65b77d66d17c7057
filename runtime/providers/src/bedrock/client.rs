//! How the protocol is asked.

use flow_model::{ChatReply, ChatRequest, ErrorKind, ModelError, Output};

use super::stream::Blocks;
use super::{map, wire};
use crate::aws::encode_segment;
use crate::client::{Assembler, Prepared, Protocol, Whole};
use crate::failure::{Judge, Said};
use crate::framing::Framing;
use crate::target::Target;

/// `POST /model/{model}/converse`.
pub(crate) struct Bedrock;

impl Protocol for Bedrock {
    fn noun(&self) -> &'static str {
        "answer of Bedrock's Converse protocol"
    }

    fn judge(&self) -> Judge {
        judge
    }

    fn prepare(&self, target: &Target, request: &ChatRequest, stream: bool) -> Result<Prepared, ModelError> {
        let method = if stream { "converse-stream" } else { "converse" };
        let url = format!("{}/model/{}/{method}", target.base, encode_segment(&request.model));
        Ok(Prepared::new(url, map::request(target, request)?))
    }

    fn whole(&self, body: &[u8], _asked: &Output) -> Whole<ChatReply> {
        Whole::parse(body, |answer: wire::Answer| match (answer.output, answer.stop_reason) {
            (Some(output), Some(reason)) => {
                let usage = answer.usage.as_ref().and_then(map::usage);
                Whole::Reply(map::of_blocks(output.message.content, map::finish(&reason), usage))
            }
            _ => Whole::Malformed("it holds no message with a stop reason".to_owned()),
        })
    }

    fn framing(&self) -> Framing {
        Framing::amazon()
    }

    fn assembler(&self) -> Box<dyn Assembler> {
        Box::<Blocks>::default()
    }
}

/// The names of exceptions, in headers (`ThrottlingException`) and streams (`throttlingException`).
fn judge(said: &Said, wait: Option<u64>) -> Option<ErrorKind> {
    let name = said.code.trim_end_matches("Exception").to_ascii_lowercase();
    let kind = match name.as_str() {
        "accessdenied" => ErrorKind::Permission,
        "unrecognizedclient" | "invalidsignature" | "expiredtoken" | "missingauthenticationtoken" => {
            ErrorKind::Auth
        }
        "throttling" => ErrorKind::RateLimited { retry_after_ms: wait },
        "servicequotaexceeded" => ErrorKind::QuotaExhausted,
        "modelnotready" | "serviceunavailable" => ErrorKind::Overloaded { retry_after_ms: wait },
        "resourcenotfound" => ErrorKind::NotFound,
        "modeltimeout" => ErrorKind::Timeout { phase: flow_model::Phase::Total },
        "modelerror" | "modelstreamerror" | "internalserver" => {
            ErrorKind::Upstream5xx { retry_after_ms: wait }
        }
        "validation" if said.says(&["input is too long", "too many input tokens", "context window"]) => {
            ErrorKind::ContextTooLong
        }
        "validation" => ErrorKind::InvalidRequest,
        _ => return None,
    };
    Some(kind)
}
