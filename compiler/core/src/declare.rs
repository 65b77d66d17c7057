//! Declarations of a server's tools, out of what the server says about them.
//!
//! What a schema says and the language has no words for becomes `json`, which takes everything. Effects are
//! `Sensitive`: what a tool does is the server's claim, and its reader's decision. The text is printed in the one style
//! there is and meant to be read. Start at [`tools`].

mod names;
mod types;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value as Json;

use names::callable;
use types::Types;

/// A tool, as an MCP server lists it.
#[derive(Clone, PartialEq, Debug)]
pub struct Offered {
    /// As the server names it.
    pub name: String,
    /// What it says about it; may be empty.
    pub description: String,
    /// Of its arguments.
    pub input: Json,
    /// Of its structured answer, if it says so.
    pub output: Option<Json>,
    /// Whether it claims that the tool changes nothing.
    pub reads: bool,
}

/// A file that declares the tools of `server`, which calls itself `about`.
#[must_use]
pub fn tools(server: &str, about: &str, offered: &[Offered]) -> String {
    let mut file = Declarations { taken: names::prelude(), ..Declarations::default() };
    let _ = writeln!(file.head, "//! Tools of the MCP server `{server}` ({}).", one_line(about));
    for tool in offered {
        file.tool(server, tool);
    }
    flow_grammar::format(&format!("{}{}{}", file.head, file.types, file.tools))
}

/// A parameter for a property that a tool takes; `None` if its type needs a declaration of its own.
pub(crate) fn parameter(name: &str, schema: &Json) -> Option<String> {
    let mut taken = BTreeSet::new();
    let mut types = Types::new(schema, &mut taken);
    let ty = types.of(schema, "");
    types.declared.is_empty().then(|| field(name, &ty))
}

#[derive(Default)]
struct Declarations {
    head: String,
    types: String,
    tools: String,
    /// Names that are given.
    taken: BTreeSet<String>,
}

impl Declarations {
    fn tool(&mut self, server: &str, tool: &Offered) {
        let name = callable(server, &tool.name, &mut self.taken);
        let base = names::upper(&name);
        let mut params = Vec::new();
        let mut docs = paragraphs(&tool.description);
        for (wire, schema, required) in properties(&tool.input) {
            let mut types = Types::new(&tool.input, &mut self.taken);
            let ty = types.of(schema, &format!("{base}{}", names::upper(wire)));
            self.types.push_str(&types.declared);
            params.push(field(wire, &if required { ty } else { ty.optional() }));
            let said = schema.get("description").and_then(Json::as_str).map(one_line);
            docs.extend(said.map(|said| format!("`{}`: {said}", names::value(wire))));
        }
        let result = match &tool.output {
            Some(output) => {
                let mut types = Types::new(output, &mut self.taken);
                let result = types.of(result(output), &format!("{base}Result"));
                self.types.push_str(&types.declared);
                result.to_string()
            }
            None => "text".to_owned(),
        };
        let out = &mut self.tools;
        out.push('\n');
        for line in &docs {
            let _ = writeln!(out, "/// {line}");
        }
        let source = format!("mcp({}, {})", text(server), text(&tool.name));
        let _ = writeln!(out, "pub tool {name}({}): {result} = {source} {{", params.join(", "));
        if tool.reads {
            out.push_str("  // The server says that it only reads. If you trust it: `effect: Read`.\n");
        }
        out.push_str("  effect: Sensitive\n}\n");
    }
}

/// Names, schemas, and whether they are required, in the order of the server.
fn properties(schema: &Json) -> Vec<(&str, &Json, bool)> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    let properties = schema.get("properties").and_then(Json::as_object).into_iter().flatten();
    properties.map(|(name, schema)| (name.as_str(), schema, required.contains(&name.as_str()))).collect()
}

/// What is no object comes wrapped as `{"result": …}`.
fn result(output: &Json) -> &Json {
    match properties(output).as_slice() {
        [("result", inner, _)] => inner,
        _ => output,
    }
}

fn field(wire: &str, ty: &types::Written) -> String {
    let name = names::value(wire);
    if name == wire { format!("{name}: {ty}") } else { format!("{name} {}: {ty}", text(wire)) }
}

/// A text literal.
fn text(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out.replace("{{", "{{\"{{\"}}")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines for `///`, wrapped, without empty ones.
fn paragraphs(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + word.chars().count() > 100 {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.extend((!line.is_empty()).then_some(line));
    }
    lines
}

#[cfg(test)]
mod tests;
