//! How the protocol is asked.

use flow_model::{ChatReply, ChatRequest, ErrorKind, ModelError, Output};
use serde_json::Value;

use super::map;
use super::stream::{Line, Lines};
use crate::client::{Assembler, Prepared, Protocol, Whole};
use crate::failure::{Judge, Said};
use crate::framing::Framing;
use crate::target::Target;

/// `POST …/api/chat`.
pub(crate) struct Ollama {
    /// Tokens that fit. Without it the server takes a small default and cuts what is longer, silently.
    pub(crate) context: Option<u64>,
}

impl Protocol for Ollama {
    fn noun(&self) -> &'static str {
        "answer of Ollama"
    }

    fn judge(&self) -> Judge {
        judge
    }

    fn prepare(&self, target: &Target, request: &ChatRequest, stream: bool) -> Result<Prepared, ModelError> {
        let body = map::request(target, request, self.context, stream)?;
        Ok(Prepared::new(format!("{}/api/chat", target.base), body))
    }

    fn whole(&self, body: &[u8], _asked: &Output) -> Whole<ChatReply> {
        Whole::parse(body, |line: Line| {
            if let Some(error) = line.error {
                return Whole::Failed(Value::String(error));
            }
            let mut lines = Lines::default();
            lines.add(line, &mut None);
            match Box::new(lines).finish() {
                Some(reply) => Whole::Reply(reply),
                None => Whole::Malformed("it does not say that it is done".to_owned()),
            }
        })
    }

    fn framing(&self) -> Framing {
        Framing::lines()
    }

    fn assembler(&self) -> Box<dyn Assembler> {
        Box::<Lines>::default()
    }
}

/// There are no codes, so the message decides.
fn judge(said: &Said, _wait: Option<u64>) -> Option<ErrorKind> {
    said.says(&["model requires more system memory", "server busy", "maximum pending requests"])
        .then_some(ErrorKind::Overloaded { retry_after_ms: None })
}
