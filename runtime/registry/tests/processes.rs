//! Many writers and readers, in several processes, and processes that are killed.
//!
//! The test binary starts itself again with `FLOW_REGISTRY_ROLE` to be another process.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]
#![allow(clippy::print_stdout, reason = "one process tells another, and figures are shown")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flow_ir::Bundle;
use flow_registry::{Error, Follower, FollowerOptions, Item, Kind, Reference, Registry, Release, Who};

const ROLE: &str = "FLOW_REGISTRY_ROLE";
const FILE: &str = "FLOW_REGISTRY_FILE";

fn body(text: &str) -> Vec<u8> {
    let prompt = serde_json::json!({
        "name": "sort", "doc": text, "params": [], "ret": 0, "messages": [], "registry": null, "output": null,
        "confidence": null, "repair": 0, "tools": [], "rounds": 0, "temperature": null, "cache": false,
    });
    let types = vec![flow_ir::types::Type::Bool];
    let prompts = vec![serde_json::from_value(prompt).unwrap()];
    Bundle { types, prompts, ..Bundle::default() }.canonical_bytes()
}

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn who(actor: &str) -> Who {
    Who { actor: actor.into(), reason: "load".into(), now_ms: now_ms() }
}

fn publish(registry: &mut Registry, name: &str, text: &str) -> u32 {
    let name = name.parse().unwrap();
    let publish = |change: &flow_registry::Change<'_>| change.publish(Kind::Prompt, &name, &body(text));
    registry.change::<_, Error>(&who("setup"), publish).unwrap().row.number
}

fn move_to(
    registry: &mut Registry,
    name: &str,
    to: u32,
    seen: Option<u64>,
    actor: &str,
) -> Result<u64, Error> {
    let (name, pointer) = (name.parse().unwrap(), "prod".parse().unwrap());
    let go =
        |change: &flow_registry::Change<'_>| change.move_pointer(Kind::Prompt, &name, &pointer, to, seen);
    registry.change(&who(actor), go).map(|moved| moved.generation)
}

/// Another process that plays a role.
fn child(role: &str, file: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "another_process", "--nocapture"]);
    command.env(ROLE, role).env(FILE, file).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().unwrap()
}

/// What the child does; nothing if nobody started it as one.
#[test]
fn another_process() {
    let (Ok(role), Ok(file)) = (std::env::var(ROLE), std::env::var(FILE)) else { return };
    match role.as_str() {
        "reader" => read_along(Path::new(&file)),
        "writer" => write_for_ever(Path::new(&file)),
        other => panic!("no role {other}"),
    }
}

/// Prints every generation with the time at which it was seen first, until stdin ends.
fn read_along(file: &Path) {
    let options = FollowerOptions { poll: Duration::from_millis(20), cache: None, max_staleness: None };
    let follower = Follower::start(file, options).unwrap();
    let reference: Reference = "a@prod".parse().unwrap();
    let (stop, stopped) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(std::io::stdin().lines().next());
        let _ = stop.send(());
    });
    println!("READY");
    let mut last = 0;
    let mut ended = None;
    loop {
        if let Ok(found) = follower.resolve(Kind::Prompt, &reference) {
            let generation = found.generation.unwrap_or(0);
            assert!(generation >= last, "from {last} back to {generation}");
            if generation > last {
                last = generation;
                println!("SAW {generation} {} {}", found.number, now_ms());
            }
        }
        if stopped.try_recv().is_ok() {
            ended = Some(Instant::now());
        }
        if ended.is_some_and(|at| at.elapsed() > Duration::from_millis(1_500)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn sixty_four_writers_make_one_chain_and_readers_elsewhere_see_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("registry.db");
    let mut registry = Registry::open(&file).unwrap();
    let versions: Vec<u32> = (0..8).map(|at| publish(&mut registry, "a", &format!("text {at}"))).collect();
    let mut readers = [child("reader", &file), child("reader", &file)];
    let mut outputs: Vec<_> =
        readers.iter_mut().map(|reader| BufReader::new(reader.stdout.take().unwrap()).lines()).collect();
    for output in &mut outputs {
        while output.next().unwrap().unwrap() != "READY" {}
    }
    let seconds = std::env::var("FLOW_REGISTRY_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let end = Instant::now() + Duration::from_secs(seconds);
    let barrier = Barrier::new(64);
    let made: Vec<Vec<u64>> = std::thread::scope(|scope| {
        let writer = |at: usize| {
            let (file, versions, barrier) = (&file, &versions, &barrier);
            scope.spawn(move || {
                let mut registry = Registry::open(file).unwrap();
                barrier.wait();
                let mut made = Vec::new();
                while Instant::now() < end {
                    made.extend(one_move(&mut registry, versions, at));
                }
                made
            })
        };
        let writers: Vec<_> = (0..64).map(writer).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let mut generations: Vec<u64> = made.into_iter().flatten().collect();
    generations.sort_unstable();
    let all: Vec<u64> = (1..=generations.len() as u64).collect();
    assert_eq!(generations, all, "each generation once");
    let history = registry.history(Kind::Prompt, &"a".parse().unwrap(), &"prod".parse().unwrap()).unwrap();
    assert_eq!(history.len(), all.len(), "no lost update");
    for pair in history.windows(2) {
        assert_eq!(pair[1].from, Some(pair[0].to), "one chain");
    }
    assert_eq!(registry.verify().unwrap().1, Vec::new());
    let truth: BTreeMap<u64, (u32, i64)> =
        history.iter().map(|moved| (moved.generation, (moved.to, moved.time_ms))).collect();
    for (mut reader, output) in readers.into_iter().zip(outputs) {
        reader.stdin.take().unwrap().write_all(b"stop\n").unwrap();
        let lags = lags(output.map(Result::unwrap), &truth, all.len() as u64);
        assert!(reader.wait().unwrap().success());
        let at = |share: usize| lags.get(lags.len() * share / 100).copied().unwrap_or_default();
        let most = lags.last().copied().unwrap_or_default();
        println!(
            "{} moves by 64 writers in {seconds} s; a reader saw {} states, lag p50 {} p90 {} p99 {} max {most} ms",
            all.len(),
            lags.len(),
            at(50),
            at(90),
            at(99)
        );
    }
}

fn one_move(registry: &mut Registry, versions: &[u32], at: usize) -> Option<u64> {
    let pointers = registry.pointers(Some(Kind::Prompt), None).unwrap();
    let now = pointers.first();
    let seen = now.map_or(0, |now| now.generation);
    let next = versions[(at + seen as usize) % versions.len()];
    let to = if now.is_some_and(|now| now.number == next) {
        versions[(at + 1 + seen as usize) % versions.len()]
    } else {
        next
    };
    match move_to(registry, "a", to, Some(seen), &format!("writer {at}")) {
        Ok(generation) => Some(generation),
        Err(Error::Conflict { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

/// How long after a move a reader saw it, sorted; every state that it saw was one.
fn lags(lines: impl Iterator<Item = String>, truth: &BTreeMap<u64, (u32, i64)>, last: u64) -> Vec<i64> {
    let mut lags = Vec::new();
    let mut seen = 0;
    // To the end, so that the other process can say what it has to say.
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let ["SAW", generation, number, at] = words.as_slice() else { continue };
        seen = generation.parse().unwrap();
        let (to, moved) = truth[&seen];
        assert_eq!(number.parse::<u32>().unwrap(), to, "generation {seen} was v{to}");
        lags.push(at.parse::<i64>().unwrap() - moved);
    }
    assert_eq!(seen, last, "the last move is seen");
    lags.sort_unstable();
    lags
}

/// Publishes, moves, releases and rolls back without end.
fn write_for_ever(file: &Path) {
    let mut registry = Registry::open(file).unwrap();
    println!("READY");
    for round in registry.events().unwrap().len().. {
        let first = publish(&mut registry, "a", &format!("text {round}"));
        let second = publish(&mut registry, "b", &format!("text {round}"));
        let item =
            |name: &str, to| Item { kind: Kind::Prompt, name: name.into(), pointer: "prod".into(), to };
        let release = Release { items: vec![item("a", first), item("b", second)] };
        let week = "week".parse().unwrap();
        registry.change::<_, Error>(&who("writer"), |change| change.release(&week, &release)).unwrap();
        if round % 3 == 0 {
            let back = registry.change::<_, Error>(&who("writer"), |change| change.rollback_release(&week));
            assert!(matches!(back, Ok(_) | Err(Error::NothingBefore { .. })), "{back:?}");
        }
    }
}

#[test]
fn a_process_killed_at_any_point_leaves_the_old_or_the_new_state() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("registry.db");
    let mut before = 0;
    for round in 0..12u64 {
        let mut writer = child("writer", &file);
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        while lines.next().unwrap().unwrap() != "READY" {}
        std::thread::sleep(Duration::from_millis(20 + 17 * round));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let registry = Registry::open(&file).unwrap();
        let (chain, damages) = registry.verify().unwrap();
        assert_eq!(damages, Vec::new());
        assert!(chain.len() >= before, "what was kept is gone");
        before = chain.len();
        // A release moves both pointers or none, so they name the same round.
        let text = |name: &str| {
            let reference: Reference = format!("{name}@prod").parse().unwrap();
            registry.resolve(Kind::Prompt, &reference).ok().map(|(version, _)| version.body)
        };
        assert_eq!(text("a"), text("b"));
    }
    assert!(before > 20, "{before} events");
}

#[test]
fn the_last_verified_state_serves_while_the_registry_is_away() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("registry.db");
    let cache = directory.path().join("snapshot");
    let mut registry = Registry::open(&file).unwrap();
    let number = publish(&mut registry, "a", "one");
    move_to(&mut registry, "a", number, None, "ann").unwrap();
    let reference: Reference = "a@prod".parse().unwrap();
    let pinned: Reference = "a@v1".parse().unwrap();
    let options = || FollowerOptions {
        poll: Duration::from_millis(10),
        cache: Some(cache.clone()),
        max_staleness: Some(Duration::from_secs(3600)),
    };
    let follower = Follower::start(&file, options()).unwrap();
    assert_eq!(follower.resolve(Kind::Prompt, &reference).unwrap().number, 1);
    assert_eq!(follower.resolve(Kind::Prompt, &pinned).unwrap().generation, None);
    drop(registry);
    drop(follower);
    for suffix in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(format!("{}{suffix}", file.display())));
    }
    let follower = Follower::start(&file, options()).unwrap();
    assert_eq!(*follower.resolve(Kind::Prompt, &reference).unwrap().body, *body("one"));
    assert_eq!(follower.resolve(Kind::Prompt, &pinned).unwrap().number, 1);
    assert!(follower.trouble().is_some_and(|trouble| trouble.contains("no registry")));
    drop(follower);
    let strict = FollowerOptions { max_staleness: Some(Duration::ZERO), ..options() };
    let follower = Follower::start(&file, strict).unwrap();
    assert!(follower.resolve(Kind::Prompt, &reference).is_err(), "too old to serve");
    drop(follower);
    let mut bytes = std::fs::read(&cache).unwrap();
    for at in 0..bytes.len() {
        bytes[at] ^= 1;
        std::fs::write(&cache, &bytes).unwrap();
        assert!(flow_registry::Snapshot::kept(&cache).is_err(), "byte {at}");
        bytes[at] ^= 1;
    }
    std::fs::write(&cache, b"damaged").unwrap();
    assert!(Follower::start(&file, options()).is_err());
}
