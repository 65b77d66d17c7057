//! Answers that break off, before and after somebody has seen a part of them.

use flow_ir::units::ErrorClass;
use flow_model::{ErrorKind, Finish};

use super::world::{Stage, broke_off, fails, fast, says};
use crate::effects::fixtures::{raised, value};

#[test]
fn before_the_first_token_a_failure_moves_on_unseen() {
    for takes_back in [true, false] {
        let good = says(1, "Hello").showing(&[(1, "Hel"), (1, "lo")]);
        let stage = Stage::new(&[("fast", &[fails(9, broke_off())]), ("slow", &[good])], |_| {});
        let stage = stage.read(takes_back);
        assert_eq!(stage.text(), "Hello");
        assert_eq!((stage.log().len(), stage.screen().as_str()), (2, "Hello"));
    }
}

#[test]
fn after_it_who_reads_decides() {
    let broken = || fails(1, broke_off()).showing(&[(1, "Hel")]);
    let good = || says(1, "Goodbye").showing(&[(1, "Goodbye")]);
    let stage = Stage::new(&[("fast", &[broken()]), ("slow", &[good()])], |_| {}).read(true);
    assert_eq!((stage.text().as_str(), stage.screen().as_str()), ("Goodbye", "Goodbye"));
    let stage = Stage::new(&[("fast", &[broken()]), ("slow", &[good()])], |_| {}).read(false);
    let (class, message, facts) = raised(stage.ask());
    assert_eq!((class, facts.attempts), (ErrorClass::Overload, 1), "{message}");
    assert_eq!(stage.log(), ["0 fast asked"], "nobody begins again");
    assert_eq!(stage.screen(), "Hel");
}

#[test]
fn it_begins_again_on_the_same_model_too() {
    let turns = [fails(1, broke_off()).showing(&[(1, "Hel")]), says(1, "Hello").showing(&[(1, "Hello")])];
    let stage = Stage::new(&[("fast", &turns)], |bundle| {
        let model = fast(bundle);
        model.fallback.clear();
        model.retry = 1;
    });
    let stage = stage.read(true);
    assert_eq!((stage.text().as_str(), stage.screen().as_str()), ("Hello", "Hello"));
}

/// Of whatever kind: what was received of it is in no answer and no message.
#[test]
fn an_answer_that_broke_off_is_never_delivered() {
    let kinds = [
        broke_off(),
        ErrorKind::MalformedResponse,
        ErrorKind::Timeout { phase: flow_model::Phase::Idle },
        ErrorKind::Upstream5xx { retry_after_ms: None },
        ErrorKind::Connect,
    ];
    for kind in kinds {
        for watched in [Some(true), Some(false), None] {
            let turn = fails(1, kind.clone()).showing(&[(1, "Half of a secr")]);
            let stage = Stage::new(&[("fast", &[turn])], |bundle| fast(bundle).fallback.clear());
            let stage = if let Some(takes_back) = watched { stage.read(takes_back) } else { stage };
            let (_, message, _) = raised(stage.ask());
            assert!(!message.contains("secr"), "{message}");
        }
    }
}

/// The protocol was whole, and the answer is not: the model says itself that it did not come to its end.
#[test]
fn an_answer_that_the_model_cut_short_is_never_delivered() {
    let cut = [Finish::Length, Finish::ContextExceeded, Finish::Pause, Finish::Error];
    for finish in cut {
        for watched in [true, false] {
            let turn = says(1, "Half of").finishing(finish.clone()).showing(&[(1, "Half of")]);
            let stage = Stage::new(&[("fast", &[turn])], |_| {});
            let stage = if watched { stage.read(true) } else { stage };
            let (class, message, _) = raised(stage.ask());
            assert_eq!(class, ErrorClass::Invalid, "{finish:?}");
            assert!(message.contains("cut off") && !message.contains("Half of"), "{finish:?}: {message}");
        }
    }
    for finish in [Finish::ContentFilter, Finish::Refusal] {
        let turn = says(1, "Half of").finishing(finish.clone());
        let (class, message, _) = raised(Stage::new(&[("fast", &[turn])], |_| {}).ask());
        assert_eq!(class, ErrorClass::Refused, "{finish:?}: {message}");
    }
    for finish in [Finish::Stop, Finish::StopSequence] {
        let turn = says(1, "All of it").finishing(finish);
        assert_eq!(value(Stage::new(&[("fast", &[turn])], |_| {}).ask()).0.as_text(), Some("All of it"));
    }
}
