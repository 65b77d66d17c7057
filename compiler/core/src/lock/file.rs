//! Reading and writing `flow.lock`: TOML with one table a kind, names and digests in order.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use flow_diagnostics::{Diagnostic, FileId, Span};
use toml::de::{DeTable, DeValue};

use super::{Kind, Lock};
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
    text
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

/// Digests with the places of their names.
type Entries = BTreeMap<(Kind, String), (String, Span)>;

/// What a file says; `None`, and FL0805, if it cannot be read.
pub(super) fn read(file: FileId, text: &str, out: &mut Vec<Diagnostic>) -> Option<Entries> {
    let span = |range: std::ops::Range<usize>| {
        let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { file, start: at(range.start), end: at(range.end) }
    };
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let why = error.message().lines().next().unwrap_or("").to_owned();
            out.push(report::lock::unreadable(span(error.span().unwrap_or(0..0)), &why));
            return None;
        }
    };
    let mut entries = Entries::new();
    for (key, value) in &table {
        let kind = Kind::ALL.into_iter().find(|kind| kind.table() == key.get_ref().as_ref());
        match (key.get_ref().as_ref(), kind, value.get_ref()) {
            ("version", _, DeValue::Integer(number)) if number.as_str() == "1" => {}
            (_, Some(kind), DeValue::Table(of_kind)) => {
                for (name, digest) in of_kind {
                    let written = digest.get_ref().as_str().unwrap_or("").to_owned();
                    entries.insert((kind, name.get_ref().to_string()), (written, span(name.span())));
                }
            }
            (name, _, _) => {
                let why = format!("this compiler does not know what `{name}` says there");
                out.push(report::lock::unreadable(span(key.span()), &why));
                return None;
            }
        }
    }
    Some(entries)
}
