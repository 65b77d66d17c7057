use std::sync::Arc;

use flow_eval::Value;
use flow_ir::expr::{Compare, Const, Expr, ExprKind, Lambda};
use flow_ir::setup::{Method, ResourceKind, SearchMode};
use flow_ir::types::{Record, Type};
use flow_ir::units::ErrorClass;
use flow_ir::{Bundle, LocalId, TypeId};

use crate::effects::fixtures::*;
use crate::effects::{Closed, Performer};
use crate::protocol::Filter;

const BOOL: TypeId = TypeId(8);
const CHUNK: TypeId = TypeId(9);

fn with(kind: ResourceKind, item: TypeId, change: impl FnOnce(&mut flow_ir::setup::Resource)) -> Performer {
    let mut bundle: Bundle = bundle();
    let fields = vec![field("id", TEXT), field("body", TEXT), field("score", FLOAT)];
    bundle.types.push(Type::Bool);
    bundle.types.push(Type::Record(Record { name: "Chunk".into(), doc: "".into(), fields }));
    bundle.types[FLOAT.index()] = Type::Optional { item: TypeId(10) };
    bundle.types.push(Type::Float { min: None, max: None });
    let mut resource = resource(kind, item);
    change(&mut resource);
    bundle.resources = vec![resource];
    Performer::new(surroundings(bundle, Arc::new(Closed)))
}

fn texts(texts: &[&str]) -> Value {
    Value::list(texts.iter().map(|text| Value::text(*text)))
}

#[test]
fn a_memory_gives_the_last_oldest_first_by_number_or_tokens() {
    let memory = with(ResourceKind::Memory, TEXT, |_| {});
    let key = || Value::text("s1");
    let last = |n: Value| value(call(&memory, Method::MemoryLast, vec![key(), n])).0;
    assert_eq!(last(Value::Int(5)), texts(&[]));
    value(call(&memory, Method::MemoryAdd, vec![key(), texts(&["one", "two"])]));
    value(call(&memory, Method::MemoryAdd, vec![key(), texts(&["three"])]));
    assert_eq!(last(Value::Int(2)), texts(&["two", "three"]));
    let one = flow_ir::tokens::count("three");
    assert_eq!(last(Value::Tokens(one)), texts(&["three"]));
    assert_eq!(last(Value::Tokens(0)), texts(&[]));
    value(call(&memory, Method::MemoryForget, vec![key()]));
    assert_eq!(last(Value::Int(5)), texts(&[]));
}

#[test]
fn slots_are_a_record_when_nothing_is_missing() {
    let form = with(ResourceKind::Slots, TRIAGE, |_| {});
    let fill = |intent: Value, urgency: Value| {
        let partial = Value::record([intent, urgency]);
        value(call(&form, Method::SlotsFill, vec![Value::text("s"), partial])).0
    };
    let spam = Value::unit_variant(0);
    assert_eq!(fill(spam.clone(), Value::None), Value::record([Value::None, texts(&["urgency"])]));
    let whole = Value::record([spam, Value::Int(2)]);
    assert_eq!(fill(Value::None, Value::Int(2)), Value::record([whole, texts(&[])]));
    value(call(&form, Method::SlotsDrop, vec![Value::text("s")]));
    assert_eq!(fill(Value::None, Value::None).as_fields().unwrap()[1], texts(&["intent", "urgency"]));
}

#[test]
fn caches_answer_exactly_or_nearly() {
    let exact = with(ResourceKind::Cache, INT, |_| {});
    let near = with(ResourceKind::Cache, INT, |cache| cache.similar = Some(900_000));
    for cache in [&exact, &near] {
        value(call(cache, Method::CachePut, vec![Value::text("reset the router"), Value::Int(7)]));
    }
    let get = |cache: &Performer, key: &str| value(call(cache, Method::CacheGet, vec![Value::text(key)])).0;
    assert_eq!(get(&exact, "reset the router"), Value::Int(7));
    assert_eq!(get(&exact, "Reset the router?"), Value::None);
    assert_eq!(get(&near, "Reset the router?"), Value::Int(7));
    assert_eq!(get(&near, "opening hours"), Value::None);
}

fn chunk(id: &str, body: &str) -> Value {
    Value::record([Value::text(id), Value::text(body), Value::None])
}

#[test]
fn an_index_finds_in_every_mode_and_filters_before_top() {
    for mode in [SearchMode::Keyword, SearchMode::Vector, SearchMode::Hybrid] {
        let index = with(ResourceKind::Index, CHUNK, |index| index.mode = mode);
        let items = Value::list([
            chunk("a", "Press reset on the router."),
            chunk("b", "Reset."),
            chunk("c", "Hours."),
        ]);
        assert_eq!(value(call(&index, Method::IndexPut, vec![items])).0, Value::record([Value::Int(3)]));
        let search = |filter: Option<Filter>| {
            let args = vec![Value::text("reset the router"), Value::Int(1), Value::None];
            let mut asked = invocation(flow_ir::setup::Callee::Method(NOTES, Method::IndexSearch), args);
            asked.filter = filter;
            let found = value(outcome(&index, &context(None), asked)).0;
            let hits = found.as_list().unwrap().to_vec();
            assert_eq!(hits.len(), 1, "{mode:?}");
            hits[0].as_fields().unwrap().to_vec()
        };
        let best = search(None);
        assert_eq!(best[0], Value::text("a"), "{mode:?}");
        assert!(matches!(best[2], Value::Float(score) if score > 0.0), "{mode:?}");
        assert_eq!(search(Some(only("b")))[0], Value::text("b"), "{mode:?}");
    }
}

/// `c => c.id == id`.
fn only(id: &str) -> Filter {
    let local = Expr { ty: CHUNK, kind: ExprKind::Local(LocalId(0)) };
    let field = Expr { ty: TEXT, kind: ExprKind::Field { base: Box::new(local), field: 0 } };
    let wanted = Expr { ty: TEXT, kind: ExprKind::Const(Const::Text(id.into())) };
    let body = Expr { ty: BOOL, kind: ExprKind::Compare(Compare::Eq, Box::new(field), Box::new(wanted)) };
    Filter { lambda: Lambda { param: LocalId(0), body }, slots: Arc::from([]), locals: Arc::from([]) }
}

#[test]
fn events_queues_topics_and_datasets_pass_values_on() {
    let events = with(ResourceKind::Events, INT, |_| {});
    value(call(&events, Method::EventsPut, vec![Value::text("s"), Value::Int(1)]));
    assert_eq!(value(call(&events, Method::EventsWait, vec![Value::text("s")])).0, Value::Int(1));
    let queue = with(ResourceKind::Queue, INT, |_| {});
    for n in 0..3 {
        value(call(&queue, Method::QueueAdd, vec![Value::Int(n)]));
    }
    let taken = value(call(&queue, Method::QueueTake, vec![Value::Int(2)])).0;
    assert_eq!(taken, Value::list([Value::Int(0), Value::Int(1)]));
    let topic = with(ResourceKind::Topic, INT, |_| {});
    assert_eq!(value(call(&topic, Method::TopicEmit, vec![Value::Int(1)])).0, Value::Nothing);
    let rows = with(ResourceKind::Dataset, INT, |_| {});
    let added = value(call(&rows, Method::DatasetAdd, vec![Value::list([Value::Int(1), Value::Int(2)])])).0;
    assert_eq!(added, Value::record([Value::Int(2)]));
}

#[test]
fn a_value_of_an_earlier_version_is_invalid_not_guessed() {
    let mut bundle = bundle();
    bundle.resources = vec![resource(ResourceKind::Cache, TEXT)];
    let old = surroundings(bundle.clone(), Arc::new(Closed));
    bundle.resources = vec![resource(ResourceKind::Cache, INT)];
    let new = crate::effects::Surroundings { bundle: Arc::new(bundle), ..old.clone() };
    value(call(&Performer::new(old), Method::CachePut, vec![Value::text("k"), Value::text("v")]));
    let (class, message, _) = raised(call(&Performer::new(new), Method::CacheGet, vec![Value::text("k")]));
    assert_eq!(class, ErrorClass::Invalid);
    assert!(message.contains("`notes` holds a value of an earlier version"), "{message}");
}
