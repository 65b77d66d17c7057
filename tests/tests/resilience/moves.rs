//! What moves on to somebody else: slow answers, keys that are not accepted, answers that break off.

use std::time::Duration;

use flow_ir::units::ErrorClass;
use flow_runtime::protocol::RunResult;

use crate::upstream::{Mood, Upstream};
use crate::world::{Reader, World};

fn world(primary: &Upstream, second: &Upstream, settings: &str) -> World {
    World::new(primary.address, second.address, settings, None)
}

async fn until(state: impl Fn() -> bool) {
    while !state() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn text(result: &RunResult) -> &str {
    match result {
        RunResult::Returned(value) => value.as_text().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_hedge_answers_for_a_primary_that_hangs_and_its_call_is_closed() {
    let primary = Upstream::start("primary", Mood::Hanging);
    let second = Upstream::start("second", Mood::Well);
    let world = world(&primary, &second, "timeout: 10min\n  hedge: 50ms");
    let told = world.run().await;
    assert_eq!(text(&told.ended.result), "from second");
    // Nobody waited for the primary: it is told by its closed connection.
    until(|| primary.given_up() == 1).await;
    assert_eq!((primary.seen(), second.seen(), told.facts.attempts), (1, 1, 2));
}

#[tokio::test]
async fn the_next_key_is_used_and_the_refused_one_left_alone() {
    for mood in [Mood::Picky, Mood::Stingy] {
        let primary = Upstream::start("primary", mood);
        let second = Upstream::start("second", Mood::Well);
        let world = world(&primary, &second, r#"auth: [env("KEY_A"), env("KEY_B")]"#);
        assert_eq!(text(&world.run().await.ended.result), "from primary", "{mood:?}");
        assert_eq!(primary.keys(), ["key_a", "key_b"], "{mood:?}: in one call");
        for _ in 0..3 {
            assert_eq!(text(&world.run().await.ended.result), "from primary", "{mood:?}");
        }
        assert_eq!(primary.keys(), ["key_b"; 3], "{mood:?}");
        assert_eq!(second.seen(), 0, "{mood:?}: the model is well");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_never_an_answer() {
    let primary = Upstream::start("primary", Mood::Torn);
    let second = Upstream::start("second", Mood::Well);
    let settings = "can: [Stream]\n  breaker: Breaker(errors: 100%, window: 1h, rest: 1s)";
    for (mood, reader) in [
        (Mood::Torn, Reader::Nobody),
        (Mood::Torn, Reader::Patient),
        (Mood::Mute, Reader::Patient),
        (Mood::Mute, Reader::Keeping),
    ] {
        primary.feel(mood);
        let told = world(&primary, &second, settings).run_for(reader).await;
        assert_eq!(text(&told.ended.result), "from second", "{mood:?} {reader:?}");
    }
    // What was shown cannot be taken back, and is not gone on with either.
    primary.feel(Mood::Torn);
    let before = second.seen();
    let told = world(&primary, &second, settings).run_for(Reader::Keeping).await;
    let RunResult::Failed(error) = told.ended.result else { panic!("{:?}", told.ended.result) };
    assert_eq!((error.class, second.seen()), (ErrorClass::Overload, before), "{}", error.message);
    assert!(!error.message.contains("Half of"), "{}", error.message);
}
