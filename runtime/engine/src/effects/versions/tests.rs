use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use flow_eval::Value;
use flow_ir::expr::Encoding;
use flow_ir::setup::{Callee, MessageTemplate, Model, Provider};
use flow_ir::types::Type;
use flow_ir::units::ErrorClass;
use flow_ir::{Bundle, ModelId};

use super::{FoundVersion, VersionSource, Wanted};
use crate::effects::fixtures::*;
use crate::protocol::Outcome;

const GOOD: &str = r#"{"intent": "Spam", "urgency": 2}"#;

/// Pointers that a test moves.
#[derive(Default)]
struct Shelf(Mutex<BTreeMap<(Wanted, String), FoundVersion>>);

impl Shelf {
    fn put(&self, wanted: Wanted, reference: &str, number: u32, bundle: Bundle) {
        let found = FoundVersion { number, digest: bundle.digest(), bundle: Arc::new(bundle) };
        self.0.lock().unwrap().insert((wanted, reference.to_owned()), found);
    }
}

impl VersionSource for Shelf {
    fn version(&self, wanted: Wanted, reference: &str) -> Result<FoundVersion, String> {
        let found = self.0.lock().unwrap().get(&(wanted, reference.to_owned())).cloned();
        found.ok_or_else(|| format!("there is no `{reference}`"))
    }
}

/// The triage of the fixtures, with its text in the registry.
fn package() -> Bundle {
    let mut bundle = bundle();
    bundle.prompts[0].registry = Some("desk/triage@prod".into());
    bundle.prompts[0].messages = Vec::new();
    bundle
}

fn version(front: &str) -> Bundle {
    let Bundle { types, mut prompts, .. } = bundle();
    prompts[0].messages = vec![MessageTemplate::User(template(front, Encoding::Plain))];
    Bundle { types, prompts, ..Bundle::default() }
}

fn entry(model: Model) -> Bundle {
    Bundle { models: vec![model], ..Bundle::default() }
}

fn triage() -> Box<crate::protocol::Invocation> {
    invocation(Callee::Prompt(TRIAGE_PROMPT), vec![Value::text("Buy now")])
}

fn refused(outcome: Outcome) -> String {
    match outcome {
        Outcome::Err { class: ErrorClass::Refused, message, .. } => message.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_uses_what_the_pointer_names_when_it_starts_and_records_it() {
    let world = World::says([Ok(reply(GOOD)), Ok(reply(GOOD)), Ok(reply(GOOD))]);
    let shelf = Arc::new(Shelf::default());
    let effects = performer(package(), &world).with_registry(shelf.clone());
    let mut prompts = Vec::new();
    for (number, front) in [(1, "Sort: "), (2, "Please sort: "), (1, "Sort: ")] {
        shelf.put(Wanted::Prompt, "desk/triage@prod", number, version(front));
        let (value, facts) = value(outcome(&effects, &context(None), triage()));
        assert_eq!(value, Value::record([Value::unit_variant(0), Value::Int(2)]));
        assert_eq!(facts.versions.as_deref(), Some(format!("desk/triage@prod = v{number}").as_str()));
        let request = world.requests.lock().unwrap().pop().unwrap();
        assert_eq!(request.messages[0].plain_text(), format!("{front}Buy now"));
        prompts.push(facts.prompt.unwrap());
    }
    assert_eq!(prompts[0], prompts[2]);
    assert_ne!(prompts[0], prompts[1]);
}

#[test]
fn a_model_comes_from_its_pointer_too() {
    let world = World::says([Ok(reply(GOOD))]);
    let shelf = Arc::new(Shelf::default());
    shelf.put(Wanted::Prompt, "desk/triage@prod", 4, version("Sort: "));
    shelf.put(Wanted::Model, "fast@prod", 7, entry(Model { id: "fast-9".into(), ..model("any") }));
    let mut bundle = package();
    bundle.models[0] = Model {
        provider: Provider::Registry,
        id: "fast@prod".into(),
        fallback: vec![ModelId(1)],
        ..model("fast")
    };
    let effects = performer(bundle, &world).with_registry(shelf);
    let (_, facts) = value(outcome(&effects, &context(None), triage()));
    assert_eq!(facts.versions.as_deref(), Some("desk/triage@prod = v4, fast@prod = v7"));
    assert_eq!(world.requests.lock().unwrap()[0].model, "fast-9");
}

#[test]
fn what_is_not_there_or_does_not_fit_is_refused_with_the_reason() {
    let world = World::says([]);
    let alone = performer(package(), &world);
    let message = refused(outcome(&alone, &context(None), triage()));
    assert!(message.contains("`desk/triage@prod` is in the registry"), "{message}");
    let shelf = Arc::new(Shelf::default());
    let effects = performer(package(), &world).with_registry(shelf.clone());
    let message = refused(outcome(&effects, &context(None), triage()));
    assert_eq!(message, "registry: there is no `desk/triage@prod`");
    let mut other = version("Sort: ");
    other.types[3] = Type::Bool;
    shelf.put(Wanted::Prompt, "desk/triage@prod", 2, other);
    let message = refused(outcome(&effects, &context(None), triage()));
    let expected = "v2 of `desk/triage@prod` is not what the package declares: `result` is given as `bool`";
    assert!(message.starts_with(expected), "{message}");
    assert!(world.requests.lock().unwrap().is_empty());
}
