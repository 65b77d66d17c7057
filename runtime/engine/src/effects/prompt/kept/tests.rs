use std::sync::Arc;

use flow_eval::Value;
use flow_ir::setup::{Callee, ResourceKind};
use flow_ir::units::{ErrorClass, Usd};
use flow_model::ErrorKind;
use futures_util::future::join_all;

use crate::effects::fixtures::*;
use crate::port::{Effects, InvokeContext, Reply};
use crate::protocol::Outcome;

const GOOD: &str = r#"{"intent": "Spam", "urgency": 2}"#;

fn triage(mail: &str) -> Box<crate::protocol::Invocation> {
    invocation(Callee::Prompt(TRIAGE_PROMPT), vec![Value::text(mail)])
}

/// A prompt whose answers are kept in a resource; `similar` in millionths.
fn keeping(similar: Option<u32>) -> flow_ir::Bundle {
    let mut bundle = bundle();
    bundle.models.iter_mut().for_each(|model| model.parallel = None);
    bundle.resources = vec![flow_ir::setup::Resource {
        similar,
        keep_ms: Some(1_000),
        ..resource(ResourceKind::Cache, TRIAGE)
    }];
    bundle.prompts[0].cache_in = Some(NOTES);
    bundle
}

#[test]
fn an_exact_repetition_is_kept_for_as_long_as_the_resource_says() {
    let world = World::says([Ok(reply(GOOD)), Ok(reply(GOOD))]);
    let performer = performer(keeping(None), &world);
    let first = value(outcome(&performer, &context(None), triage("Buy now")));
    let second = value(outcome(&performer, &context(None), triage("Buy now")));
    assert_eq!((first.0, first.1.cost), (second.0, Usd(20)));
    assert_eq!(
        (second.1.cost, second.1.attempts, second.1.route.as_deref()),
        (Usd(0), 0, Some("kept answer"))
    );
    let later = InvokeContext { now_ms: 2_000, ..context(None) };
    assert_eq!(value(outcome(&performer, &later, triage("Buy now"))).1.cost, Usd(20), "too old");
}

#[test]
fn a_similar_question_is_answered_and_another_one_is_not() {
    let world = World::says([Ok(reply(GOOD)), Ok(reply(GOOD)), Ok(reply(GOOD))]);
    let performer = performer(keeping(Some(700_000)), &world);
    value(outcome(&performer, &context(None), triage("please reset my password now")));
    let (_, facts) = value(outcome(&performer, &context(None), triage("please reset my password")));
    assert_eq!(facts.cost, Usd(0));
    let (_, facts) = value(outcome(&performer, &context(None), triage("cancel the order of last week")));
    assert_eq!(facts.cost, Usd(20));
    assert_eq!(world.requests.lock().unwrap().len(), 2);
}

#[test]
fn a_cache_does_not_mix_tenants_and_models() {
    let world = World::says((0..4).map(|_| Ok(reply(GOOD))));
    let performer = performer(keeping(Some(1)), &world);
    value(outcome(&performer, &context(None), triage("Buy now")));
    let mut other = context(None);
    other.header = Arc::new(crate::protocol::RunHeader { tenant: "other".into(), ..(*other.header).clone() });
    assert_eq!(value(outcome(&performer, &other, triage("Buy now"))).1.cost, Usd(20), "another tenant");
    let model =
        Box::new(crate::protocol::Invocation { model: Some(flow_ir::ModelId(1)), ..*triage("Buy now") });
    assert_eq!(value(outcome(&performer, &context(None), model)).1.cost, Usd(20), "another model");
}

/// All at once, on one thread.
fn together(performer: &crate::effects::Performer, count: usize) -> Vec<Outcome> {
    let flights = (0..count).map(|_| match performer.invoke(&context(None), triage("Buy now")) {
        Reply::Later(future) => future,
        Reply::Now(outcome) => panic!("{outcome:?}"),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(join_all(flights))
}

#[test]
fn equal_calls_at_one_time_are_asked_once() {
    for exact in [true, false] {
        let mut bundle = keeping(None);
        if exact {
            bundle.prompts[0].cache_in = None;
            bundle.prompts[0].cache = true;
        }
        let world = Arc::new(World { slow: true, ..World::default() });
        world.replies.lock().unwrap().push_back(Ok(reply(GOOD)));
        let outcomes = together(&performer(bundle, &world), 20);
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Ok { .. })), "{outcomes:?}");
        assert_eq!(world.requests.lock().unwrap().len(), 1);
    }
}

#[test]
fn those_that_waited_for_a_failure_fail_with_it_and_the_next_asks_anew() {
    let world = Arc::new(World { slow: true, ..World::default() });
    world.replies.lock().unwrap().extend([Err(error(ErrorKind::ContentPolicy)), Ok(reply(GOOD))]);
    let performer = performer(keeping(None), &world);
    for outcome in together(&performer, 5) {
        assert_eq!(raised(outcome).0, ErrorClass::Refused);
    }
    assert_eq!(world.requests.lock().unwrap().len(), 1);
    value(outcome(&performer, &context(None), triage("Buy now")));
}
