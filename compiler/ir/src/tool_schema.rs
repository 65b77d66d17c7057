//! What a tool of an MCP server takes and answers, as the server says it: JSON Schema, written one way.
//!
//! A server may change its tools at any time. What `flowc lock` saw of one is a [`ToolSchema`]; [`gaps`] tells
//! whether what one side sends is what the other takes. The same comparison serves three times: a declaration
//! against the lock when a package is checked, the lock against the server when a tool is called, and the old lock
//! against the new one when it is written again. Patterns and formats are left to the server.
//!
//! Start reading at [`ToolSchema`].

mod canonical;
mod gaps;
mod plain;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::types::Type;
use crate::{Bundle, TypeId};

pub use gaps::{Gap, Side, Why, gaps};

/// What a tool takes and answers.
///
/// Canonical: keys are sorted, and what only people read (titles, descriptions, examples) is left out, so two that
/// mean the same are equal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolSchema {
    /// Of the arguments: an object.
    input: Json,
    /// Of the structured answer; `None` if the server does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output: Option<Json>,
}

impl ToolSchema {
    /// From the schemas of `tools/list`.
    #[must_use]
    pub fn new(input: &Json, output: Option<&Json>) -> Self {
        Self { input: canonical::schema(input), output: output.map(canonical::schema) }
    }

    /// Of the arguments.
    #[must_use]
    pub const fn input(&self) -> &Json {
        &self.input
    }

    /// Of the structured answer.
    #[must_use]
    pub const fn output(&self) -> Option<&Json> {
        self.output.as_ref()
    }

    /// Of the value that becomes the tool's result. What is no object comes wrapped as `{"result": …}`; `as_object`
    /// says that an object is wanted.
    #[must_use]
    pub fn result(&self, as_object: bool) -> Option<Json> {
        let output = self.output.as_ref()?;
        let wrapped = (!as_object).then(|| output.get("properties")?.get("result")?.as_object()).flatten();
        let Some(wrapped) = wrapped else { return Some(output.clone()) };
        let mut result = wrapped.clone();
        // Its references begin at the root that it is taken out of.
        for words in ["$defs", "definitions"] {
            result.extend(output.get(words).map(|defs| (words.to_owned(), defs.clone())));
        }
        Some(Json::Object(result))
    }

    /// Names of arguments that must be there, if only as `null`.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        let required = self.input.get("required").and_then(Json::as_array);
        required.into_iter().flatten().filter_map(Json::as_str)
    }

    /// What somebody who relies on `self` will miss in `now`: arguments that it no longer takes as they are, and
    /// answers that it did not give before. Empty if nothing that worked stops working.
    #[must_use]
    pub fn broken_by(&self, now: &Self) -> Vec<Gap> {
        let mut out = gaps(Side::Arguments, &self.input, &now.input);
        match (&self.output, &now.output) {
            (Some(before), Some(now)) => out.extend(gaps(Side::Reply, now, before)),
            (Some(_), None) => out.push(Gap { side: Side::Reply, path: Vec::new(), why: Why::Untold }),
            (None, _) => {}
        }
        out
    }
}

/// Types whose JSON is an object for sure.
#[must_use]
pub fn is_object(bundle: &Bundle, ty: TypeId) -> bool {
    match bundle.ty(ty) {
        Type::Record(_) | Type::Partial { .. } | Type::Map { .. } | Type::Json => true,
        Type::Optional { item } => is_object(bundle, *item),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
