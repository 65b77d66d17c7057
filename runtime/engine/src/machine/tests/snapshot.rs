//! Snapshots of every kind of value, and bytes that are none.

use flow_eval::{Media, MediaKind};
use flow_ir::units::Currency;

use flow_ir::flow::Work;

use super::*;
use crate::fixtures::*;

fn values() -> Vec<Value> {
    let map = [("k".into(), Value::Int(-1))].into_iter().collect();
    let picture = Media { kind: MediaKind::Audio, mime: "audio/ogg".into(), reference: "ab".into(), size: 9 };
    vec![
        Value::None,
        Value::Nothing,
        Value::Bool(true),
        Value::Float(-0.5),
        Value::text("a text that is longer than what is kept inline"),
        Value::Money(-3, Currency::Gbp),
        Value::Duration(5),
        Value::Tokens(6),
        Value::Bytes(7),
        Value::Date(-1, 12, 31),
        Value::Time(23, 59, 59),
        Value::Json(Arc::new(serde_json::json!({ "b": [1, null], "a": 0.1 }))),
        Value::Map(Arc::new(map)),
        Value::record([Value::list([Value::Int(i64::MIN)])]),
        Value::Variant(3, Arc::from([Value::None])),
        Value::Media(Arc::new(picture)),
    ]
}

#[test]
fn every_value_survives() {
    let flows = vec![flow("f", vec![node("a", work(ASK, vec![slot(0)]), vec![give(slot(0))])])];
    let program = Program::new(bundle(flows));
    let header = Arc::new(RunHeader { args: vec![Value::list(values())], ..(*header()).clone() });
    let (machine, _) = Machine::start(Arc::clone(&program), Arc::clone(&header));
    let mut again = Machine::restore(program, header, &machine.snapshot()).unwrap();
    assert_eq!(again.state_hash(), machine.state_hash());
    let event = Event::Resolved { op: OpId(1), outcome: said("x"), now_ms: 2_000 };
    let end = Command::Finish(RunResult::Returned(Value::list(values())));
    assert_eq!(again.apply(&event).pop(), Some(end));
}

#[test]
fn what_is_no_snapshot_of_this_program_is_refused() {
    let of = |name: &str| {
        Program::new(bundle(vec![flow(name, vec![node("a", Work::Route, vec![give(slot(0))])])]))
    };
    let bytes = Machine::start(of("f"), header()).0.snapshot();
    let restored = |name: &str, bytes: &[u8]| Machine::restore(of(name), header(), bytes).map(|_| ());
    assert_eq!(restored("f", &bytes), Ok(()));
    assert_eq!(restored("g", &bytes), Err(SnapshotError::Bundle));
    assert_eq!(restored("f", &bytes[..bytes.len() - 1]), Err(SnapshotError::Malformed));
    assert_eq!(restored("f", b"no"), Err(SnapshotError::Malformed));
    assert_eq!(
        restored("f", &[[9, 0, 0, 0].as_slice(), &bytes[4..]].concat()),
        Err(SnapshotError::Version(9))
    );
}
