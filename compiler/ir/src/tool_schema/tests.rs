use serde_json::{Value as Json, json};

use super::{Side, ToolSchema, gaps};

fn said(side: Side, from: &Json, to: &Json) -> Vec<String> {
    gaps(side, from, to).iter().map(ToString::to_string).collect()
}

/// An object with these properties, the first `required` of them required.
fn object(properties: &Json, required: &[&str]) -> Json {
    json!({ "type": "object", "properties": properties, "required": required })
}

#[test]
fn what_only_people_read_is_no_difference() {
    let first = json!({
        "title": "Args", "type": "object", "required": ["b", "title"],
        "properties": { "title": { "type": "string", "description": "old" }, "b": { "enum": ["y", "x"] } },
    });
    let other = json!({
        "properties": { "b": { "enum": ["y", "x"] }, "title": { "type": "string", "default": "" } },
        "required": ["title", "b"], "type": "object", "$schema": "https://json-schema.org/draft/2020-12/schema",
    });
    assert_eq!(ToolSchema::new(&first, None), ToolSchema::new(&other, None));
    let untitled = json!({ "type": "object", "properties": { "b": { "enum": ["y", "x"] } } });
    assert_ne!(ToolSchema::new(&first, None), ToolSchema::new(&untitled, None));
}

#[test]
fn arguments_must_be_taken_as_they_are() {
    let text = json!({ "type": "string" });
    let ours = object(&json!({ "title": text, "due": text }), &["title"]);
    let cases = [
        (object(&json!({ "title": text, "due": text }), &["title"]), vec![]),
        (object(&json!({ "title": text, "due": text, "owner": text }), &["title"]), vec![]),
        (
            object(&json!({ "title": text, "due": text, "owner": text }), &["title", "owner"]),
            vec!["it requires `owner`"],
        ),
        (
            object(&json!({ "title": text, "due": text }), &["due"]),
            vec!["it requires `due`, which may be left out"],
        ),
        (object(&json!({ "title": text }), &[]), vec!["it takes no `due`"]),
        (
            object(&json!({ "title": { "type": "integer" }, "due": { "enum": ["today"] } }), &[]),
            vec!["`title` is text, and it takes a whole number", "`due` is any text, and it takes `today`"],
        ),
        (
            object(&json!({ "title": { "type": "string", "maxLength": 9 }, "due": {} }), &[]),
            vec!["`title` is of any size, and it takes ..9 characters"],
        ),
        (json!({ "type": "object" }), vec![]),
    ];
    for (theirs, expected) in cases {
        assert_eq!(said(Side::Arguments, &ours, &theirs), expected, "{theirs}");
    }
}

#[test]
fn choices_ranges_and_null_are_compared_through_unions_and_references() {
    let ours = object(
        &json!({
            "state": { "type": "string", "enum": ["open", "late"] },
            "n": { "anyOf": [{ "type": "integer", "minimum": 0, "maximum": 9 }, { "type": "null" }] },
            "tags": { "type": "array", "items": { "type": "string" }, "maxItems": 3 },
        }),
        &["state", "tags"],
    );
    let theirs = |state: Json, n: Json, tags: Json| {
        let mut schema = object(&json!({ "state": { "$ref": "#/$defs/S" }, "n": n, "tags": tags }), &[]);
        schema["$defs"] = json!({ "S": state });
        schema
    };
    let tags = json!({ "type": "array", "items": { "type": "string" } });
    let fits = theirs(
        json!({ "anyOf": [{ "const": "open" }, { "const": "late" }] }),
        json!({ "type": ["number", "null"], "exclusiveMinimum": -1 }),
        tags.clone(),
    );
    assert_eq!(said(Side::Arguments, &ours, &fits), Vec::<String>::new());
    let narrow = theirs(
        json!({ "enum": ["open"] }),
        json!({ "type": "integer", "exclusiveMaximum": 9 }),
        json!({ "type": "array", "items": { "type": "integer" }, "maxItems": 2 }),
    );
    assert_eq!(
        said(Side::Arguments, &ours, &narrow),
        [
            "`state` may be `late`, which it does not take",
            "`n` is 0..9, and it takes ..8",
            "`n` may be `null`, which it does not take",
            "`tags` is ..3 items, and it takes ..2 items",
            "`tags.[]` is text, and it takes a whole number",
        ]
    );
}

#[test]
fn of_an_answer_its_form_counts_and_not_its_ranges() {
    let wanted = object(
        &json!({
            "id": { "type": "string", "maxLength": 40 },
            "state": { "type": "string", "enum": ["open"] },
        }),
        &["id", "state"],
    );
    let fits = object(
        &json!({ "id": { "type": "string" }, "state": { "type": "string" }, "more": {} }),
        &["id", "state"],
    );
    assert_eq!(said(Side::Reply, &fits, &wanted), Vec::<String>::new());
    assert_eq!(said(Side::Reply, &json!({ "type": "object" }), &wanted), Vec::<String>::new());
    let other = object(
        &json!({ "id": { "type": ["string", "null"] }, "state": { "enum": ["open", "archived"] } }),
        &["id"],
    );
    assert_eq!(
        said(Side::Reply, &other, &wanted),
        [
            "its answer may lack `state`",
            "`id` of its answer may be `null`",
            "`state` of its answer may be `archived`"
        ]
    );
    assert_eq!(
        said(Side::Reply, &json!({ "type": "array" }), &wanted),
        ["its answer is a list, and not an object"]
    );
}

#[test]
fn a_schema_that_contains_itself_is_compared_to_an_end() {
    let tree = json!({
        "$ref": "#/$defs/Tree",
        "$defs": { "Tree": { "type": "object", "properties": { "left": { "$ref": "#/$defs/Tree" } } } },
    });
    assert_eq!(said(Side::Arguments, &tree, &tree), Vec::<String>::new());
    let circle = json!({ "$ref": "#" });
    assert_eq!(said(Side::Arguments, &circle, &tree), Vec::<String>::new());
}

#[test]
fn a_change_is_told_by_what_stops_working() {
    let text = json!({ "type": "string" });
    let before = ToolSchema::new(
        &object(&json!({ "a": text }), &["a"]),
        Some(&object(&json!({ "id": text }), &["id"])),
    );
    let wider = ToolSchema::new(
        &object(&json!({ "a": text, "b": text }), &["a"]),
        Some(&object(&json!({ "id": text, "at": text }), &["id", "at"])),
    );
    assert_eq!(before.broken_by(&wider), vec![]);
    let narrower = ToolSchema::new(&object(&json!({ "a": text, "b": text }), &["a", "b"]), None);
    let said: Vec<String> = before.broken_by(&narrower).iter().map(ToString::to_string).collect();
    assert_eq!(said, ["it requires `b`", "it does not say what it answers any more"]);
}
