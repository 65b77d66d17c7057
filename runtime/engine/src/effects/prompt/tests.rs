use flow_eval::Value;
use flow_ir::Bundle;
use flow_ir::setup::{Callee, Confidence, PromptTool};
use flow_ir::units::{ErrorClass, Usd};
use flow_model::{ErrorKind, Finish, Output, Role, ToolCall};
use flow_providers::tool::ToolReply;
use serde_json::json;

use crate::effects::fixtures::*;

const GOOD: &str = r#"{"intent": {"Offer": {"amount": 7}}, "urgency": 2}"#;

fn triage() -> Box<crate::protocol::Invocation> {
    invocation(Callee::Prompt(TRIAGE_PROMPT), vec![Value::text("Buy now")])
}

fn with_prompt(change: impl FnOnce(&mut flow_ir::setup::Prompt)) -> Bundle {
    let mut bundle = bundle();
    change(&mut bundle.prompts[0]);
    bundle
}

#[test]
fn an_answer_becomes_a_value_with_its_cost() {
    let world = World::says([Ok(reply(GOOD))]);
    let (value, facts) = value(outcome(&performer(bundle(), &world), &context(None), triage()));
    let offer = Value::Variant(1, [Value::Int(7)].into());
    assert_eq!(value, Value::record([offer, Value::Int(2)]));
    assert_eq!((facts.cost, facts.input_tokens, facts.output_tokens, facts.attempts), (Usd(20), 10, 5, 1));
    assert_eq!((facts.model.as_deref(), facts.finish.as_deref()), (Some("m-1"), Some("stop")));
    assert_eq!(facts.messages.unwrap().as_list().unwrap().len(), 3, "system, user, answer");
    let request = &world.requests.lock().unwrap()[0];
    assert_eq!(request.messages[1].plain_text(), "Mail: Buy now");
    assert!(matches!(&request.output, Output::Json { name, strict: true, .. } if name == "triage"));
    assert_eq!((request.model.as_str(), request.max_output), ("fast-1", Some(100)));
}

#[test]
fn an_answer_that_does_not_fit_is_sent_back_with_the_reason() {
    let bad = r#"{"intent": "Spam", "urgency": 9}"#;
    let world = World::says([Ok(reply(bad)), Ok(reply(GOOD))]);
    let bundle_ = with_prompt(|prompt| prompt.repair = 1);
    let (_, facts) = value(outcome(&performer(bundle_, &world), &context(None), triage()));
    assert_eq!((facts.attempts, facts.cost), (2, Usd(40)));
    let requests = world.requests.lock().unwrap();
    let sent: Vec<Role> = requests[1].messages.iter().map(|message| message.role).collect();
    assert_eq!(sent, [Role::System, Role::User, Role::Assistant, Role::User]);
    assert_eq!(requests[1].messages[2].plain_text(), bad);
    assert!(requests[1].messages[3].plain_text().contains("$.urgency"), "{:?}", requests[1].messages[3]);
}

#[test]
fn what_cannot_be_used_is_invalid_and_quotes_nothing() {
    let cut = flow_model::ChatReply { finish: Finish::Length, ..reply(r#"{"intent": "Sp"#) };
    let cases = [
        (reply("Sure! secret words"), "it is no JSON"),
        (reply(""), "it is empty"),
        (reply(r#"{"intent": "Spam"}"#), "urgency"),
        (reply(r#"{"intent": "Spam", "urgency": 2, "mood": 1}"#), "mood"),
        (cut, "cut off after 5 tokens"),
    ];
    for (answer, part) in cases {
        let world = World::says([Ok(answer)]);
        let (class, message, facts) = raised(outcome(&performer(bundle(), &world), &context(None), triage()));
        assert_eq!(class, ErrorClass::Invalid, "{message}");
        assert!(message.contains(part) && message.contains("`triage`"), "{message}");
        assert!(!message.contains("secret words"), "{message}");
        assert_eq!(facts.cost, Usd(20), "it is paid all the same");
    }
}

#[test]
fn a_code_fence_is_taken_off() {
    let world = World::says([Ok(reply(&format!("```json\n{GOOD}\n```")))]);
    value(outcome(&performer(bundle(), &world), &context(None), triage()));
}

#[test]
fn a_model_that_cannot_json_is_told_the_schema() {
    let mut bundle = bundle();
    bundle.models[0].can.clear();
    let world = World::says([Ok(reply(GOOD))]);
    value(outcome(&performer(bundle, &world), &context(None), triage()));
    let request = &world.requests.lock().unwrap()[0];
    assert_eq!(request.output, Output::Text);
    assert!(request.messages[0].plain_text().contains("\"urgency\""));
}

#[test]
fn errors_fall_back_then_are_retried_then_are_raised() {
    let busy = || Err(error(ErrorKind::Overloaded { retry_after_ms: None }));
    let cases = [
        // A fallback answers now, a retry waits: it comes when all have had their turn.
        (vec![busy(), Ok(reply(GOOD))], Ok("slow-1"), 2),
        (vec![busy(), busy(), Ok(reply(GOOD))], Ok("fast-1"), 3),
        (vec![Err(error(ErrorKind::Auth)), Ok(reply(GOOD))], Ok("slow-1"), 2),
        (vec![busy(), busy(), Err(error(ErrorKind::Auth))], Err(ErrorClass::Refused), 3),
        (vec![Err(error(ErrorKind::ContentPolicy))], Err(ErrorClass::Refused), 1),
        (vec![busy(), busy(), busy()], Err(ErrorClass::Overload), 3),
    ];
    for (replies, expect, attempts) in cases {
        let world = World::says(replies.clone());
        let outcome = outcome(&performer(bundle(), &world), &context(None), triage());
        let asked = world.requests.lock().unwrap().last().unwrap().model.clone();
        let facts = match (outcome, expect) {
            (crate::protocol::Outcome::Ok { facts, .. }, Ok(model)) => {
                assert_eq!(asked, model, "{replies:?}");
                facts
            }
            (crate::protocol::Outcome::Err { class, facts, .. }, Err(expect)) => {
                assert_eq!(class, expect, "{replies:?}");
                facts
            }
            (outcome, expect) => panic!("{outcome:?} instead of {expect:?}"),
        };
        assert_eq!(facts.attempts, attempts, "{replies:?}");
    }
}

#[test]
fn a_refusal_is_not_repaired_and_not_asked_elsewhere() {
    let refusal = flow_model::ChatReply { refusal: Some("I will not".to_owned()), ..reply("") };
    let world = World::says([Ok(refusal), Ok(reply(GOOD))]);
    let bundle_ = with_prompt(|prompt| prompt.repair = 3);
    let (class, message, _) = raised(outcome(&performer(bundle_, &world), &context(None), triage()));
    assert_eq!(class, ErrorClass::Refused);
    assert!(!message.contains("I will not"), "{message}");
    assert_eq!(world.requests.lock().unwrap().len(), 1);
}

#[test]
fn an_attempt_is_reserved_before_it_is_made_and_settled_after() {
    let world = World::says([Ok(reply(GOOD))]);
    let performer = performer(bundle(), &world);
    let (class, message, facts) = raised(outcome(&performer, &context(Some(Usd(100))), triage()));
    assert_eq!(class, ErrorClass::Budget);
    assert!(message.contains("may cost up to") && message.contains("0.0001 USD is left"), "{message}");
    assert_eq!((facts.attempts, world.requests.lock().unwrap().len()), (0, 0), "nothing was sent");
    let rich = context(Some(Usd(1_000)));
    value(outcome(&performer, &rich, triage()));
    assert_eq!(rich.purse.left().cost, Some(Usd(980)));
}

#[test]
fn a_provider_that_does_not_count_is_paid_the_worst_case() {
    let world = World::says([Ok(flow_model::ChatReply { usage: None, ..reply(GOOD) })]);
    let (_, facts) = value(outcome(&performer(bundle(), &world), &context(None), triage()));
    assert!(facts.cost > Usd(200), "{}: a hundred tokens of output are reserved", facts.cost);
}

#[test]
fn of_two_counts_the_one_that_is_missing_is_paid_as_in_the_worst_case() {
    let told = |input, output| {
        let usage = flow_model::Usage { input, output, ..flow_model::Usage::default() };
        let world = World::says([Ok(flow_model::ChatReply { usage: Some(usage), ..reply(GOOD) })]);
        value(outcome(&performer(bundle(), &world), &context(None), triage())).1.cost
    };
    let nothing = told(None, None);
    assert_eq!(told(Some(0), None), Usd(200), "a hundred tokens of output");
    assert_eq!(told(Some(0), None).0 + told(None, Some(0)).0, nothing.0);
}

#[test]
fn what_does_not_fit_the_model_is_not_sent() {
    let mut bundle = bundle();
    bundle.models[0].context = Some(120);
    let world = World::says([]);
    let (class, message, _) = raised(outcome(&performer(bundle, &world), &context(None), triage()));
    assert_eq!(class, ErrorClass::Invalid);
    assert!(message.contains("`fast` holds 120"), "{message}");
    assert!(world.requests.lock().unwrap().is_empty());
}

#[test]
fn a_vote_is_the_most_common_answer_and_its_share() {
    let spam = r#"{"intent": "Spam", "urgency": 1}"#;
    let world = World::says([Ok(reply(GOOD)), Ok(reply(spam)), Ok(reply(GOOD))]);
    let bundle_ = with_prompt(|prompt| prompt.confidence = Some(Confidence::Vote(3)));
    let (value, facts) = value(outcome(&performer(bundle_, &world), &context(None), triage()));
    assert_eq!(value.as_fields().unwrap()[1], Value::Int(2));
    assert!((facts.confidence.unwrap() - 2.0 / 3.0).abs() < 1e-9);
    assert_eq!((facts.attempts, facts.cost), (3, Usd(60)));
}

#[test]
fn probabilities_that_do_not_come_are_not_made_up() {
    let world = World::says([Ok(reply(GOOD))]);
    let bundle_ = with_prompt(|prompt| prompt.confidence = Some(Confidence::Logprob(vec!["intent".into()])));
    let (class, message, _) = raised(outcome(&performer(bundle_, &world), &context(None), triage()));
    assert_eq!(class, ErrorClass::Overload);
    assert!(message.contains("no probabilities"), "{message}");
    assert!(world.requests.lock().unwrap()[0].logprobs);
}

#[test]
fn an_exact_repetition_is_answered_from_the_cache() {
    let world = World::says([Ok(reply(GOOD))]);
    let performer = performer(with_prompt(|prompt| prompt.cache = true), &world);
    let first = value(outcome(&performer, &context(None), triage()));
    let second = value(outcome(&performer, &context(None), triage()));
    assert_eq!((first.0, first.1.cost), (second.0, Usd(20)));
    assert_eq!((second.1.cost, second.1.attempts), (Usd(0), 0));
}

#[test]
fn a_model_may_call_read_tools_for_some_rounds() {
    let asks = |arguments: &str| {
        let call = ToolCall { id: "t1".to_owned(), name: "find".to_owned(), arguments: arguments.to_owned() };
        Ok(flow_model::ChatReply { tool_calls: vec![call], finish: Finish::ToolCall, ..reply("") })
    };
    let bundle_ = || {
        with_prompt(|prompt| {
            prompt.tools = vec![PromptTool::Tool(FIND)];
            prompt.rounds = 2;
        })
    };
    let world = World::says([asks(r#"{"address": "4 Elm"}"#), asks(r#"{"street": 1}"#), Ok(reply(GOOD))]);
    world.tools.lock().unwrap().push_back(Ok(ToolReply::Json(json!("L1"))));
    let (_, facts) = value(outcome(&performer(bundle_(), &world), &context(None), triage()));
    assert_eq!(facts.cost, Usd(60 + 5), "three answers and one tool");
    let requests = world.requests.lock().unwrap();
    let last: Vec<String> = requests[2].messages.iter().map(flow_model::Message::plain_text).collect();
    assert_eq!(last[3], "\"L1\"");
    assert!(last[5].contains("there is no parameter `street`"), "{last:?}");
    assert_eq!(requests[2].tools.len(), 0, "the rounds are used up");
    let stubborn = World::says([asks("{}"), asks("{}"), asks("{}")]);
    let (class, _, _) = raised(outcome(&performer(bundle_(), &stubborn), &context(None), triage()));
    assert_eq!(class, ErrorClass::Invalid);
}

#[test]
fn a_digest_says_what_is_asked_and_not_where_it_stands() {
    let digest = |bundle: &Bundle| super::digests(bundle)[0].clone();
    let base = digest(&bundle());
    assert_eq!(base.len(), 16);
    let mut other = bundle();
    other.prompts[0].messages.pop();
    assert_ne!(digest(&other), base);
    // Another type in the table moves every row after it.
    let json = serde_json::to_string(&bundle().prompts[0].messages).unwrap().replace("\"ty\":0", "\"ty\":7");
    let mut moved = bundle();
    moved.prompts[0].messages = serde_json::from_str(&json).unwrap();
    assert_eq!(digest(&moved), base);
}
