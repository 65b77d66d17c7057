use std::sync::Arc;

use flow_eval::Value;
use flow_ir::setup::Callee;
use flow_ir::units::ErrorClass;
use flow_model::ErrorKind;
use flow_providers::SecretString;
use flow_providers::tool::ToolReply;
use serde_json::json;

use super::{Cassette, CassetteError, Exchange, Recorder, Replay};
use crate::effects::fixtures::*;
use crate::effects::{Outside, Performer};

const GOOD: &str = r#"{"intent": "Spam", "urgency": 2}"#;

fn triage(mail: &str) -> Box<crate::protocol::Invocation> {
    invocation(Callee::Prompt(TRIAGE_PROMPT), vec![Value::text(mail)])
}

fn find() -> Box<crate::protocol::Invocation> {
    invocation(Callee::Tool(FIND), vec![Value::text("4 Elm")])
}

fn recorded() -> Cassette {
    let urgent = GOOD.replace('2', "5");
    let busy = Err(error(ErrorKind::Overloaded { retry_after_ms: None }));
    let world = World::says([busy, Ok(reply(GOOD)), Ok(reply(&urgent))]);
    world.tools.lock().unwrap().push_back(Ok(ToolReply::Json(json!("token sk-1 here"))));
    let recorder = Arc::new(Recorder::new(world, None, vec![SecretString::from("sk-1".to_owned())]));
    let performer = Performer::new(surroundings(bundle(), recorder.clone()));
    value(outcome(&performer, &context(None), triage("a")));
    value(outcome(&performer, &context(None), triage("b")));
    value(outcome(&performer, &context(None), find()));
    recorder.cassette()
}

fn replaying(bundle: flow_ir::Bundle, cassette: Cassette) -> (Arc<Replay>, Performer) {
    let replay = Arc::new(Replay::new("run.json", cassette));
    let performer = Performer::new(surroundings(bundle, replay.clone()));
    (replay, performer)
}

#[test]
fn a_recorded_run_is_walked_again_without_a_world() {
    let text = recorded().to_text();
    assert!(!text.contains("sk-1"), "{text}");
    let (replay, performer) = replaying(bundle(), Cassette::parse(&text).unwrap());
    let (first, facts) = value(outcome(&performer, &context(None), triage("a")));
    assert_eq!(
        (first.as_fields().unwrap()[1].clone(), facts.attempts),
        (Value::Int(2), 2),
        "the retry as well"
    );
    assert_eq!(
        value(outcome(&performer, &context(None), triage("b"))).0.as_fields().unwrap()[1],
        Value::Int(5)
    );
    assert_eq!(value(outcome(&performer, &context(None), find())).0, Value::text("token [secret] here"));
    assert!(replay.problems().is_empty() && replay.unused().is_empty());
}

#[test]
fn equal_requests_get_their_own_answers_in_any_order() {
    let (_, performer) = replaying(bundle(), recorded());
    assert_eq!(
        value(outcome(&performer, &context(None), triage("b"))).0.as_fields().unwrap()[1],
        Value::Int(5)
    );
}

#[test]
fn a_changed_prompt_gets_no_answer() {
    let mut changed = bundle();
    changed.prompts[0].output = Some(50);
    let (replay, performer) = replaying(changed, recorded());
    let (class, message, _) = raised(outcome(&performer, &context(None), triage("a")));
    assert_eq!(class, ErrorClass::Refused);
    let problem = &replay.problems()[0];
    assert!(message.contains(problem), "{message}");
    assert!(problem.starts_with("FL0903: run.json was recorded for prompt `triage#"), "{problem}");
    assert!(problem.ends_with("record again with `flowc test --record`"), "{problem}");
}

#[test]
fn what_was_not_recorded_is_a_problem_even_if_the_flow_handles_it() {
    let (replay, performer) = replaying(bundle(), Cassette::new(Vec::new()));
    raised(outcome(&performer, &context(None), triage("a")));
    raised(outcome(&performer, &context(None), find()));
    let problems = replay.problems();
    assert!(problems[0].contains("holds no further answer for prompt `triage`"), "{problems:?}");
    assert!(problems.last().unwrap().contains("tool `find`"), "{problems:?}");
}

#[test]
fn a_recorder_asks_only_for_what_is_missing() {
    let mut cassette = recorded();
    cassette.exchanges.retain(|exchange| matches!(exchange, Exchange::Prompt { .. }));
    let world = World::does([Ok(ToolReply::Json(json!("L1")))]);
    let recorder = Arc::new(Recorder::new(world.clone(), Some(Replay::new("x", cassette)), Vec::new()));
    let performer = Performer::new(surroundings(bundle(), recorder.clone() as Arc<dyn Outside>));
    value(outcome(&performer, &context(None), triage("b")));
    value(outcome(&performer, &context(None), find()));
    assert!(world.requests.lock().unwrap().is_empty());
    assert_eq!(recorder.cassette().exchanges.len(), 2);
}

#[test]
fn by_hand_a_name_and_an_answer_are_enough() {
    let text = r#"{ "format": "flow-cassette/1", "exchanges": [
        { "kind": "prompt", "name": "triage", "answer": { "reply": { "text": "{\"intent\": \"Spam\", \"urgency\": 2}" } } },
        { "kind": "tool", "name": "find", "answer": { "json": "L1" } },
        { "kind": "tool", "name": "find", "answer": "absent" },
        { "kind": "tool", "name": "find", "answer": { "error": { "class": "Denied", "message": "no" } } }
    ] }"#;
    let (replay, performer) = replaying(bundle(), Cassette::parse(text).unwrap());
    value(outcome(&performer, &context(None), triage("a")));
    assert_eq!(value(outcome(&performer, &context(None), find())).0, Value::text("L1"));
    assert_eq!(value(outcome(&performer, &context(None), find())).0, Value::None);
    assert_eq!(replay.unused(), ["find"]);
    assert_eq!(raised(outcome(&performer, &context(None), find())).0, ErrorClass::Denied);
}

#[test]
fn other_files_are_refused_with_a_reason() {
    let cases = [
        ("", "this is no cassette"),
        ("[]", "it does not say"),
        (r#"{"format": "flow-cassette/9", "exchanges": []}"#, "is `flow-cassette/9`"),
        (r#"{"format": "flow-cassette/1", "exchanges": [], "extra": 1}"#, "extra"),
        (r#"{"format": "flow-cassette/1", "exchanges": [{"kind": "prompt", "nam": "x"}]}"#, "nam"),
    ];
    for (text, part) in cases {
        let error: CassetteError = Cassette::parse(text).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}
