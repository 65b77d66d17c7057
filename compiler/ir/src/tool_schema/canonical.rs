//! One way to write a schema down.

use serde_json::{Map, Value as Json};

/// What only people read.
const NOTES: [&str; 10] = [
    "title",
    "description",
    "examples",
    "example",
    "default",
    "$comment",
    "$schema",
    "$id",
    "deprecated",
    "markdownDescription",
];

/// A schema with sorted keys and without notes.
pub(super) fn schema(schema: &Json) -> Json {
    let Json::Object(words) = schema else { return schema.clone() };
    let kept = words.iter().filter(|(word, _)| !NOTES.contains(&word.as_str()));
    sorted(kept.map(|(word, value)| (word.clone(), inside(word, value))))
}

/// What stands behind a word. Names of properties are not words: one may be called `title`.
fn inside(word: &str, value: &Json) -> Json {
    match (word, value) {
        ("properties" | "$defs" | "definitions" | "patternProperties", Json::Object(named)) => {
            sorted(named.iter().map(|(name, one)| (name.clone(), schema(one))))
        }
        ("anyOf" | "oneOf" | "allOf" | "prefixItems", Json::Array(all)) => {
            Json::Array(all.iter().map(schema).collect())
        }
        ("required", Json::Array(names)) => {
            let mut names = names.clone();
            names.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            Json::Array(names)
        }
        ("enum" | "const", value) => value.clone(),
        (_, value) => schema(value),
    }
}

fn sorted(entries: impl Iterator<Item = (String, Json)>) -> Json {
    let mut entries: Vec<(String, Json)> = entries.collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Json::Object(Map::from_iter(entries))
}
