use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use flow_eval::Value;
use flow_ir::HumanId;
use flow_ir::setup::{Callee, Human};
use flow_ir::units::{ErrorClass, Usd};
use futures_util::future::BoxFuture;

use super::{People, PersonAnswer, PersonError, Question};
use crate::effects::fixtures::*;
use crate::effects::{Performer, Surroundings};
use crate::protocol::Outcome;

#[derive(Default)]
struct Office {
    answers: Mutex<VecDeque<(Value, &'static str)>>,
    questions: Mutex<Vec<Question>>,
}

impl People for Office {
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<PersonAnswer, PersonError>> {
        self.questions.lock().unwrap().push(question.clone());
        let next = self.answers.lock().unwrap().pop_front();
        let answer = next.map(|(value, by)| PersonAnswer { value, by: Some(by.into()) });
        let nobody = PersonError { class: ErrorClass::Expired, message: "nobody".to_owned() };
        Box::pin(std::future::ready(answer.ok_or(nobody)))
    }
}

fn ask(quorum: u32, answers: &[(Value, &'static str)]) -> (Outcome, Arc<Office>) {
    let mut bundle = bundle();
    bundle.humans = vec![Human {
        name: "review".into(),
        doc: "".into(),
        params: vec![field("draft", TEXT)],
        ret: INTENT,
        role: Some("agent".into()),
        title: Some(template("Send ", flow_ir::expr::Encoding::Plain)),
        who: None,
        approves: vec![1],
        quorum,
        remind_ms: None,
        cost: Usd(3),
    }];
    let office =
        Arc::new(Office { answers: Mutex::new(answers.iter().cloned().collect()), ..Office::default() });
    let base = surroundings(bundle, World::says([]));
    let performer = Performer::new(Surroundings { people: office.clone(), ..base });
    let question = invocation(Callee::Human(HumanId(0)), vec![Value::text("this")]);
    (outcome(&performer, &context(None), question), office)
}

fn approve() -> Value {
    Value::Variant(1, [Value::Int(1)].into())
}

#[test]
fn a_person_sees_the_arguments_and_decides() {
    let (outcome, office) = ask(1, &[(Value::unit_variant(0), "ann")]);
    let (answer, facts) = value(outcome);
    assert_eq!((answer, facts.by.as_deref(), facts.cost), (Value::unit_variant(0), Some("ann"), Usd(3)));
    let question = &office.questions.lock().unwrap()[0];
    assert_eq!(
        (question.title.as_deref(), &question.args[..]),
        (Some("Send this"), &[Value::text("this")][..])
    );
}

#[test]
fn approval_needs_the_quorum_and_one_objection_decides() {
    let (both, office) = ask(2, &[(approve(), "ann"), (approve(), "bob")]);
    assert_eq!(value(both).1.by.as_deref(), Some("ann, bob"));
    assert_eq!(office.questions.lock().unwrap()[1].before, ["ann"]);
    let (no, _) = ask(3, &[(approve(), "ann"), (Value::unit_variant(0), "bob")]);
    assert_eq!(value(no).0, Value::unit_variant(0));
    let (same, _) = ask(2, &[(approve(), "ann"), (approve(), "ann")]);
    assert_eq!(raised(same).0, ErrorClass::Denied);
}

#[test]
fn nobody_answers_or_something_else_comes() {
    assert_eq!(raised(ask(1, &[]).0).0, ErrorClass::Expired);
    let (class, message, _) = raised(ask(1, &[(Value::Int(1), "ann")]).0);
    assert_eq!(class, ErrorClass::Invalid);
    assert!(message.contains("the answer to `review` does not fit"), "{message}");
}
