use flow_diagnostics::Diagnostic;
use flow_ir::tool_schema::ToolSchema;
use serde_json::{Value as Json, json};

use super::{Offered, tools};
use crate::lock::{Lock, LockedTool};
use crate::{Checked, Workspace};

fn offered(name: &str, input: Json, output: Option<Json>) -> Offered {
    Offered { name: name.to_owned(), description: String::new(), input, output, reads: false }
}

/// A package of one file that was declared from what a server offers, beside a lock of the same.
fn checked(text: &str, offered: &[Offered]) -> Checked {
    let mut lock = Lock::default();
    for tool in offered {
        let schema = ToolSchema::new(&tool.input, tool.output.as_ref()).into();
        lock.put("crm", "crm 1", &tool.name, LockedTool { description: String::new(), schema });
    }
    let mut workspace = Workspace::default();
    workspace.set_file("crm.flow", &["crm".to_owned()], text);
    workspace.set_lock(Some(("flow.lock".to_owned(), lock.to_text())));
    workspace.require_lock();
    workspace.check()
}

fn said(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(|found| format!("{} {}", found.code.number, found.message)).collect()
}

/// What real servers write: pydantic, zod, hand-made.
fn a_server() -> Vec<Offered> {
    let create = json!({
        "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": false,
        "required": ["title", "dueDate", "labels"],
        "$defs": {
            "Priority": { "enum": ["low", "very-high"], "type": "string" },
            "Person": { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string", "minLength": 1, "description": "First and last." },
                "manager": { "$ref": "#/$defs/Person" },
            } },
        },
        "properties": {
            "title": { "type": "string", "minLength": 1, "maxLength": 200, "description": "What to do.\nIn short." },
            "dueDate": { "anyOf": [{ "type": "string", "format": "date" }, { "type": "null" }], "title": "Due" },
            "labels": { "type": "array", "items": { "type": "string" }, "maxItems": 5 },
            "priority": { "$ref": "#/$defs/Priority", "default": "low" },
            "owner": { "$ref": "#/$defs/Person" },
            "effort": { "type": ["integer", "null"], "minimum": -1, "exclusiveMaximum": 100 },
            "weight": { "type": "number", "minimum": 0.5 },
            "extra": { "type": "object", "additionalProperties": { "type": "boolean" } },
            "in": { "oneOf": [{ "type": "string" }, { "type": "integer" }] },
            "open": { "type": "object" },
        },
    });
    let task = json!({
        "type": "object", "required": ["id", "state"],
        "properties": {
            "id": { "type": "string" },
            "state": { "anyOf": [{ "const": "open" }, { "const": "done" }] },
            "at": { "type": "string", "format": "date-time" },
        },
    });
    let found = json!({
        "type": "object", "required": ["result"],
        "properties": { "result": { "type": "array", "items": { "$ref": "#/$defs/Hit" } } },
        "$defs": { "Hit": { "type": "object", "required": ["ref"], "properties": { "ref": { "type": "string" } } } },
    });
    let search = Offered {
        description: "Finds tasks.\n\nUse it {{often}} \"here\".".to_owned(),
        reads: true,
        ..offered("search", json!({ "type": "object", "properties": {} }), Some(found))
    };
    vec![
        offered("create-task", create, Some(task)),
        search,
        offered("sleep", json!({ "type": "object" }), None),
        offered("createTask", json!({}), None),
        offered("match", json!({ "type": "object", "properties": { "a b": { "const": "x" } } }), None),
    ]
}

#[test]
fn what_is_declared_checks_fits_its_lock_and_is_formatted() {
    let offered = a_server();
    let text = tools("crm", "CRM server 1.4.2", &offered);
    insta::assert_snapshot!(text);
    let checked = checked(&text, &offered);
    let errors: Vec<Diagnostic> =
        checked.diagnostics.iter().filter(|found| found.is_error()).cloned().collect();
    assert_eq!(said(&errors), Vec::<String>::new());
    assert_eq!(flow_grammar::format(&text), text);
}

#[test]
fn every_change_of_a_declaration_is_found() {
    let offered = a_server();
    let text = tools("crm", "CRM server 1.4.2", &offered);
    let changes = [
        ("title: text in 1..200", "title: text in 1..201", "it takes 1..200 characters"),
        ("in ..5", "in ..6", "it takes ..5 items"),
        ("effort: int? in -1..99", "effort: int? in -1..100", "it takes -1..99"),
        ("Low \"low\"", "Low \"lower\"", "may be `lower`"),
        ("weight: float? in 0.5..", "weight: text?", "`weight` is text, and it takes a number"),
        ("Done \"done\"", "Closed \"closed\"", "may be `done`"),
        ("  ref: text\n", "  ref: int\n", "`[].ref` of its answer is text"),
        ("  extra: map(bool)?,\n", "", ""),
        ("  labels: list(text) in ..5,\n", "", "it requires `labels`"),
    ];
    for (from, to, expected) in changes {
        assert!(text.contains(from), "{from}\n{text}");
        let found = said(&checked(&text.replace(from, to), &offered).diagnostics);
        let hit = found.iter().any(|line| line.starts_with("FL0602") && line.contains(expected));
        assert_eq!(hit, !expected.is_empty(), "{from} -> {to}: {found:?}");
    }
}
