//! Types of the language for JSON Schema.

use std::collections::BTreeSet;
use std::fmt;
use std::fmt::Write as _;

use serde_json::Value as Json;

use super::{field, names, one_line, properties, text};

/// Objects inside of each other that get types of their own.
const DEEPEST: usize = 8;

/// A type, as it is written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    base: String,
    optional: bool,
    range: Option<String>,
}

impl Written {
    fn plain(base: impl Into<String>) -> Self {
        Self { base: base.into(), optional: false, range: None }
    }

    fn json() -> Self {
        Self::plain("json")
    }

    pub(super) fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let optional = if self.optional { "?" } else { "" };
        write!(f, "{}{optional}", self.base)?;
        self.range.iter().try_for_each(|range| write!(f, " in {range}"))
    }
}

/// Types of one schema, and the declarations that they need.
pub(super) struct Types<'a> {
    root: &'a Json,
    taken: &'a mut BTreeSet<String>,
    /// Text of declarations.
    pub(super) declared: String,
    /// References that are being followed.
    open: Vec<&'a str>,
    depth: usize,
}

impl<'a> Types<'a> {
    pub(super) fn new(root: &'a Json, taken: &'a mut BTreeSet<String>) -> Self {
        Self { root, taken, declared: String::new(), open: Vec::new(), depth: 0 }
    }

    /// Of a schema; `name` is for what it declares.
    pub(super) fn of(&mut self, schema: &'a Json, name: &str) -> Written {
        if self.depth > DEEPEST {
            return Written::json();
        }
        if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
            return self.referred(reference, name);
        }
        for union in ["anyOf", "oneOf"] {
            if let Some(arms) = schema.get(union).and_then(Json::as_array) {
                return self.union(arms, name);
            }
        }
        if let Some([only]) = schema.get("allOf").and_then(Json::as_array).map(Vec::as_slice) {
            return self.of(only, name);
        }
        if schema.get("enum").is_some() || schema.get("const").is_some() {
            return self.choice(schema, name);
        }
        match schema.get("type") {
            Some(Json::String(kind)) => self.kind(kind, schema, name),
            Some(Json::Array(kinds)) => {
                let is_null = |kind: &&Json| kind.as_str() == Some("null");
                match kinds.iter().filter(|kind| !is_null(kind)).collect::<Vec<_>>().as_slice() {
                    [Json::String(only)] if kinds.len() == 1 => self.kind(only, schema, name),
                    [Json::String(only)] => self.kind(only, schema, name).optional(),
                    _ => Written::json(),
                }
            }
            _ if schema.get("properties").is_some() => self.kind("object", schema, name),
            _ => Written::json(),
        }
    }

    /// A schema may contain itself, and a type may not.
    fn referred(&mut self, reference: &'a str, name: &str) -> Written {
        let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        match target {
            Some(target) if !self.open.contains(&reference) => {
                self.open.push(reference);
                let found = self.of(target, name);
                self.open.pop();
                found
            }
            _ => Written::json(),
        }
    }

    fn union(&mut self, arms: &'a [Json], name: &str) -> Written {
        let is_null = |arm: &&Json| arm.get("type").and_then(Json::as_str) == Some("null");
        let constants: Option<Vec<&str>> = arms.iter().map(|arm| arm.get("const")?.as_str()).collect();
        if let Some(texts) = constants {
            return self.enumeration(&texts, name);
        }
        match arms.iter().filter(|arm| !is_null(arm)).collect::<Vec<_>>().as_slice() {
            [only] if arms.len() == 1 => self.of(only, name),
            [only] => self.of(only, name).optional(),
            _ => Written::json(),
        }
    }

    fn choice(&mut self, schema: &Json, name: &str) -> Written {
        let listed = match (schema.get("const"), schema.get("enum").and_then(Json::as_array)) {
            (Some(only), _) => vec![only],
            (None, list) => list.into_iter().flatten().collect(),
        };
        let texts: Vec<&str> = listed.iter().filter_map(|value| value.as_str()).collect();
        let nulls = listed.iter().filter(|value| value.is_null()).count();
        match texts.len() + nulls == listed.len() {
            true if nulls > 0 => self.enumeration(&texts, name).optional(),
            true => self.enumeration(&texts, name),
            false => Written::json(),
        }
    }

    fn enumeration(&mut self, texts: &[&str], name: &str) -> Written {
        let variants: BTreeSet<String> = texts.iter().map(|text| names::upper(text)).collect();
        if texts.is_empty() || variants.len() < texts.len() {
            return Written::json();
        }
        let name = names::ty(name, self.taken);
        let _ = writeln!(self.declared, "\nenum {name} {{");
        for wire in texts {
            let _ = match names::upper(wire) {
                variant if variant == *wire => writeln!(self.declared, "  {variant}"),
                variant => writeln!(self.declared, "  {variant} {}", text(wire)),
            };
        }
        self.declared.push_str("}\n");
        Written::plain(name)
    }

    fn kind(&mut self, kind: &str, schema: &'a Json, name: &str) -> Written {
        let ranged =
            |base: &str, min, max| Written { range: range(schema, min, max), ..Written::plain(base) };
        match kind {
            "string" if schema.get("format").and_then(Json::as_str) == Some("date") => Written::plain("date"),
            "string" => ranged("text", "minLength", "maxLength"),
            "integer" => Written { range: whole(schema), ..Written::plain("int") },
            "number" if is_beyond_words(schema) => Written::json(),
            "number" => ranged("float", "minimum", "maximum"),
            "boolean" => Written::plain("bool"),
            "array" => {
                let item = match schema.get("items") {
                    Some(items) => self.inside(items, &format!("{name}Item")),
                    None => Written::json(),
                };
                ranged(&format!("list({item})"), "minItems", "maxItems")
            }
            "object" => self.object(schema, name),
            _ => Written::json(),
        }
    }

    fn inside(&mut self, schema: &'a Json, name: &str) -> Written {
        self.depth += 1;
        let found = self.of(schema, name);
        self.depth -= 1;
        found
    }

    fn object(&mut self, schema: &'a Json, name: &str) -> Written {
        let properties = properties(schema);
        let rest = schema.get("additionalProperties");
        match (properties.as_slice(), rest) {
            ([], Some(rest @ Json::Object(_))) => {
                let item = self.inside(rest, &format!("{name}Item"));
                Written::plain(format!("map({item})"))
            }
            ([], _) => Written::json(),
            (properties, _) => self.record(properties, name),
        }
    }

    fn record(&mut self, properties: &[(&'a str, &'a Json, bool)], name: &str) -> Written {
        let mut body = String::new();
        for (wire, schema, required) in properties {
            let ty = self.inside(schema, &format!("{name}{}", names::upper(wire)));
            let doc = schema.get("description").and_then(Json::as_str).map(one_line);
            if let Some(doc) = doc.filter(|doc| !doc.is_empty()) {
                let _ = writeln!(body, "  /// {doc}");
            }
            let _ = writeln!(body, "  {}", field(wire, &if *required { ty } else { ty.optional() }));
        }
        let name = names::ty(name, self.taken);
        let _ = writeln!(self.declared, "\ntype {name} {{\n{body}}}");
        Written::plain(name)
    }
}

/// Open ends and exponents have no form in a range.
fn is_beyond_words(schema: &Json) -> bool {
    let has_exponent = |word| schema.get(word).is_some_and(|bound: &Json| bound.to_string().contains('e'));
    let is_open = ["exclusiveMinimum", "exclusiveMaximum"].iter().any(|word| schema.get(word).is_some());
    is_open || has_exponent("minimum") || has_exponent("maximum")
}

fn whole(schema: &Json) -> Option<String> {
    let bound = |word: &str| {
        let bound = schema.get(word)?;
        // Some servers write `0.0` for 0.
        bound.as_i64().or_else(|| bound.to_string().strip_suffix(".0")?.parse().ok())
    };
    let above = bound("exclusiveMinimum").map(|it| it.saturating_add(1));
    let below = bound("exclusiveMaximum").map(|it| it.saturating_sub(1));
    let low = bound("minimum").into_iter().chain(above).max();
    let high = bound("maximum").into_iter().chain(below).min();
    written(low.map(|it| it.to_string()), high.map(|it| it.to_string()))
}

fn range(schema: &Json, min: &str, max: &str) -> Option<String> {
    let bound = |word: &str| schema.get(word).filter(|bound| bound.is_number()).map(ToString::to_string);
    // A size is never below 0.
    let low = bound(min).filter(|low| !(min != "minimum" && low == "0"));
    written(low, bound(max))
}

fn written(low: Option<String>, high: Option<String>) -> Option<String> {
    match (low, high) {
        (None, None) => None,
        (low, high) => Some(format!("{}..{}", low.unwrap_or_default(), high.unwrap_or_default())),
    }
}
