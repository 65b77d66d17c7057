use flow_ir::TypeId;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Answer, Tolerance, read};
use crate::Value;
use crate::json::tests::any_value;
use crate::json::{decode, encode};
use crate::testing::Types;

const STRICT: &str = r#"{"subject": "Flat 3", "urgency": 2, "intent": {"Offer": {"amount": "12.50 EUR", "note": null}}, "replyTo": "a"}"#;

fn names(answer: &Answer) -> Vec<&'static str> {
    answer.tolerances.iter().map(Tolerance::name).collect()
}

/// Reads a mail, and says which liberties it took.
fn mail(text: &str) -> Result<(Value, Vec<&'static str>), String> {
    let types = Types::new();
    let answer = read(&types.bundle, types.mail, false, text).map_err(|error| error.to_string())?;
    let names = names(&answer);
    Ok((answer.value, names))
}

#[test]
fn every_tolerance_reads_the_same_value_and_is_reported() {
    let (wanted, none) = mail(STRICT).unwrap();
    assert!(none.is_empty());
    let comments = format!("// the answer\n{}", STRICT.replace(", \"urg", ", /* 1 to 5 */ \"urg"));
    let open = STRICT.strip_suffix('}').unwrap();
    let cases: Vec<(String, &[&str])> = vec![
        (format!("```json\n{STRICT}\n```"), &["fence"]),
        (format!("```{STRICT}```"), &["fence"]),
        (format!("```json\n{STRICT}"), &["fence"]),
        (format!("Sure!\n```JSON\n{STRICT}\n```\nAnything else?"), &["fence", "prose"]),
        (format!("Here you go: {STRICT}"), &["prose"]),
        (format!("{STRICT}\n\nI chose 2 {{of 5}} because [1] it is late."), &["prose", "several_values"]),
        (format!("{STRICT}\n{STRICT}"), &["several_values"]),
        (format!("{{\"thought\": \"hm\"}}\n{STRICT}"), &["several_values"]),
        (
            format!("```json\n{{}}\n```\nor rather\n```json\n{STRICT}\n```"),
            &["fence", "prose", "several_values"],
        ),
        (STRICT.replace("}}", ",},}"), &["trailing_comma"]),
        (STRICT.replace('"', "'"), &["single_quotes"]),
        (STRICT.replace("\"urgency\"", "urgency").replace("\"intent\"", "intent"), &["unquoted_key"]),
        (comments, &["comment"]),
        (STRICT.replace("null", "None"), &["python_word"]),
        (open.to_owned(), &["missing_brace"]),
        (STRICT.replace("\"replyTo\": \"a\"", "\"replyTo\": \"a\", \"urgency\": 2"), &["repeated_key"]),
        (STRICT.replace("Offer", "OFFER"), &["enum_case"]),
        (STRICT.replace("2,", "\"2\","), &["number_as_text"]),
    ];
    for (text, expect) in cases {
        match mail(&text) {
            Ok((value, names)) => assert_eq!((&value, names.as_slice()), (&wanted, expect), "{text}"),
            Err(error) => panic!("{text}: {error}"),
        }
    }
}

#[test]
fn texts_keep_what_is_in_them() {
    let cases = [
        (
            r#"{"value": ["it's", "a \"b\" // c", "{d}", "```"]}"#,
            vec!["it's", "a \"b\" // c", "{d}", "```"],
            "",
        ),
        (r#"{"value": ['it\'s', 'a "b"']}"#, vec!["it's", "a \"b\""], "single_quotes"),
        (r#"{"value": ["it\'s"]}"#, vec!["it's"], "loose_escape"),
        ("{\"value\": [\"one\ntwo\tthree\"]}", vec!["one\ntwo\tthree"], "raw_control"),
        (r#"{"value": ["\u00e4\ud834\udd1e\n"]}"#, vec!["ä𝄞\n"], ""),
        ("\u{feff}{\"value\": [\"ä𝄞\"]}", vec!["ä𝄞"], ""),
        (r#"["a"]"#, vec!["a"], "no_wrapper"),
    ];
    let types = Types::new();
    for (text, expect, tolerance) in cases {
        let answer = read(&types.bundle, types.texts, true, text).unwrap();
        assert_eq!(answer.value, Value::list(expect.into_iter().map(Value::text)), "{text}");
        assert_eq!(names(&answer).join(" "), tolerance, "{text}");
    }
}

#[test]
fn one_word_answers_what_is_one_word() {
    let types = Types::new();
    let read =
        |ty, text| read(&types.bundle, ty, true, text).map(|answer| (answer.value.clone(), names(&answer)));
    let warm = Value::unit_variant(1);
    assert_eq!(read(types.voice, "Warm"), Ok((warm.clone(), vec!["no_wrapper"])));
    assert_eq!(read(types.voice, "`warm`"), Ok((warm.clone(), vec!["no_wrapper", "enum_case"])));
    assert_eq!(read(types.voice, "\"Warm\""), Ok((warm, vec!["no_wrapper"])));
    assert_eq!(read(types.int, "42"), Ok((Value::Int(42), vec!["no_wrapper"])));
    assert_eq!(read(types.bool, "True"), Ok((Value::Bool(true), vec!["python_word", "no_wrapper"])));
    assert!(read(types.voice, "Warm, I would say").is_err());
    assert!(read(types.texts, "Warm").is_err());
    assert!(read(types.int, "about 42").is_err());
}

#[test]
fn what_is_in_doubt_or_would_lose_data_is_no_answer() {
    let replaced = |from: &str, to: &str| STRICT.replace(from, to);
    let other = replaced("Flat 3", "Flat 4");
    let cases = [
        (format!("{STRICT}\n{other}"), "it holds 2 JSON values, and more than one of them fits"),
        (
            replaced("\"replyTo\": \"a\"", "\"urgency\": 3"),
            "a field twice with different values at `$.urgency`",
        ),
        (STRICT.strip_suffix("\"a\"}").unwrap().to_owned(), "ends where a value is wanted at `$.replyTo`"),
        (
            STRICT.strip_suffix("\"}").unwrap().to_owned(),
            "a text without its end at `$.replyTo`, line 1 column",
        ),
        (r#"{"subject": "a", "intent": "Spam", "urgency": 2"#.to_owned(), "ends in the middle of a number"),
        (
            r#"{"subject": "a", "urgency": 2, "intent": "Spam""#.to_owned(),
            "it ends without closing an object, and `replyTo` is not in it",
        ),
        (replaced("2,", "\"2,5\","), "at `$.urgency`: a whole number is wanted here, this is a text"),
        (replaced("2,", "\"2 of 5\","), "at `$.urgency`"),
        (replaced("2,", "high,"), "a word without quotes at `$.urgency`"),
        (replaced("2,", "2 3,"), "neither `,` nor `}` after a field"),
        (replaced("Flat 3", "Flat \\d"), "a `\\` before a letter that needs none at `$.subject`"),
        (replaced("\"urgency\": 2", "\"urgency\" 2"), "no `:` after the name of a field"),
        (replaced("\"subject\"", "\"topic\": 1, \"subject\""), "there is no field `topic`"),
        (replaced("Flat 3", "\\ud800"), "half of a character at `$.subject`"),
        ("I cannot say.".to_owned(), "it is no JSON: there is no object in it"),
        (String::new(), "it is empty, not JSON"),
        ("[".repeat(4_000), "too many brackets"),
        ("{\"a\": ".repeat(4_000), "too many brackets"),
        (format!("{{\"subject\": oops}} {STRICT}"), "a word without quotes at `$.subject`"),
    ];
    for (text, expect) in cases {
        let error = mail(&text).map(|(value, _)| value).unwrap_err();
        assert!(error.contains(expect), "{text}: {error}");
    }
}

#[test]
fn variants_that_differ_in_case_alone_stay_strict() {
    let mut types = Types::new();
    let flow_ir::types::Type::Enum(it) = &mut types.bundle.types[types.voice.index()] else { panic!() };
    it.variants[0].wire = "WARM".into();
    assert!(read(&types.bundle, types.voice, true, "{\"value\": \"warm\"}").is_err());
    let exact = read(&types.bundle, types.voice, true, "{\"value\": \"WARM\"}").unwrap();
    assert_eq!((exact.value, exact.tolerances.is_empty()), (Value::unit_variant(0), true));
}

// ---- any value, mangled in any one way

/// How a text of JSON is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hand {
    Strict,
    Pretty,
    Fence,
    Prose,
    Twice,
    TrailingComma,
    SingleQuotes,
    UnquotedKey,
    Comment,
    RawControl,
    PythonWord,
    MissingBrace,
    NoWrapper,
}

const HANDS: [Hand; 13] = [
    Hand::Strict,
    Hand::Pretty,
    Hand::Fence,
    Hand::Prose,
    Hand::Twice,
    Hand::TrailingComma,
    Hand::SingleQuotes,
    Hand::UnquotedKey,
    Hand::Comment,
    Hand::RawControl,
    Hand::PythonWord,
    Hand::MissingBrace,
    Hand::NoWrapper,
];

fn written(json: &Json, hand: Hand) -> String {
    let strict = || print(json, Hand::Strict);
    match hand {
        Hand::Fence => format!("```json\n{}\n```", strict()),
        Hand::Prose => format!("This is what I think:\n\n{}\n\nIs that good?", strict()),
        Hand::Twice => format!("{}\n{}", strict(), strict()),
        Hand::MissingBrace => strict().strip_suffix('}').unwrap_or_default().to_owned(),
        Hand::Pretty => serde_json::to_string_pretty(json).unwrap(),
        hand => print(json, hand),
    }
}

fn print(json: &Json, hand: Hand) -> String {
    let end = if hand == Hand::TrailingComma { "," } else { "" };
    let between = if hand == Hand::Comment { ", // and\n" } else { ", " };
    match json {
        Json::Object(object) if object.is_empty() => "{}".to_owned(),
        Json::Array(items) if items.is_empty() => "[]".to_owned(),
        Json::Object(object) => {
            let one = |(key, json): (&String, &Json)| format!("{}: {}", key_in(key, hand), print(json, hand));
            let all: Vec<String> = object.iter().map(one).collect();
            format!("{{{}{end}}}", all.join(between))
        }
        Json::Array(items) => {
            let all: Vec<String> = items.iter().map(|json| print(json, hand)).collect();
            format!("[{}{end}]", all.join(between))
        }
        Json::String(text) => quoted(text, hand),
        Json::Bool(true) if hand == Hand::PythonWord => "True".to_owned(),
        Json::Bool(false) if hand == Hand::PythonWord => "False".to_owned(),
        Json::Null if hand == Hand::PythonWord => "None".to_owned(),
        other => other.to_string(),
    }
}

fn key_in(key: &str, hand: Hand) -> String {
    let is_plain = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !key.as_bytes()[0].is_ascii_digit();
    if hand == Hand::UnquotedKey && is_plain { key.to_owned() } else { quoted(key, hand) }
}

fn quoted(text: &str, hand: Hand) -> String {
    match hand {
        Hand::SingleQuotes => {
            let strict = Json::from(text.replace('"', "\u{1}")).to_string();
            let inner = strict.trim_matches('"').replace('\'', "\\'").replace("\\u0001", "\"");
            format!("'{inner}'")
        }
        Hand::RawControl => {
            let strict = Json::from(text).to_string();
            strict.replace("\\\\", "\u{1}").replace("\\n", "\n").replace("\\t", "\t").replace('\u{1}', "\\\\")
        }
        _ => Json::from(text).to_string(),
    }
}

#[test]
fn a_value_mangled_in_any_one_way_decodes_to_itself() {
    let types = Types::new();
    let structured = [
        types.mail,
        types.mails,
        types.intent,
        types.act,
        types.ints,
        types.texts,
        types.weights,
        types.money,
    ]
    .into_iter()
    .chain([types.voice, types.urgency, types.bool, types.date]);
    let values = structured.map(|ty| any_value(&types, ty).prop_map(move |value| (ty, value)).boxed());
    let hands = proptest::sample::select(HANDS.to_vec());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(3_000));
    let outcome = runner.run(&(proptest::strategy::Union::new(values), hands), |((ty, value), hand)| {
        let bare = encode(&types.bundle, ty, &value);
        let json = if hand == Hand::NoWrapper { bare } else { json!({ "value": bare }) };
        // The marks that the test itself uses.
        prop_assume!(!json.to_string().contains("\\u0001"));
        let text = written(&json, hand);
        let read = read(&types.bundle, ty, true, &text);
        if hand == Hand::MissingBrace && text.ends_with(|last: char| last.is_ascii_digit()) {
            prop_assert!(read.is_err(), "{text}: a number may lack digits");
            return Ok(());
        }
        // `[1]` alone among words, and a bare object named `value`, are read as what they look like.
        prop_assert_eq!(read.map(|answer| answer.value), Ok(value), "{:?}: {}", hand, text);
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn wrong_case_and_numbers_as_text_decode_to_themselves() {
    let types = Types::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(500));
    let outcome = runner.run(&any_value(&types, types.mail), |value| {
        let mut json = encode(&types.bundle, types.mail, &value);
        json["urgency"] = json!(json["urgency"].to_string());
        json["intent"] = match &json["intent"] {
            Json::String(_) => json!("spam"),
            payload => json!({ "OFFER": payload["Offer"] }),
        };
        let answer = read(&types.bundle, types.mail, false, &json.to_string()).unwrap();
        prop_assert_eq!(names(&answer), ["enum_case", "number_as_text"]);
        prop_assert_eq!(answer.value, value);
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn strict_json_is_read_as_serde_reads_it() {
    let types = Types::new();
    let numbers =
        ["0", "-0", "1", "-1", "12345678901234567890", "1.5", "1e3", "-2.5E-3", "0.1", "9007199254740993"];
    for number in numbers {
        let text = format!("{{\"value\": {number}}}");
        let wanted: Json = serde_json::from_str(&text).unwrap();
        let wanted = decode(&types.bundle, types.json, &wanted["value"]).unwrap();
        assert_eq!(read(&types.bundle, types.json, true, &text).unwrap().value, wanted, "{number}");
    }
    for wrong in ["01", "1.", ".5", "+1", "1e", "--1", "0x1F", "1_000", "NaN", "Infinity", "-"] {
        let text = format!("{{\"value\": {wrong}}}");
        assert!(read(&types.bundle, types.json, true, &text).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "[\\PC\\n`{}\\[\\]\"',:/#*\\\\]{0,80}", ty in 0_u32..22) {
        let types = Types::new();
        let _ = read(&types.bundle, TypeId(ty), true, &text);
        let _ = read(&types.bundle, TypeId(ty), false, &text);
    }
}
