use flow_eval::Value;
use flow_ir::units::{ErrorClass, Usd};

use super::*;

fn facts() -> Box<Facts> {
    Box::new(Facts {
        cost: Usd(7),
        input_tokens: 1,
        confidence: Some(0.5),
        by: Some("ann".into()),
        messages: Some(Value::list([Value::text("hi")])),
        ..Facts::default()
    })
}

fn records() -> Vec<Record> {
    let (op, now_ms) = (OpId(3), 1_700_000_000_000);
    let ok = Outcome::Ok { value: Value::record([Value::Int(1), Value::None]), facts: facts() };
    let err = Outcome::Err { class: ErrorClass::Expired, message: "late".into(), facts: facts() };
    vec![
        Record::Event(Event::Resolved { op, outcome: ok, now_ms }),
        Record::Event(Event::Resolved { op, outcome: err, now_ms }),
        Record::Event(Event::Fired { op, now_ms }),
        Record::Event(Event::CancelRequested { now_ms }),
        Record::Intent(op),
        Record::Lost(op),
        Record::Untouched(op),
    ]
}

#[test]
fn every_record_survives() {
    for record in records() {
        assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record));
    }
}

#[test]
fn cut_off_and_lengthened_records_are_refused() {
    for bytes in records().iter().map(Record::to_bytes) {
        for end in 0..bytes.len() {
            assert_eq!(Record::from_bytes(&bytes[..end]), None, "{end} of {bytes:?}");
        }
        assert_eq!(Record::from_bytes(&[bytes.as_slice(), &[0]].concat()), None);
    }
}

#[test]
fn headers_and_results_survive() {
    let header = RunHeader {
        run: "r".into(),
        tenant: "t".into(),
        user: "u".into(),
        flow: FlowId(2),
        args: vec![Value::text("x")],
        started_ms: -1,
        seed: u64::MAX,
        paused: Vec::new(),
    };
    assert_eq!(header_of(&header_bytes(&header)).as_deref(), Some(&header));
    assert_eq!(header_of(&header_bytes(&header)[1..]), None);
    for result in [RunResult::Cancelled, RunResult::Returned(Value::Nothing)] {
        assert_eq!(result_of(&result_bytes(&result)), Some(result));
    }
}

/// What an earlier release wrote must mean the same for ever; if this fails, [`RECORDS`] must grow.
#[test]
fn bytes_of_version_3_do_not_change() {
    let bytes: Vec<u8> = records().iter().flat_map(Record::to_bytes).collect();
    assert_eq!(blake3::hash(&bytes).to_hex().get(..16), Some("13adc4055a076645"));
}
