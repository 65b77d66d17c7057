//! Reading and writing `flow.lock`: TOML with one table a kind, names and digests in order; then the tools of MCP
//! servers with their schemas, because what is declared is compared with them offline.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use flow_diagnostics::{Diagnostic, FileId, Span};
use flow_ir::tool_schema::ToolSchema;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Kind, Lock, LockedTool, Server};
use crate::report;

const HEAD: &str =
    "# What this package was checked against. `flowc lock` writes it; commit it.\nversion = 1\n";

/// The text of a lock.
pub(super) fn write(lock: &Lock) -> String {
    let mut text = HEAD.to_owned();
    for kind in Kind::ALL {
        let of_kind: Vec<_> = lock.entries.iter().filter(|((other, _), _)| *other == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        let _ = write!(text, "\n[{}]\n", kind.table());
        for ((_, name), digest) in of_kind {
            let _ = writeln!(text, "{} = \"{digest}\"", quoted(name));
        }
    }
    for (name, server) in &lock.servers {
        let _ = write!(text, "\n[mcp.{}]\nserver = {}\n", key(name), quoted(&server.about));
        for (tool, locked) in &server.tools {
            write_tool(&mut text, (name, tool), locked);
        }
    }
    text
}

fn write_tool(text: &mut String, (server, tool): (&str, &str), locked: &LockedTool) {
    let _ = write!(text, "\n[mcp.{}.tools.{}]\n", key(server), key(tool));
    let _ = writeln!(text, "description = {}", quoted(&locked.description));
    let _ = writeln!(text, "input = {}", literal(&locked.schema.input().to_string()));
    if let Some(output) = locked.schema.output() {
        let _ = writeln!(text, "output = {}", literal(&output.to_string()));
    }
}

/// A key: bare where it may be.
fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// A literal string of TOML, which is easier to read where it holds quotes.
fn literal(text: &str) -> String {
    let is_plain = |c: char| c != '\'' && !c.is_control();
    if text.chars().all(is_plain) { format!("'{text}'") } else { quoted(text) }
}

/// A basic string of TOML.
fn quoted(name: &str) -> String {
    let mut text = String::from("\"");
    for c in name.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(text, "\\u{:04X}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// What a file says, with the places where it says so.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Digests, and the places of their names.
    pub(super) entries: BTreeMap<(Kind, String), (String, Span)>,
    /// The tables of tools.
    pub(super) tools: BTreeMap<(String, String), Span>,
    pub(crate) servers: BTreeMap<String, Server>,
}

impl Written {
    pub(super) fn lock(self) -> Lock {
        let entries = self.entries.into_iter().map(|(name, (digest, _))| (name, digest));
        Lock { entries: entries.collect(), servers: self.servers }
    }
}

/// Why a file cannot be read, and where.
type Unreadable = (std::ops::Range<usize>, String);

/// What a file says; `None`, and FL0805, if it cannot be read.
pub(crate) fn read(file: FileId, text: &str, out: &mut Vec<Diagnostic>) -> Option<Written> {
    let table = DeTable::parse(text).map_err(|error| {
        let why = error.message().lines().next().unwrap_or("").to_owned();
        (error.span().unwrap_or(0..0), why)
    });
    match table.and_then(|table| tables(file, &table.into_inner())) {
        Ok(written) => Some(written),
        Err((place, why)) => {
            out.push(report::lock::unreadable(span(file, place), &why));
            None
        }
    }
}

fn span(file: FileId, range: std::ops::Range<usize>) -> Span {
    let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span { file, start: at(range.start), end: at(range.end) }
}

fn tables(file: FileId, table: &DeTable<'_>) -> Result<Written, Unreadable> {
    let mut written = Written::default();
    for (key, value) in table {
        let kind = Kind::ALL.into_iter().find(|kind| kind.table() == key.get_ref().as_ref());
        match (key.get_ref().as_ref(), kind, value.get_ref()) {
            ("version", _, DeValue::Integer(number)) if number.as_str() == "1" => {}
            ("mcp", _, DeValue::Table(servers)) => {
                for (name, server) in servers {
                    read_server(file, name.get_ref(), server, &mut written)?;
                }
            }
            (_, Some(kind), DeValue::Table(of_kind)) => {
                for (name, digest) in of_kind {
                    let digest = digest.get_ref().as_str().unwrap_or("").to_owned();
                    let place = span(file, name.span());
                    written.entries.insert((kind, name.get_ref().to_string()), (digest, place));
                }
            }
            (name, _, _) => return Err(unknown(key.span(), name)),
        }
    }
    Ok(written)
}

fn unknown(place: std::ops::Range<usize>, name: &str) -> Unreadable {
    (place, format!("this compiler does not know what `{name}` says there"))
}

fn read_server(
    file: FileId,
    name: &str,
    table: &Spanned<DeValue<'_>>,
    written: &mut Written,
) -> Result<(), Unreadable> {
    let mut server = Server::default();
    for (key, value) in table.get_ref().as_table().into_iter().flatten() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("server", DeValue::String(about)) => server.about = about.to_string(),
            ("tools", DeValue::Table(tools)) => {
                for (tool, locked) in tools {
                    let place = span(file, tool.span());
                    written.tools.insert((name.to_owned(), tool.get_ref().to_string()), place);
                    server.tools.insert(tool.get_ref().to_string(), read_tool(locked)?);
                }
            }
            (other, _) => return Err(unknown(key.span(), other)),
        }
    }
    written.servers.insert(name.to_owned(), server);
    Ok(())
}

fn read_tool(table: &Spanned<DeValue<'_>>) -> Result<LockedTool, Unreadable> {
    let text = |key: &str| {
        let value = table.get_ref().as_table()?.get(key)?;
        value.get_ref().as_str().map(|text| (value.span(), text))
    };
    let schema = |key: &str| match text(key) {
        Some((place, text)) => match serde_json::from_str(text) {
            Ok(schema) => Ok(Some(schema)),
            Err(_) => Err((place, format!("`{key}` is no JSON Schema"))),
        },
        None => Ok(None),
    };
    let input: Option<serde_json::Value> = schema("input")?;
    let input = input.ok_or_else(|| (table.span(), "a tool has no `input`".to_owned()))?;
    let schema = Arc::new(ToolSchema::new(&input, schema("output")?.as_ref()));
    let description = text("description").map_or("", |(_, text)| text).to_owned();
    Ok(LockedTool { description, schema })
}
