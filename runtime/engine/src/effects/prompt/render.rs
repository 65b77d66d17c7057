//! Messages: from templates to the model, and back to values.

use flow_eval::{Media, MediaKind, Rendered, Value, eval, render};
use flow_ir::expr::{Const, Expr, ExprKind, Part as TemplatePart};
use flow_ir::setup::{MessageTemplate, Prompt};
use flow_model::{Message, Part, Role};
use serde_json::Value as Json;
use std::sync::Arc;

use super::Call;
use crate::effects::performer::slots_of;
use crate::effects::spent::Raised;

/// The prompt's messages with its arguments.
pub(super) fn messages(call: &Call<'_>) -> Result<Vec<Message>, Raised> {
    let slots = slots_of(&call.invocation.args);
    let cx = call.inner.context(&slots);
    let mut messages = Vec::new();
    for template in &call.prompt.messages {
        let role = match template {
            MessageTemplate::System(_) => Role::System,
            MessageTemplate::User(_) => Role::User,
            MessageTemplate::Assistant(_) => Role::Assistant,
            MessageTemplate::Turns(turns) => {
                let turns = eval(turns, &cx)?;
                messages.extend(turns.as_list().unwrap_or_default().iter().filter_map(message_of));
                continue;
            }
        };
        let content: Result<Vec<Part>, Raised> = render(&cx, template)?.into_iter().map(part_of).collect();
        let content = content?;
        // A message of nothing but empty holes says nothing, and some providers refuse it.
        if !content.is_empty() {
            messages.push(Message::of(role, content));
        }
    }
    Ok(messages)
}

/// Messages at the front without a hole: equal in every call.
pub(super) fn prefix(prompt: &Prompt) -> usize {
    let text = |template: &MessageTemplate| match template {
        MessageTemplate::System(text) | MessageTemplate::User(text) | MessageTemplate::Assistant(text) => {
            is_literal(text)
        }
        MessageTemplate::Turns(_) => false,
    };
    prompt.messages.iter().take_while(|template| text(template)).count()
}

fn is_literal(text: &Expr) -> bool {
    let is_text = |part: &TemplatePart| matches!(part, TemplatePart::Text(text) if !text.is_empty());
    match &text.kind {
        ExprKind::Const(Const::Text(text)) => !text.is_empty(),
        ExprKind::Template(parts) => !parts.is_empty() && parts.iter().all(is_text),
        _ => false,
    }
}

fn part_of(piece: Rendered) -> Result<Part, Raised> {
    match piece {
        Rendered::Text(text) => Ok(Part::Text(text)),
        Rendered::Media(media) if is_uri(&media.reference) => Ok(media_part(&media)),
        Rendered::Media(media) => {
            let kind = media_name(media.kind);
            let message = format!("an {kind} of a prompt must be named by its address (https: or data:)");
            Err(Raised::invalid(message))
        }
    }
}

fn media_part(media: &Media) -> Part {
    let uri = media.reference.to_string();
    match media.kind {
        MediaKind::Image => Part::Image { uri },
        MediaKind::Audio => Part::Audio { uri },
        MediaKind::File => Part::File { uri },
    }
}

fn is_uri(reference: &str) -> bool {
    ["https:", "http:", "data:"].iter().any(|scheme| reference.starts_with(scheme))
}

const fn media_name(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Audio => "audio",
        MediaKind::File => "file",
    }
}

/// A `Message` of the prelude: `{ role, content: list(Part) }`.
fn message_of(value: &Value) -> Option<Message> {
    let [Value::Variant(role, _), content] = value.as_fields()? else { return None };
    let role = match role {
        0 => Role::System,
        2 => Role::Assistant,
        // A tool's answer belongs to a call that is not in the list, so it is told as the user's words.
        _ => Role::User,
    };
    let content = content.as_list()?.iter().filter_map(|part| match part {
        Value::Variant(0, payload) => Some(Part::Text(payload.first()?.as_text()?.to_owned())),
        Value::Variant(_, payload) => match payload.first()? {
            Value::Media(media) => Some(media_part(media)),
            _ => None,
        },
        _ => None,
    });
    Some(Message::of(role, content.collect()))
}

/// A conversation as `list(Message)` of the prelude.
pub(crate) fn as_value(messages: &[Message]) -> Value {
    Value::list(messages.iter().map(|message| {
        let role = match message.role {
            Role::System => 0,
            Role::User => 1,
            Role::Assistant => 2,
            Role::Tool => 3,
        };
        let calls =
            message.tool_calls.iter().map(|call| text_part(&format!("{}({})", call.name, call.arguments)));
        let said = message.content.iter().map(|part| match part {
            Part::Text(text) => text_part(text),
            Part::Image { uri } => media_value(MediaKind::Image, uri),
            Part::Audio { uri } => media_value(MediaKind::Audio, uri),
            Part::File { uri } => media_value(MediaKind::File, uri),
        });
        Value::record([Value::unit_variant(role), Value::list(said.chain(calls))])
    }))
}

/// `Part` of the prelude: text, image, audio, file.
fn media_value(kind: MediaKind, uri: &str) -> Value {
    let (variant, mime) = match kind {
        MediaKind::Image => (1, "image/*"),
        MediaKind::Audio => (2, "audio/*"),
        MediaKind::File => (3, "application/octet-stream"),
    };
    let media = Media { kind, mime: mime.into(), reference: uri.into(), size: 0 };
    Value::Variant(variant, Arc::from([Value::Media(Arc::new(media))]))
}

fn text_part(text: &str) -> Value {
    Value::Variant(0, Arc::from([Value::text(text)]))
}

/// For models that cannot be held to a schema.
pub(super) fn schema_note(schema: &Json) -> Message {
    let text =
        format!("Answer with JSON only, without any other word. It must fit this JSON schema:\n{schema}");
    Message::text(Role::System, text)
}

pub(super) fn temperature(call: &Call<'_>) -> Result<Option<f64>, Raised> {
    let Some(expr) = &call.prompt.temperature else { return Ok(None) };
    let slots = slots_of(&call.invocation.args);
    match eval(expr, &call.inner.context(&slots))? {
        Value::Float(heat) => Ok(Some(heat)),
        Value::Int(heat) => Ok(Some(heat as f64)),
        _ => Ok(None),
    }
}
