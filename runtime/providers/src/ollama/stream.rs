//! An answer out of its lines. Complete only after the one with `"done": true`.

use flow_model::{ChatReply, Delta, DeltaSink, Finish, ToolCall, Usage, Verbatim};
use serde::Deserialize;
use serde_json::{Value, json};

use super::map;
use crate::client::{Assembler, Step};
use crate::sse::Event;

/// One line; a whole answer is one as well.
#[derive(Deserialize, Debug)]
pub(super) struct Line {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    message: Option<Message>,
    #[serde(default)]
    done: bool,
    #[serde(default)]
    done_reason: Option<String>,
    #[serde(default)]
    prompt_eval_count: Option<u64>,
    #[serde(default)]
    eval_count: Option<u64>,
    #[serde(default)]
    pub(super) error: Option<String>,
}

#[derive(Deserialize, Debug, Default)]
struct Message {
    #[serde(default)]
    content: String,
    #[serde(default)]
    thinking: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<Call>>,
}

#[derive(Deserialize, Debug)]
struct Call {
    function: Function,
}

#[derive(Deserialize, Debug)]
struct Function {
    #[serde(default)]
    name: String,
    #[serde(default)]
    arguments: Value,
}

#[derive(Default)]
pub(super) struct Lines {
    text: String,
    thinking: String,
    calls: Vec<ToolCall>,
    model: String,
    usage: Option<Usage>,
    finish: Option<Finish>,
}

impl Lines {
    pub(super) fn add(&mut self, line: Line, sink: &mut Option<DeltaSink<'_>>) {
        let message = line.message.unwrap_or_default();
        self.model = line.model.unwrap_or(std::mem::take(&mut self.model));
        self.thinking.push_str(&message.thinking.unwrap_or_default());
        for Call { function } in message.tool_calls.unwrap_or_default() {
            let id = format!("call_{}", self.calls.len());
            let arguments = function.arguments.to_string();
            self.calls.push(ToolCall { id, name: function.name, arguments });
        }
        self.text.push_str(&message.content);
        if let Some(sink) = sink.as_mut().filter(|_| !message.content.is_empty()) {
            sink(Delta::Text(message.content));
        }
        if !line.done {
            return;
        }
        // A prompt out of the cache is not counted.
        if line.prompt_eval_count.is_some() || line.eval_count.is_some() {
            let raw = json!({ "prompt_eval_count": line.prompt_eval_count, "eval_count": line.eval_count });
            let (input, output) = (line.prompt_eval_count, line.eval_count);
            self.usage = Some(Usage { input, output, raw: Some(raw), ..Usage::default() });
        }
        self.finish = Some(match line.done_reason.as_deref() {
            None | Some("stop") if !self.calls.is_empty() => Finish::ToolCall,
            Some(reason) => map::finish(reason),
            None => Finish::Stop,
        });
    }
}

impl Assembler for Lines {
    fn take(&mut self, event: &Event, sink: &mut Option<DeltaSink<'_>>) -> Step {
        let Ok(line) = serde_json::from_str::<Line>(&event.data) else {
            return Step::Malformed;
        };
        if let Some(error) = line.error {
            return Step::Failed(Value::String(error));
        }
        let done = line.done;
        self.add(line, sink);
        if done { Step::Done } else { Step::Go }
    }

    fn finish(self: Box<Self>) -> Option<ChatReply> {
        let finish = self.finish?;
        let thought =
            || Verbatim { wire: map::WIRE.to_owned(), content: Value::String(self.thinking.clone()) };
        Some(ChatReply {
            verbatim: (!self.thinking.is_empty()).then(thought),
            text: self.text,
            tool_calls: self.calls,
            finish,
            usage: self.usage,
            model: self.model,
            ..ChatReply::default()
        })
    }
}
