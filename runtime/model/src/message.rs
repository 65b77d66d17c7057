//! Messages of a conversation.

use serde::{Deserialize, Serialize};

/// Who speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Role {
    System,
    User,
    Assistant,
    Tool,
}

/// One turn.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub content: Vec<Part>,
    /// Tools that the assistant asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// On `Role::Tool`: the id of the call that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// On `Role::Assistant`: the turn as the provider wrote it, sent back to the same protocol unchanged. Reasoning
    /// and its signatures must return as they came, or the next request is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verbatim: Option<Verbatim>,
}

/// A turn in the words of one wire protocol.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verbatim {
    /// The protocol; every other one ignores it.
    pub wire: String,
    /// Opaque.
    pub content: serde_json::Value,
}

/// A piece of a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Part {
    /// Text.
    Text(String),
    /// A picture by its URI (`https:` or `data:`).
    Image {
        /// Where it is.
        uri: String,
    },
    /// A recording by its URI.
    Audio {
        /// Where it is.
        uri: String,
    },
    /// A document by its URI: PDF, or text.
    File {
        /// Where it is.
        uri: String,
    },
}

/// A tool that the model asks for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// The provider's id; made from the position where it gives none.
    pub id: String,
    /// As given in the request.
    pub name: String,
    /// JSON text as the model wrote it; it may be no JSON at all.
    pub arguments: String,
}

impl Message {
    /// A message of one text.
    ///
    /// ```
    /// # use flow_model::{Message, Role};
    /// assert_eq!(Message::text(Role::User, "Hi").plain_text(), "Hi");
    /// ```
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self::of(role, vec![Part::Text(text.into())])
    }

    /// A message of these parts.
    #[must_use]
    pub const fn of(role: Role, content: Vec<Part>) -> Self {
        Self { role, content, tool_calls: Vec::new(), answers: None, verbatim: None }
    }

    /// Its texts, joined.
    #[must_use]
    pub fn plain_text(&self) -> String {
        let texts = self.content.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Image { .. } | Part::Audio { .. } | Part::File { .. } => None,
        });
        texts.collect()
    }
}
