//! A schema as the list of forms that a value may have: references followed, unions flattened.

use serde_json::{Map, Value as Json};

/// References and unions inside of each other; what is deeper is taken for anything.
const DEEPEST: usize = 32;

/// What kind of JSON a form allows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    Null,
    Bool,
    Integer,
    Number,
    Text,
    List,
    Object,
    /// Nothing is said.
    Any,
}

impl Kind {
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "null" => Some(Self::Null),
            "boolean" => Some(Self::Bool),
            "integer" => Some(Self::Integer),
            "number" => Some(Self::Number),
            "string" => Some(Self::Text),
            "array" => Some(Self::List),
            "object" => Some(Self::Object),
            _ => None,
        }
    }

    /// As a sentence about a value ends.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool => "true or false",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Text => "text",
            Self::List => "a list",
            Self::Object => "an object",
            Self::Any => "anything",
        }
    }
}

/// One form of a value.
#[derive(Clone, Debug)]
pub(super) struct Form<'s> {
    pub(super) kind: Kind,
    /// The words about it.
    pub(super) words: Option<&'s Map<String, Json>>,
    /// The texts that it may be; `None` is any.
    pub(super) texts: Option<Vec<&'s str>>,
}

impl<'s> Form<'s> {
    const ANY: Self = Self { kind: Kind::Any, words: None, texts: None };

    /// What a word says.
    pub(super) fn word(&self, word: &str) -> Option<&'s Json> {
        self.words?.get(word)
    }

    /// A number that a word says.
    pub(super) fn number(&self, word: &str) -> Option<f64> {
        self.word(word)?.as_f64()
    }
}

/// The forms of a schema; `root` is where its references begin. Never empty.
pub(super) fn forms<'s>(schema: &'s Json, root: &'s Json) -> Vec<Form<'s>> {
    let mut out = Vec::new();
    collect(schema, root, 0, &mut out);
    if out.iter().any(|form| form.kind == Kind::Any) || out.is_empty() {
        return vec![Form::ANY];
    }
    joined(out)
}

fn collect<'s>(schema: &'s Json, root: &'s Json, depth: usize, out: &mut Vec<Form<'s>>) {
    let words = match schema {
        Json::Object(words) if depth < DEEPEST => words,
        _ => return out.push(Form::ANY),
    };
    if let Some(reference) = words.get("$ref").and_then(Json::as_str) {
        let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return match target {
            Some(target) => collect(target, root, depth + 1, out),
            None => out.push(Form::ANY),
        };
    }
    for union in ["anyOf", "oneOf"] {
        if let Some(arms) = words.get(union).and_then(Json::as_array) {
            return arms.iter().for_each(|arm| collect(arm, root, depth + 1, out));
        }
    }
    match words.get("allOf").and_then(Json::as_array).map(Vec::as_slice) {
        Some([only]) => collect(only, root, depth + 1, out),
        // What several schemas say together is not worked out: the server decides.
        Some(_) => out.push(Form::ANY),
        None => out.extend(plain(words)),
    }
}

/// The forms of a schema without references and unions.
fn plain(words: &Map<String, Json>) -> Vec<Form<'_>> {
    let chosen = match (words.get("const"), words.get("enum").and_then(Json::as_array)) {
        (Some(only), _) => Some(std::slice::from_ref(only)),
        (None, Some(list)) => Some(list.as_slice()),
        (None, None) => None,
    };
    if let Some(chosen) = chosen {
        return choices(chosen, words);
    }
    let kinds: Vec<Kind> = match words.get("type") {
        Some(Json::String(name)) => Kind::of(name).into_iter().collect(),
        Some(Json::Array(names)) => names.iter().filter_map(|name| Kind::of(name.as_str()?)).collect(),
        _ if words.contains_key("properties") => vec![Kind::Object],
        _ if words.contains_key("items") => vec![Kind::List],
        _ => vec![Kind::Any],
    };
    kinds.into_iter().map(|kind| Form { kind, words: Some(words), texts: None }).collect()
}

fn choices<'s>(chosen: &'s [Json], words: &'s Map<String, Json>) -> Vec<Form<'s>> {
    let texts: Vec<&str> = chosen.iter().filter_map(Json::as_str).collect();
    let mut out: Vec<Form<'s>> = Vec::new();
    let mut push = |kind, texts| {
        if !out.iter().any(|form| form.kind == kind) {
            out.push(Form { kind, words: Some(words), texts });
        }
    };
    if !texts.is_empty() {
        push(Kind::Text, Some(texts));
    }
    for value in chosen {
        match value {
            Json::Null => push(Kind::Null, None),
            Json::Bool(_) => push(Kind::Bool, None),
            Json::Number(number) if number.is_f64() => push(Kind::Number, None),
            Json::Number(_) => push(Kind::Integer, None),
            Json::String(_) => {}
            Json::Array(_) => push(Kind::List, None),
            Json::Object(_) => push(Kind::Object, None),
        }
    }
    out
}

/// Texts that are listed one by one, as many servers write their choices, are one form.
fn joined(forms: Vec<Form<'_>>) -> Vec<Form<'_>> {
    let (listed, mut others): (Vec<_>, Vec<_>) = forms.into_iter().partition(|form| form.texts.is_some());
    let first = listed.first().cloned();
    let texts: Vec<&str> = listed.into_iter().flat_map(|form| form.texts.unwrap_or_default()).collect();
    others.extend(first.map(|form| Form { texts: Some(texts), ..form }));
    others
}
