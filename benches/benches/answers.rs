//! Reading a model's answer, beside strict JSON parsing of the same bytes.
//!
//! - `strict_json`: `serde_json` to a `Value`, and no more.
//! - `strict_decode`: the same, and the strict decoder.
//! - `tolerant`: `answer::read` of the same text, and of the same text in a fence, with words around, with trailing
//!   commas, with a comment. The limit is three times `strict_json`.

use std::fmt::Write as _;
use std::hint::black_box;

use divan::Bencher;
use divan::counter::BytesCount;
use flow_eval::answer;
use flow_eval::json::decode;
use flow_ir::types::{Enum, Field, Labels, ListSize, Record, Type, Variant};
use flow_ir::{Bundle, TypeId};
use serde_json::Value as Json;

const ROWS: TypeId = TypeId(4);
const ROW_COUNT: usize = 200;

#[derive(Clone, Copy, Debug)]
enum Hand {
    Strict,
    Fence,
    Prose,
    TrailingComma,
    Comment,
    SingleQuotes,
    UnquotedKey,
}

const HANDS: [Hand; 7] = [
    Hand::Strict,
    Hand::Fence,
    Hand::Prose,
    Hand::TrailingComma,
    Hand::Comment,
    Hand::SingleQuotes,
    Hand::UnquotedKey,
];

fn main() {
    divan::main();
}

fn field(name: &str, ty: u32) -> Field {
    Field { name: name.into(), wire: name.into(), doc: "".into(), ty: TypeId(ty), labels: Labels::default() }
}

/// `list({ subject: text, urgency: int, score: float, intent: Intent })`.
fn bundle() -> Bundle {
    let variant =
        |name: &str| Variant { name: name.into(), wire: name.into(), doc: "".into(), fields: vec![] };
    let variants = vec![variant("Spam"), variant("Offer"), variant("Question")];
    let fields = vec![field("subject", 0), field("urgency", 1), field("score", 2), field("intent", 3)];
    let intent = Type::Enum(Enum { name: "Intent".into(), doc: "".into(), tag: None, variants });
    let size = ListSize::default();
    Bundle {
        types: vec![
            Type::Text { size: None },
            Type::Int { min: None, max: None },
            Type::Float { min: None, max: None },
            intent,
            Type::List { item: TypeId(5), size },
            Type::Record(Record { name: "Row".into(), doc: "".into(), fields }),
        ],
        ..Bundle::default()
    }
}

fn text(hand: Hand) -> String {
    let mut rows = String::new();
    for row in 0..ROW_COUNT {
        let between = if row == 0 { "" } else { ", " };
        let _ = write!(
            rows,
            r#"{between}{{"subject": "Viewing of flat {row}, Elm Street", "urgency": {}, "score": 0.{row}5, "intent": "Offer"}}"#,
            row % 5
        );
    }
    let strict = format!("{{\"value\": [{rows}]}}");
    match hand {
        Hand::Strict => strict,
        Hand::Fence => format!("```json\n{strict}\n```"),
        Hand::Prose => format!("Here is the answer:\n\n{strict}\n\nAnything else?"),
        Hand::TrailingComma => strict.replace("\"}", "\",}").replace("]}", ",]}"),
        Hand::Comment => strict.replace("}, ", "}, // next\n"),
        Hand::SingleQuotes => strict.replace('"', "'"),
        Hand::UnquotedKey => ["subject", "urgency", "score", "intent"]
            .iter()
            .fold(strict, |text, key| text.replace(&format!("\"{key}\""), key)),
    }
}

#[divan::bench]
fn strict_json(bencher: Bencher<'_, '_>) {
    let text = text(Hand::Strict);
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| serde_json::from_str::<Json>(black_box(&text)));
}

#[divan::bench]
fn strict_decode(bencher: Bencher<'_, '_>) {
    let (text, bundle) = (text(Hand::Strict), bundle());
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| {
        let json: Json = serde_json::from_str(black_box(&text)).unwrap_or_default();
        decode(&bundle, ROWS, json.get("value").unwrap_or(&Json::Null))
    });
}

#[divan::bench(args = HANDS)]
fn tolerant(bencher: Bencher<'_, '_>, hand: Hand) {
    let (text, bundle) = (text(hand), bundle());
    assert!(answer::read(&bundle, ROWS, true, &text).is_ok(), "{hand:?}");
    bencher
        .counter(BytesCount::of_str(&text))
        .bench_local(|| answer::read(&bundle, ROWS, true, black_box(&text)));
}
