//! Schemas in the words that a provider takes.
//!
//! Answers come in these words already; parameters of tools do not. A keyword that a provider refuses is taken out and
//! said in the description instead: the model still reads it, and what it writes is checked against the type in any
//! case.

use serde_json::{Map, Value};

/// What a provider's structured output knows of JSON Schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Profile {
    /// No bounds of numbers, texts and lists; of lists only whether they may be empty.
    Anthropic,
    /// No lengths of texts, no sizes of objects.
    Gemini,
}

const BOUNDS: [(&str, &str); 10] = [
    ("minimum", "at least"),
    ("maximum", "at most"),
    ("exclusiveMinimum", "more than"),
    ("exclusiveMaximum", "less than"),
    ("minLength", "letters: at least"),
    ("maxLength", "letters: at most"),
    ("minItems", "elements: at least"),
    ("maxItems", "elements: at most"),
    ("minProperties", "entries: at least"),
    ("maxProperties", "entries: at most"),
];

impl Profile {
    fn knows(self, keyword: &str, value: &Value) -> bool {
        match self {
            Self::Anthropic => keyword == "minItems" && value.as_u64().is_some_and(|least| least <= 1),
            Self::Gemini => matches!(keyword, "minimum" | "maximum" | "minItems" | "maxItems"),
        }
    }
}

/// The schema without what the provider refuses.
pub(crate) fn fitted(schema: &Value, profile: Profile) -> Value {
    match schema {
        Value::Object(object) => Value::Object(fitted_object(object, profile)),
        Value::Array(items) => items.iter().map(|item| fitted(item, profile)).collect(),
        other => other.clone(),
    }
}

fn fitted_object(object: &Map<String, Value>, profile: Profile) -> Map<String, Value> {
    let mut notes = Vec::new();
    let mut out = Map::new();
    for (name, value) in object {
        match BOUNDS.iter().find(|(bound, _)| bound == name) {
            // A property may well be named `minimum`: then it holds a schema.
            Some((_, words)) if value.is_number() && !profile.knows(name, value) => {
                notes.push(format!("{words} {value}"))
            }
            _ => {
                out.insert(name.clone(), fitted(value, profile));
            }
        }
    }
    if !notes.is_empty() {
        let known = out.get("description").and_then(Value::as_str).map(|text| format!("{text}\n"));
        let text = format!("{}({})", known.unwrap_or_default(), notes.join(", "));
        out.insert("description".to_owned(), Value::String(text));
    }
    out
}

/// A schema in words, for protocols that cannot enforce it.
pub(crate) fn told(schema: &Value) -> String {
    format!("Answer with JSON only, without any other word. It must fit this JSON schema:\n{schema}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Profile, fitted};

    #[test]
    fn bounds_move_into_descriptions() {
        let schema = json!({ "type": "object", "properties": {
            "minimum": { "type": "integer", "minimum": 1, "maximum": 5, "description": "Urgency." },
            "texts": { "type": "array", "maxItems": 3, "items": { "type": "string", "maxLength": 40 } },
        } });
        let anthropic = json!({ "type": "object", "properties": {
            "minimum": { "type": "integer", "description": "Urgency.\n(at least 1, at most 5)" },
            "texts": {
                "type": "array", "description": "(elements: at most 3)",
                "items": { "type": "string", "description": "(letters: at most 40)" },
            },
        } });
        assert_eq!(fitted(&schema, Profile::Anthropic), anthropic);
        let gemini = fitted(&schema, Profile::Gemini);
        assert_eq!(gemini["properties"]["minimum"], schema["properties"]["minimum"]);
        assert_eq!(gemini["properties"]["texts"]["items"]["description"], json!("(letters: at most 40)"));
    }
}
