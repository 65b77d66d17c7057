use super::prompt;
use crate::bundle::Bundle;
use crate::expr::{Encoding, Expr, ExprKind, Part};
use crate::ids::{PromptId, SlotId, TypeId};
use crate::setup::{MessageTemplate, Prompt};
use crate::types::{Field, Labels, Type};

fn with(types: Vec<Type>, text: u32, messages: Vec<MessageTemplate>) -> Bundle {
    let param = Field {
        name: "mail".into(),
        wire: "mail".into(),
        doc: "".into(),
        ty: TypeId(text),
        labels: Labels::default(),
    };
    let prompt = serde_json::json!({
        "name": "sort", "doc": "", "params": [param], "ret": text, "messages": messages,
        "registry": "desk/sort@prod", "output": 40, "confidence": null, "repair": 2, "tools": [], "rounds": 0,
        "temperature": null, "cache": true,
    });
    let prompt: Prompt = serde_json::from_value(prompt).unwrap();
    Bundle { types, prompts: vec![prompt], ..Bundle::default() }
}

fn hole(ty: u32) -> MessageTemplate {
    let slot = Expr { ty: TypeId(ty), kind: ExprKind::Slot(SlotId(0)) };
    let template = ExprKind::Template(vec![Part::Text("sort ".into()), Part::Hole(slot, Encoding::Plain)]);
    MessageTemplate::User(Expr { ty: TypeId(ty), kind: template })
}

#[test]
fn the_text_comes_from_the_version_and_the_limits_from_the_declaration() {
    let text = Type::Text { size: None };
    let mut package = with(vec![Type::Bool, text.clone()], 1, Vec::new());
    let mut version = with(vec![text, Type::Date], 0, vec![hole(0)]);
    version.prompts[0].repair = 0;
    version.prompts[0].output = None;
    prompt(&mut package, PromptId(0), &version).unwrap();
    assert_eq!(package.types.len(), 4);
    let linked = &package.prompts[0];
    assert_eq!(linked.messages, [hole(2)]);
    assert_eq!((linked.ret, linked.params[0].ty), (TypeId(2), TypeId(2)));
    assert_eq!((linked.output, linked.repair, linked.cache), (Some(40), 2, true));
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let text = Type::Text { size: None };
    let mut package = with(vec![text], 0, Vec::new());
    let before = package.clone();
    let version = with(vec![Type::Bool], 0, vec![hole(0)]);
    assert!(prompt(&mut package, PromptId(0), &version).is_err());
    assert_eq!(package, before);
}
