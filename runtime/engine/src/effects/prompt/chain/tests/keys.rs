//! `auth: [env("KEY_A"), env("KEY_B")]`.

use flow_ir::Bundle;
use flow_ir::units::ErrorClass;
use flow_model::ErrorKind;

use super::world::{Stage, Turn, fails, fast, says};
use crate::effects::fixtures::raised;

fn two_keys(bundle: &mut Bundle) {
    let model = fast(bundle);
    model.fallback.clear();
    model.auth = Some("KEY_A".into());
    model.spare_auth = vec!["KEY_B".into()];
}

fn stage(a: &[Turn], b: &[Turn]) -> Stage {
    Stage::new(&[("fast KEY_A", a), ("fast KEY_B", b)], two_keys)
}

#[test]
fn a_refused_key_is_left_alone_and_the_next_one_used() {
    for kind in [ErrorKind::Auth, ErrorKind::Permission, ErrorKind::QuotaExhausted] {
        let b = [says(1, "one"), says(1, "two"), says(1, "three")];
        let stage = stage(&[fails(1, kind.clone()), says(1, "again")], &b);
        assert_eq!(stage.text(), "one");
        assert_eq!(stage.news(), ["0 fast KEY_A asked", "1 fast KEY_B asked"], "{kind:?}");
        assert_eq!(stage.text(), "two");
        stage.wait(299_000);
        assert_eq!(stage.text(), "three");
        assert!(stage.news().iter().all(|line| line.contains("KEY_B")), "{kind:?}");
        let shut = stage.registry().states(stage.now_ms()).keys;
        assert_eq!(shut.len(), 1, "{kind:?}: {shut:?}");
        stage.wait(2_000);
        assert_eq!(stage.text(), "again", "{kind:?}: after five minutes one call tries it");
        assert!(stage.registry().states(stage.now_ms()).keys.is_empty(), "{kind:?}");
    }
}

#[test]
fn a_key_that_still_does_not_work_is_tried_once_in_five_minutes() {
    let refused = fails(1, ErrorKind::Auth);
    let stage = stage(&vec![refused; 9], &vec![says(1, "b"); 100]);
    for _ in 0..100 {
        assert_eq!(stage.text(), "b");
        stage.wait(10_000);
    }
    let tried = stage.log().iter().filter(|line| line.contains("KEY_A")).count();
    assert_eq!(tried, 4, "1,000 s: at once and after 300, 600 and 900");
}

#[test]
fn a_changed_secret_is_used_at_once() {
    let stage = stage(&[fails(1, ErrorKind::Auth), says(1, "a")], &[says(1, "b")]);
    assert_eq!(stage.text(), "b");
    stage.registry().key_changed("KEY_A", stage.now_ms());
    assert_eq!(stage.text(), "a");
}

#[test]
fn a_limited_key_rests_as_long_as_its_server_says() {
    let limited = fails(1, ErrorKind::RateLimited { retry_after_ms: Some(7_000) });
    let stage =
        stage(&[limited, says(1, "probe"), says(1, "a")], &[says(1, "b"), says(1, "c"), says(1, "d")]);
    assert_eq!(stage.text(), "b");
    assert_eq!(stage.news(), ["0 fast KEY_A asked", "1 fast KEY_B asked"]);
    stage.wait(6_000);
    assert_eq!(stage.text(), "c");
    assert_eq!(stage.news(), ["6002 fast KEY_B asked"]);
    stage.wait(2_000);
    // Nobody waits to learn whether it may be used again: the other key answers beside the try.
    assert_eq!(stage.text(), "d");
    stage.wait(10);
    assert_eq!(stage.text(), "a");
    assert!(stage.registry().states(stage.now_ms()).keys.is_empty(), "a limit is no refusal");
}

#[test]
fn what_is_wrong_with_the_model_is_wrong_with_every_key() {
    let unwell = || fails(1, ErrorKind::Upstream5xx { retry_after_ms: None });
    let stage = stage(&vec![unwell(); 9], &vec![unwell(); 9]);
    (0..9).for_each(|_| assert_eq!(raised(stage.ask()).0, ErrorClass::Overload));
    let asked = stage.log().iter().filter(|line| line.contains("asked")).count();
    assert!(asked <= 6, "the breaker is the model's, not the key's: {:?}", stage.log());
}

#[test]
fn without_any_key_that_works_the_error_says_so() {
    let stage = stage(&[fails(1, ErrorKind::Auth)], &[fails(1, ErrorKind::QuotaExhausted)]);
    raised(stage.ask());
    let (class, message, facts) = raised(stage.ask());
    assert_eq!(facts.attempts, 0, "nobody is asked with a key that is known not to work");
    assert!(message.contains("is refused") && message.contains("no money or quota left"), "{message}");
    assert_eq!(class, ErrorClass::Overload);
}
