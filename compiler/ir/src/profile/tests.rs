use super::{ALL, ANTHROPIC, COMPATIBLE, CONSTRAINTS, Kind, NONE, OPENAI, gaps};
use crate::schema::wire;
use crate::types::{Field, Labels, ListSize, Record, TextSize, Type};
use crate::{Bundle, TypeId};
use serde_json::json;

fn field(name: &str, ty: u32) -> Field {
    Field { name: name.into(), wire: name.into(), doc: "".into(), ty: TypeId(ty), labels: Labels::default() }
}

/// `{ score: int in 1..5, name: text in 2..40, tags: list(text) in 1..9, extra: map(text)? }` and a record
/// without `extra`.
fn bundle() -> Bundle {
    let text = Type::Text { size: Some(TextSize { in_tokens: false, min: 2, max: Some(40) }) };
    let tags = Type::List { item: TypeId(4), size: ListSize { min: 1, max: Some(9), max_tokens: None } };
    let mut fields = vec![field("score", 0), field("name", 1), field("tags", 2)];
    let plain = Record { name: "Plain".into(), doc: "".into(), fields: fields.clone() };
    fields.push(field("extra", 5));
    let types = vec![
        Type::Int { min: Some(1), max: Some(5) },
        text,
        tags,
        Type::Map { item: TypeId(4), size: ListSize::default() },
        Type::Text { size: None },
        Type::Optional { item: TypeId(3) },
        Type::Record(plain),
        Type::Record(Record { name: "Free".into(), doc: "".into(), fields }),
    ];
    Bundle { types, ..Bundle::default() }
}

const PLAIN: TypeId = TypeId(6);
const FREE: TypeId = TypeId(7);

fn told(ty: TypeId, profile: &super::Profile) -> Vec<String> {
    gaps(&bundle(), ty, profile).into_iter().map(|gap| format!("{}: {:?}", gap.path, gap.kind)).collect()
}

#[test]
fn what_is_not_enforced_is_named_with_its_place() {
    assert_eq!(told(PLAIN, &OPENAI), ["name: Unenforced { range: \"in 2..40\", is_length: true }"]);
    let anthropic = gaps(&bundle(), PLAIN, &ANTHROPIC);
    let paths: Vec<&str> = anthropic.iter().map(|gap| gap.path.as_str()).collect();
    assert_eq!(paths, ["score", "name", "tags"]);
    assert!(told(PLAIN, &COMPATIBLE).is_empty());
    assert!(told(FREE, &NONE).is_empty());
}

#[test]
fn a_map_has_no_form_where_keys_must_be_named() {
    let found = gaps(&bundle(), FREE, &OPENAI);
    let refused: Vec<_> = found.iter().filter(|gap| gap.kind.is_refused()).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].path.as_str(), &refused[0].kind), ("extra", &Kind::NoForm("map")));
    assert!(gaps(&bundle(), FREE, &COMPATIBLE).is_empty());
}

#[test]
fn limits_of_a_provider_are_counted() {
    let mut bundle = bundle();
    let fields = (0..17).map(|index| field(&format!("f{index}"), 8)).collect();
    bundle.types.push(Type::Optional { item: TypeId(4) });
    bundle.types.push(Type::Record(Record { name: "Wide".into(), doc: "".into(), fields }));
    let found = gaps(&bundle, TypeId(9), &ANTHROPIC);
    assert!(matches!(found[0].kind, Kind::TooMany { found: 17, most: 16, .. }), "{found:?}");
    assert!(gaps(&bundle, TypeId(9), &OPENAI).is_empty());
}

/// No word that a profile does not take stands in its schema, and what was left out is told in words.
#[test]
fn a_wire_schema_holds_only_words_that_the_provider_takes() {
    for profile in ALL {
        let schema = wire(&bundle(), PLAIN, profile).schema;
        let text = schema.to_string();
        for word in CONSTRAINTS.iter().filter(|word| !profile.words.contains(word)) {
            assert!(!text.contains(word), "{}: {text}", profile.name);
        }
    }
    let schema = wire(&bundle(), PLAIN, &ANTHROPIC).schema;
    let score = json!({"type": "integer", "description": "At least 1, at most 5."});
    assert_eq!(schema["properties"]["score"], score);
    assert_eq!(schema["properties"]["tags"]["minItems"], json!(1));
    assert_eq!(schema["properties"]["tags"]["description"], json!("At most 9."));
}
