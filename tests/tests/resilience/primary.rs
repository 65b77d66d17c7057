//! A dead primary and a healthy fallback: every user gets an answer, hardly any notices, and the primary is left
//! alone until it is well again.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flow_runtime::protocol::RunResult;

use crate::upstream::{Mood, Upstream, nobody};
use crate::world::World;

const REQUESTS: usize = 1_000;
const AT_ONCE: usize = 16;

/// The shortest time between two probes of one that stays ill: `rest` less its spread.
const REST: Duration = Duration::from_millis(160);

const SETTINGS: &str = "timeout: 300ms\n  breaker: Breaker(errors: 50%, window: 2s, rest: 200ms)";

/// What a thousand users saw.
struct Crowd {
    /// How many answers came from the fallback.
    answered: usize,
    /// Users that waited for the primary in vain, with the time when they began.
    waited: Vec<Instant>,
    /// When the primary was first seen to be left alone.
    shut: Instant,
}

/// Whether users are kept from the primary now: its breaker is open, or its rate is.
fn is_shut(world: &World) -> bool {
    world.state_of_primary() != "closed"
}

async fn crowd(world: &World) -> Crowd {
    let (left, shut) = (Arc::new(AtomicUsize::new(REQUESTS)), Arc::new(Mutex::new(None)));
    let users = (0..AT_ONCE).map(|_| {
        let (world, left, shut) = (world.clone(), Arc::clone(&left), Arc::clone(&shut));
        tokio::spawn(async move {
            let (mut answered, mut waited) = (0, Vec::new());
            while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
                let began = Instant::now();
                let told = world.run().await;
                let RunResult::Returned(value) = &told.ended.result else { panic!("{:?}", told.ended) };
                answered += usize::from(value.as_text() == Some("from second"));
                if told.facts.route.is_some_and(|route| route.contains("primary:")) {
                    waited.push(began);
                }
                if is_shut(&world) {
                    shut.lock().unwrap().get_or_insert_with(Instant::now);
                }
            }
            (answered, waited)
        })
    });
    let mut crowd = Crowd { answered: 0, waited: Vec::new(), shut: Instant::now() };
    for user in users.collect::<Vec<_>>() {
        let (answered, waited) = user.await.unwrap();
        crowd.answered += answered;
        crowd.waited.extend(waited);
    }
    crowd.shut = shut.lock().unwrap().unwrap_or(crowd.shut);
    crowd
}

fn world(primary: SocketAddr) -> World {
    World::new(primary, Upstream::start("second", Mood::Well).address, SETTINGS, None)
}

/// 1,000 requests to one that is ill. Afterwards it is well again, and that is noticed.
async fn dead_primary(world: World, recover: impl FnOnce()) {
    let crowd = crowd(&world).await;
    assert_eq!(crowd.answered, REQUESTS, "every user got an answer");
    assert!(crowd.waited.iter().all(|began| *began <= crowd.shut), "no user waits for a probe");
    assert!(crowd.waited.len() < 4 * AT_ONCE, "{} users waited", crowd.waited.len());
    // Whoever was let through just before it opened may be sent just after; no probe comes before the rest is over.
    let rested = crowd.shut + REST / 2;
    let probes: Vec<Instant> = world.asked().into_iter().filter(|at| *at > rested).collect();
    for pair in probes.windows(2) {
        assert!(pair[1] - pair[0] >= REST, "two probes in one open period: {:?}", pair[1] - pair[0]);
    }
    recover();
    noticed_within_one_period(&world).await;
}

/// When the open time is over, two probes beside two users are enough.
async fn noticed_within_one_period(world: &World) {
    no_probe_is_under_way(world).await;
    let states = world.registry.states(crate::world::now_ms());
    let primary = states.breakers.iter().find(|(name, _)| name.contains("m-1")).unwrap().1;
    let until = primary.saved.open_until_ms.unwrap();
    let rest = u64::try_from(until - crate::world::now_ms()).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(rest + 1)).await;
    for _ in 0..2 {
        let before = world.asked().len();
        world.run().await;
        // The user does not wait for the probe, so it may not even have been sent yet.
        no_probe_is_under_way(world).await;
        assert_eq!(world.asked().len(), before + 1, "one probe beside one user");
    }
    assert_eq!(world.state_of_primary(), "closed");
    let RunResult::Returned(value) = world.run().await.ended.result else { panic!("an answer") };
    assert_eq!(value.as_text(), Some("from primary"));
}

/// A probe is nobody's: it ends a little later than the answer that shielded it.
async fn no_probe_is_under_way(world: &World) {
    let probing =
        || world.registry.states(crate::world::now_ms()).breakers.values().any(|state| state.probing);
    while probing() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_answers_500_is_left_alone() {
    let primary = Upstream::start("primary", Mood::Broken);
    let well = primary.clone();
    dead_primary(world(primary.address), move || well.feel(Mood::Well)).await;
    assert!(primary.seen() < 100, "{} requests reached it", primary.seen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_hangs_is_left_alone() {
    let primary = Upstream::start("primary", Mood::Hanging);
    let well = primary.clone();
    dead_primary(world(primary.address), move || well.feel(Mood::Well)).await;
    assert!(primary.seen() < 100, "{} requests reached it", primary.seen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_refuses_connections_is_left_alone() {
    let address = nobody();
    dead_primary(world(address), move || drop(Upstream::start_at(address, "primary", Mood::Well))).await;
}

/// 429 says nothing about health: the rate gate keeps users away, and one call at a time tries.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_answers_429_is_left_alone() {
    let primary = Upstream::start("primary", Mood::Busy);
    let world = world(primary.address);
    let crowd = crowd(&world).await;
    assert_eq!(crowd.answered, REQUESTS, "every user got an answer");
    assert!(crowd.waited.len() <= AT_ONCE, "{} users met a 429", crowd.waited.len());
    // Those who were under way together before the first 429 came back; then one try after each wait, and these grow.
    assert!(primary.seen() < 30, "{} requests reached it", primary.seen());
    assert_eq!(world.state_of_primary(), "closed", "it is busy, not ill");
    primary.feel(Mood::Well);
    let mut answered = false;
    for _ in 0..200 {
        let RunResult::Returned(value) = world.run().await.ended.result else { panic!("an answer") };
        answered |= value.as_text() == Some("from primary");
        if answered {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(answered, "it is asked again");
}
