//! What a prompt is called in recordings and lineage.
//!
//! A digest of everything that decides what is asked and what an answer means: messages, types in wire form,
//! settings. Row numbers of the Bundle are not in it: they move when another part of the package changes.

use std::sync::Arc;

use flow_eval::schema::{parameters, plain};
use flow_ir::setup::{Prompt, PromptTool};
use flow_ir::{Bundle, Digest};
use serde_json::{Value as Json, json};
use smol_str::SmolStr;

/// Hex digits that are kept.
const DIGITS: usize = 16;

/// Of every prompt of a bundle, in order.
pub(crate) fn digests(bundle: &Bundle) -> Arc<[SmolStr]> {
    bundle.prompts.iter().map(|prompt| digest(bundle, prompt)).collect()
}

fn digest(bundle: &Bundle, prompt: &Prompt) -> SmolStr {
    // The IR serialises to JSON without fail: every map of it has keys of text.
    let mut messages = serde_json::to_value(&prompt.messages).unwrap_or_default();
    let mut temperature = serde_json::to_value(&prompt.temperature).unwrap_or_default();
    settle(bundle, &mut messages);
    settle(bundle, &mut temperature);
    let content = json!({
        "messages": messages,
        "temperature": temperature,
        "params": parameters(bundle, &prompt.params),
        "ret": plain(bundle, prompt.ret),
        "output": prompt.output,
        "registry": prompt.registry,
        "tools": prompt.tools.iter().map(|tool| tool_name(bundle, *tool)).collect::<Vec<_>>(),
        "rounds": prompt.rounds,
    });
    Digest::of(content.to_string().as_bytes()).to_string().chars().take(DIGITS).collect()
}

fn tool_name(bundle: &Bundle, tool: PromptTool) -> SmolStr {
    let name = match tool {
        PromptTool::Tool(id) => bundle.tools.get(id.index()).map(|tool| tool.name.clone()),
        PromptTool::Method(id, _) => bundle.resources.get(id.index()).map(|resource| resource.name.clone()),
    };
    name.unwrap_or_default()
}

/// Takes out the types of expressions, and names functions instead of numbering them.
fn settle(bundle: &Bundle, json: &mut Json) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(|item| settle(bundle, item)),
        Json::Object(fields) => {
            fields.shift_remove("ty");
            if let Some(function) = fields.get_mut("function") {
                let row = function.as_u64().and_then(|row| usize::try_from(row).ok());
                let name =
                    row.and_then(|row| bundle.functions.get(row)).map(|function| function.name.as_str());
                *function = json!(name);
            }
            fields.values_mut().for_each(|value| settle(bundle, value));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}
