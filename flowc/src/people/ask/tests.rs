use std::collections::VecDeque;
use std::io;

use flow_eval::{Value, json};
use flow_ir::setup::Human;
use flow_ir::types::{Enum, Field, Labels, Record, TextSize, Type, Variant};
use flow_ir::units::Usd;
use flow_ir::{Bundle, HumanId, TypeId};
use flow_runtime::effects::Question;
use flow_runtime::protocol::OpId;
use serde_json::json;

use super::{Dialog, ask};

const TEXT: TypeId = TypeId(0);
const REPLY: TypeId = TypeId(1);
const VERDICT: TypeId = TypeId(2);

struct Script {
    lines: VecDeque<&'static str>,
    said: String,
}

impl Dialog for Script {
    fn say(&mut self, text: &str) {
        self.said.push_str(text);
    }

    fn line(&mut self, prompt: &str) -> io::Result<Option<String>> {
        self.said.push_str(prompt);
        self.said.push('\n');
        Ok(self.lines.pop_front().map(str::to_owned))
    }
}

fn field(name: &str, ty: TypeId) -> Field {
    Field { name: name.into(), wire: name.into(), doc: "".into(), ty, labels: Labels::default() }
}

fn bundle() -> Bundle {
    let variant = |name: &str, fields: Vec<Field>| Variant {
        name: name.into(),
        wire: name.to_lowercase().into(),
        doc: "".into(),
        fields,
    };
    let reply = Record {
        name: "Reply".into(),
        doc: "".into(),
        fields: vec![field("subject", TEXT), field("body", TEXT)],
    };
    let verdict = Enum {
        name: "Verdict".into(),
        doc: "".into(),
        tag: None,
        variants: vec![
            variant("Approve", vec![]),
            variant("Edit", vec![field("reply", REPLY)]),
            variant("Reject", vec![field("reason", TEXT)]),
        ],
    };
    let size = Some(TextSize { in_tokens: false, min: 1, max: Some(12) });
    Bundle { types: vec![Type::Text { size }, Type::Record(reply), Type::Enum(verdict)], ..Bundle::default() }
}

fn human() -> Human {
    Human {
        name: "review".into(),
        doc: "".into(),
        params: vec![field("draft", REPLY)],
        ret: VERDICT,
        role: Some("agent".into()),
        title: None,
        who: None,
        approves: vec![0, 1],
        quorum: 1,
        remind_ms: None,
        cost: Usd(0),
    }
}

/// The answer as JSON, and everything that was shown.
fn answer(lines: &[&'static str]) -> (Option<serde_json::Value>, String) {
    let bundle = bundle();
    let question = Question {
        run: "r".into(),
        op: OpId(1),
        human: HumanId(0),
        who: None,
        title: Some("Send it?".to_owned()),
        args: vec![Value::record([Value::text("Visit"), Value::text("Dear Ann")])],
        before: Vec::new(),
    };
    let mut script = Script { lines: lines.iter().copied().collect(), said: String::new() };
    let value = ask(&bundle, &human(), &question, &mut script).unwrap();
    (value.map(|value| json::encode(&bundle, VERDICT, &value)), script.said)
}

#[test]
fn a_choice_is_a_number_a_name_or_json() {
    for lines in [&["1"][..], &["approve"], &["\"approve\""], &["4", "x", "1"]] {
        assert_eq!(answer(lines).0, Some(json!("approve")), "{lines:?}");
    }
    let (json, _) = answer(&[r#"{"reject": {"reason": "short"}}"#]);
    assert_eq!(json, Some(json!({ "reject": { "reason": "short" } })));
}

#[test]
fn a_payload_is_asked_field_by_field_and_starts_from_what_is_shown() {
    let (json, said) = answer(&["2", "", "Dear Mrs Ann"]);
    assert_eq!(json, Some(json!({ "edit": { "reply": { "subject": "Visit", "body": "Dear Mrs Ann" } } })));
    assert!(said.contains("empty keeps what is shown"), "{said}");
}

#[test]
fn what_does_not_fit_is_said_and_asked_again() {
    let (json, said) = answer(&["3", "far too long a reason", "short"]);
    assert_eq!(json, Some(json!({ "reject": { "reason": "short" } })));
    assert!(said.contains("this does not fit:"), "{said}");
    let (json, said) = answer(&[r#"{"reject": {}}"#, "1"]);
    assert_eq!(json, Some(json!("approve")));
    assert!(said.contains("reason"), "{said}");
}

#[test]
fn the_end_of_the_input_is_no_answer() {
    assert_eq!(answer(&[]).0, None);
    assert_eq!(answer(&["3"]).0, None);
}

#[test]
fn everything_the_person_decides_about_is_shown() {
    let (_, said) = answer(&["1"]);
    for word in ["Send it?", "agent", "Visit", "Dear Ann", "Approve", "Edit", "Reject"] {
        assert!(said.contains(word), "{word} in {said}");
    }
}
