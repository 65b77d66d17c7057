use super::{model, prompt};
use crate::bundle::Bundle;
use crate::ids::TypeId;
use crate::setup::{Capability, Model, Prompt};
use crate::types::{Field, Labels, Record, TextSize, Type};
use crate::units::Usd;

fn field(name: &str, ty: u32) -> Field {
    Field { name: name.into(), wire: name.into(), doc: "".into(), ty: TypeId(ty), labels: Labels::default() }
}

fn text(max: u64) -> Type {
    Type::Text { size: Some(TextSize { in_tokens: true, min: 0, max: Some(max) }) }
}

/// Types 0 `text ..n`, 1 the record of the result.
fn bundle(input: u64, params: &[Field], fields: &[Field], output: Option<u64>) -> Bundle {
    let record = Record { name: "Sorted".into(), doc: "".into(), fields: fields.to_vec() };
    let prompt = serde_json::json!({
        "name": "sort", "doc": "", "params": params, "ret": 1, "messages": [], "registry": null,
        "output": output, "confidence": null, "repair": 0, "tools": [], "rounds": 0, "temperature": null,
        "cache": false,
    });
    let prompt: Prompt = serde_json::from_value(prompt).unwrap();
    Bundle { types: vec![text(input), Type::Record(record)], prompts: vec![prompt], ..Bundle::default() }
}

#[track_caller]
fn said(package: &Bundle, version: &Bundle) -> Vec<String> {
    prompt(package, &package.prompts[0], version).iter().map(ToString::to_string).collect()
}

#[test]
fn what_takes_more_and_gives_less_fits() {
    let package = bundle(100, &[field("mail", 0)], &[field("team", 0)], Some(50));
    let same = bundle(100, &[field("mail", 0)], &[field("team", 0)], Some(40));
    assert_eq!(said(&package, &same), Vec::<String>::new());
}

#[test]
fn each_difference_is_named_with_its_part() {
    let package = bundle(100, &[field("mail", 0)], &[field("team", 0)], Some(50));
    let cases = [
        (
            bundle(100, &[field("mail", 0), field("tone", 0)], &[field("team", 0)], None),
            "`tone` (`text in ..100 tokens`) is wanted by the version, and no caller passes it",
        ),
        (bundle(100, &[], &[field("team", 0)], None), "`mail` is passed, and the version does not take it"),
        (
            bundle(100, &[field("mail", 0)], &[], None),
            "`result.team` is read by the package, and the version does not give it",
        ),
        (
            bundle(100, &[field("mail", 0)], &[field("team", 0), field("why", 0)], None),
            "`result.why` is given by the version, and the package does not know it",
        ),
        (
            bundle(100, &[field("mail", 0)], &[field("team", 0)], Some(51)),
            "`output` is up to 51 tokens in the version; the package allows 50",
        ),
    ];
    for (version, message) in cases {
        assert_eq!(said(&package, &version), [message]);
    }
}

#[test]
fn bounds_go_with_the_direction() {
    let package = bundle(100, &[field("mail", 0)], &[], None);
    let narrow = bundle(99, &[field("mail", 0)], &[], None);
    let message = "`mail` is passed as `text in ..100 tokens`; the version takes `text in ..99 tokens`";
    assert_eq!(said(&package, &narrow), [message]);
    assert_eq!(said(&narrow, &package), Vec::<String>::new());
    let reads = bundle(100, &[], &[field("team", 0)], None);
    let gives = bundle(101, &[], &[field("team", 0)], None);
    let message =
        "`result.team` is given as `text in ..101 tokens`; the package reads `text in ..100 tokens`";
    assert_eq!(said(&reads, &gives), [message]);
}

#[test]
fn labels_must_be_equal() {
    let pii = Field { labels: Labels { pii: true, ..Labels::default() }, ..field("mail", 0) };
    let package = bundle(100, &[pii], &[], None);
    let plain = bundle(100, &[field("mail", 0)], &[], None);
    assert_eq!(said(&package, &plain), ["`mail` is `pii` in the package and without label in the version"]);
}

fn entry() -> Model {
    let model = serde_json::json!({
        "name": "fast", "provider": "openai", "id": "gpt", "address": null, "auth": null, "region": "eu",
        "can": ["Json"], "context": 1000, "output": 100, "price_in": 10, "price_out": 20, "timeout_ms": null,
        "retry": 0, "fallback": [], "parallel": null, "token_factor": 1350, "latency_ms": [],
    });
    serde_json::from_value(model).unwrap()
}

#[test]
fn a_model_may_be_better_in_everything_and_worse_in_nothing() {
    let declared = entry();
    let better = Model {
        can: vec![Capability::Json, Capability::Stream],
        context: Some(2000),
        price_in: Some(Usd(9)),
        ..entry()
    };
    assert_eq!(model(&declared, &better), Vec::new());
    let worse = [
        (Model { can: Vec::new(), ..entry() }, "`can` lacks `Json`, which the package needs"),
        (
            Model { context: Some(999), ..entry() },
            "`context` is 999 tokens; the package counts on 1000 tokens",
        ),
        (
            Model { price_out: Some(Usd(21)), ..entry() },
            "`price_out` is 0.000021 USD for a million tokens; the package counts on 0.000020 USD at most",
        ),
        (Model { region: None, ..entry() }, "`region` is not said; the package declares eu"),
        (
            Model { token_factor: 1351, ..entry() },
            "`token_factor` is 1.351; the package counts on 1.350 at most",
        ),
    ];
    for (entry, message) in worse {
        let said: Vec<String> = model(&declared, &entry).iter().map(ToString::to_string).collect();
        assert_eq!(said, [message]);
    }
}
