use flow_ir::TypeId;
use flow_ir::types::Type;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{
    DecodeOptions, UnknownFields, decode, decode_with, encode, parse_amount, parse_duration, sample, validate,
};
use crate::Value;
use crate::testing::{Types, eur, int};

fn mail() -> Json {
    json!({"subject": "Flat 3", "urgency": 2, "intent": {"Offer": {"amount": "12.50 EUR"}}, "replyTo": null})
}

#[test]
fn a_record_round_trips_in_wire_names() {
    let types = Types::new();
    let value = decode(&types.bundle, types.mail, &mail()).unwrap();
    let offer = Value::Variant(1, [eur(12_500_000), Value::None].into());
    assert_eq!(value, Value::record([Value::text("Flat 3"), int(2), offer, Value::None]));
    let wanted = json!({
        "subject": "Flat 3", "urgency": 2,
        "intent": {"Offer": {"amount": {"amount": "12.50", "currency": "EUR"}}},
    });
    assert_eq!(encode(&types.bundle, types.mail, &value), wanted);
}

#[test]
fn what_does_not_fit_is_named_with_its_place() {
    let types = Types::new();
    let with = |key: &str, value: Json| {
        let mut mail = mail();
        mail[key] = value;
        mail
    };
    let cases = [
        (types.mail, with("urgency", json!(7)), "at `$.urgency`: 7 is above 5, the most allowed"),
        (
            types.mail,
            with("urgency", json!("2")),
            "at `$.urgency`: a whole number is wanted here, this is a text",
        ),
        (
            types.mail,
            with("urgency", json!(2.5)),
            "at `$.urgency`: a whole number is wanted here, this is 2.5",
        ),
        (types.mail, with("urgncy", json!(1)), "there is no field `urgncy`; did you mean `urgency`?"),
        (
            types.mail,
            with("intent", json!("Ofer")),
            "at `$.intent`: `Intent` has no variant `Ofer`; did you mean `Offer`?",
        ),
        (
            types.mail,
            with("intent", json!("x")),
            "at `$.intent`: `Intent` has no variant `x`; there are `Spam`, `Offer`",
        ),
        (types.mail, with("intent", json!("Offer")), "at `$.intent.Offer`: `amount` is missing"),
        (
            types.mail,
            with("intent", json!({"Offer": {"amount": "1 USD"}})),
            "at `$.intent.Offer.amount`: EUR is wanted here, this is USD",
        ),
        (types.mail, json!({"subject": "a"}), "`urgency` is missing"),
        (types.mail, json!([]), "`Mail` (an object) is wanted here, this is a list"),
        (
            types.mails,
            json!([mail(), with("subject", json!(""))]),
            "at `$[1].subject`: this text has 0 characters, the least allowed is 1",
        ),
        (types.mails, json!([mail(), mail(), mail(), mail()]), "there are 4 entries, the most allowed is 3"),
        (types.act, json!({"x": 1}), "`kind` is missing, which says what `Act` this is"),
        (types.act, json!({"kind": "Move"}), "`x` is missing"),
        (types.weights, json!({"a b": "x"}), "at `$[\"a b\"]`: a number is wanted here, this is a text"),
        (types.date, json!("2026-02-30"), "a day like \"2026-01-05\" is wanted here"),
        (types.duration, json!("8 seconds"), "this is no duration; write a number of ms, or \"8s\""),
        (types.int, json!(9223372036854775808_u64), "9223372036854775808 is too large"),
    ];
    for (ty, json, wanted) in cases {
        let found = decode(&types.bundle, ty, &json).map_err(|why| why.to_string());
        assert_eq!(found, Err(wanted.to_owned()), "{json}");
    }
}

#[test]
fn foreign_replies_may_have_more_fields() {
    let types = Types::new();
    let options = DecodeOptions { unknown_fields: UnknownFields::Ignore };
    let json = json!({"kind": "Move", "x": 3, "etag": "a"});
    assert_eq!(decode_with(&types.bundle, types.act, &json, options), Ok(Value::Variant(1, [int(3)].into())));
    assert!(decode(&types.bundle, types.act, &json).is_err());
}

#[test]
fn other_forms_are_read() {
    let types = Types::new();
    let cases = [
        (types.int, json!(3.0), int(3)),
        (types.float, json!(3), Value::Float(3.0)),
        (types.duration, json!("1.5h"), Value::Duration(5_400_000)),
        (types.duration, json!(250), Value::Duration(250)),
        (types.money, json!({"amount": "-0.5", "currency": "EUR"}), eur(-500_000)),
        (types.intent, json!({"Spam": {}}), Value::unit_variant(0)),
        (types.act, json!({"kind": "Stay"}), Value::unit_variant(0)),
        (
            types.partial,
            json!({"urgency": 3}),
            Value::record([Value::None, int(3), Value::None, Value::None]),
        ),
    ];
    for (ty, json, wanted) in cases {
        assert_eq!(decode(&types.bundle, ty, &json), Ok(wanted), "{json}");
    }
}

#[test]
fn amounts_and_durations_are_exact() {
    let cases = [
        ("12.50", Some(12_500_000)),
        ("-3", Some(-3_000_000)),
        ("0.0000001", None),
        ("1e3", None),
        ("", None),
        ("+1", None),
    ];
    for (text, wanted) in cases {
        assert_eq!(parse_amount(text), wanted, "{text}");
    }
    let cases = [
        ("8s", Some(8_000)),
        ("250ms", Some(250)),
        ("0.5ms", None),
        ("5min", Some(300_000)),
        ("30 d", Some(2_592_000_000)),
        ("s", None),
    ];
    for (text, wanted) in cases {
        assert_eq!(parse_duration(text), wanted, "{text}");
    }
}

#[test]
fn samples_fit_their_types() {
    let types = Types::new();
    for index in 0..types.bundle.types.len() as u32 {
        let value = sample(&types.bundle, TypeId(index));
        assert_eq!(
            validate(&types.bundle, TypeId(index), &value),
            Ok(()),
            "{:?}",
            types.bundle.ty(TypeId(index))
        );
    }
}

/// Any value of a type.
pub(crate) fn any_value(types: &Types, ty: TypeId) -> BoxedStrategy<Value> {
    match types.bundle.ty(ty) {
        Type::Int { min, max } => {
            (min.unwrap_or(i64::MIN)..=max.unwrap_or(i64::MAX)).prop_map(Value::Int).boxed()
        }
        Type::Float { .. } => prop::num::f64::NORMAL.prop_map(Value::Float).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Text { size: Some(_) } => "\\PC{1,40}".prop_map(Value::text).boxed(),
        Type::Text { size: None } => any::<String>().prop_map(Value::text).boxed(),
        Type::Money { min, .. } => (min.unwrap_or(i64::MIN)..).prop_map(eur).boxed(),
        Type::Duration { .. } => any::<i64>().prop_map(Value::Duration).boxed(),
        Type::Date => (1_i16..9999, 1_i8..13, 1_i8..29).prop_map(|(y, m, d)| Value::Date(y, m, d)).boxed(),
        Type::Optional { item } => prop_oneof![Just(Value::None), any_value(types, *item)].boxed(),
        Type::List { item, size } => {
            prop::collection::vec(any_value(types, *item), 0..=size.max.unwrap_or(4) as usize)
                .prop_map(Value::list)
                .boxed()
        }
        Type::Map { item, .. } => {
            let entries = prop::collection::vec((any::<String>(), any_value(types, *item)), 0..4);
            entries
                .prop_map(|all| {
                    Value::Map(std::sync::Arc::new(
                        all.into_iter().map(|(key, it)| (key.into(), it)).collect(),
                    ))
                })
                .boxed()
        }
        Type::Record(record) => {
            all_of(types, record.fields.iter().map(|field| field.ty)).prop_map(Value::record).boxed()
        }
        Type::Enum(it) => {
            let variants = it.variants.iter().enumerate().map(|(index, variant)| {
                let payload = all_of(types, variant.fields.iter().map(|field| field.ty));
                payload.prop_map(move |fields| Value::Variant(index as u32, fields.into())).boxed()
            });
            proptest::strategy::Union::new(variants).boxed()
        }
        _ => Just(sample(&types.bundle, ty)).boxed(),
    }
}

fn all_of(types: &Types, parts: impl Iterator<Item = TypeId>) -> BoxedStrategy<Vec<Value>> {
    parts.map(|ty| any_value(types, ty)).collect::<Vec<_>>().boxed()
}

#[test]
fn decoding_undoes_encoding() {
    let types = Types::new();
    let all = (0..types.bundle.types.len() as u32).map(TypeId);
    let values = all.map(|ty| any_value(&types, ty).prop_map(move |value| (ty, value)).boxed());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(2_000));
    let outcome = runner.run(&proptest::strategy::Union::new(values), |(ty, value)| {
        prop_assert_eq!(validate(&types.bundle, ty, &value), Ok(()));
        let text = encode(&types.bundle, ty, &value).to_string();
        let json: Json = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(decode(&types.bundle, ty, &json), Ok(value));
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

proptest! {
    #[test]
    fn decoding_any_json_never_fails_to_answer(text in "\\PC{0,60}", ty in 0_u32..22) {
        let types = Types::new();
        if let Ok(json) = serde_json::from_str::<Json>(&text) {
            let _ = decode(&types.bundle, TypeId(ty), &json);
        }
        let _ = (parse_amount(&text), parse_duration(&text), super::parse_date(&text), super::parse_time(&text));
    }
}
