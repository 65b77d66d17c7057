//! SARIF 2.1.0, the format that code hosts and security dashboards read.
//!
//! One log has one run with the rules that were broken, the results, and their edits as fixes. Columns are
//! Unicode code points from 1, as everywhere in flowc, which `columnKind` says.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::{Code, Diagnostic, Edit, Fix, Label, Severity, SourceMap, Span};

/// The schema that [`log`] follows.
pub const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What is left as it is in the path of a URI reference: everything but these.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b':')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// One log for all packages of a check: each with its diagnostics and the files they point into.
///
/// `version` is the compiler's own.
#[must_use]
pub fn log(version: &str, packages: &[(&[Diagnostic], &SourceMap)]) -> Value {
    let all = packages.iter().flat_map(|(found, sources)| found.iter().map(move |found| (found, *sources)));
    let rules = rules(all.clone().map(|(found, _)| found.code));
    let results: Vec<Value> = all.map(|(found, sources)| result(found, sources, &rules)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "flowc",
                "semanticVersion": version,
                "rules": rules.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// The codes in use, each once, in the order of their numbers.
fn rules(codes: impl Iterator<Item = &'static Code>) -> Vec<&'static Code> {
    let mut rules: Vec<&'static Code> = codes.collect();
    rules.sort_by_key(|code| code.number);
    rules.dedup();
    rules
}

fn rule(code: &Code) -> Value {
    json!({
        "id": code.number,
        "name": code.name,
        "shortDescription": { "text": code.summary },
        "help": { "text": format!("`flowc explain {}` shows a failing and a mended program.", code.number) },
        "defaultConfiguration": { "level": level(code.severity) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "note",
    }
}

fn result(found: &Diagnostic, sources: &SourceMap, rules: &[&'static Code]) -> Value {
    let mut result = Map::new();
    result.insert("ruleId".to_owned(), json!(found.code.number));
    if let Some(index) = rules.iter().position(|rule| rule.number == found.code.number) {
        result.insert("ruleIndex".to_owned(), json!(index));
    }
    result.insert("level".to_owned(), json!(level(found.severity)));
    result.insert("message".to_owned(), json!({ "text": words(found) }));
    result.insert(
        "locations".to_owned(),
        Value::Array(location(&found.primary, sources).into_iter().collect()),
    );
    let related: Vec<Value> = found.secondary.iter().filter_map(|label| location(label, sources)).collect();
    if !related.is_empty() {
        result.insert("relatedLocations".to_owned(), Value::Array(related));
    }
    if let Some(fix) = found.fix.as_ref().and_then(|fix| fix_json(fix, sources)) {
        result.insert("fixes".to_owned(), json!([fix]));
    }
    Value::Object(result)
}

/// Message, help and notes: readers show nothing else.
fn words(found: &Diagnostic) -> String {
    let lines = std::iter::once(&found.message).chain(&found.help).chain(&found.notes);
    lines.map(String::as_str).collect::<Vec<_>>().join("\n")
}

fn location(label: &Label, sources: &SourceMap) -> Option<Value> {
    let mut location = Map::new();
    location.insert(
        "physicalLocation".to_owned(),
        json!({ "artifactLocation": artifact(label.span, sources)?, "region": region(label.span, sources)? }),
    );
    if !label.text.is_empty() {
        location.insert("message".to_owned(), json!({ "text": label.text }));
    }
    Some(Value::Object(location))
}

/// The file as a URI reference, relative to where the check ran.
fn artifact(span: Span, sources: &SourceMap) -> Option<Value> {
    let file = sources.get(span.file)?;
    Some(json!({ "uri": utf8_percent_encode(&file.path, PATH).to_string() }))
}

fn region(span: Span, sources: &SourceMap) -> Option<Value> {
    let file = sources.get(span.file)?;
    let (start, end) = (file.line_column(span.start), file.line_column(span.end));
    Some(json!({
        "startLine": start.line, "startColumn": start.column,
        "endLine": end.line, "endColumn": end.column,
    }))
}

/// One change for each file that the edits touch.
fn fix_json(fix: &Fix, sources: &SourceMap) -> Option<Value> {
    let mut files: Vec<crate::FileId> = fix.edits.iter().map(|edit| edit.span.file).collect();
    files.sort();
    files.dedup();
    let change = |file: &crate::FileId| {
        let edits: Vec<&Edit> = fix.edits.iter().filter(|edit| edit.span.file == *file).collect();
        let replacements: Vec<Value> = edits.iter().filter_map(|edit| replacement(edit, sources)).collect();
        let first = edits.first()?;
        Some(json!({ "artifactLocation": artifact(first.span, sources)?, "replacements": replacements }))
    };
    let changes: Vec<Value> = files.iter().filter_map(change).collect();
    let is_whole = !changes.is_empty() && changes.len() == files.len();
    is_whole.then(|| json!({ "description": { "text": fix.title }, "artifactChanges": changes }))
}

fn replacement(edit: &Edit, sources: &SourceMap) -> Option<Value> {
    let deleted = region(edit.span, sources)?;
    Some(json!({ "deletedRegion": deleted, "insertedContent": { "text": edit.text } }))
}

#[cfg(test)]
mod tests;
