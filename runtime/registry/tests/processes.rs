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
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flow_ir::Bundle;
use flow_registry::{Error, Follower, FollowerOptions, Item, Kind, Reference, Registry, Release, Who};

/// What runs follow.
const FOLLOWED: [Kind; 2] = [Kind::Prompt, Kind::Model];

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
        "mover" => move_about(Path::new(&file)),
        other => panic!("no role {other}"),
    }
}

/// Prints every generation with the time at which it was seen first, until stdin ends.
fn read_along(file: &Path) {
    let options = FollowerOptions {
        kinds: &FOLLOWED,
        poll: Duration::from_millis(20),
        cache: None,
        max_staleness: None,
        vaults: None,
    };
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

/// Sixty-four processes move one pointer for so long; the generations that each of them made, with the times at which
/// they were kept.
fn movers(file: &Path, seconds: u64) -> Vec<Vec<(u64, i64)>> {
    let mut movers: Vec<Child> = (0..64).map(|_| child("mover", file)).collect();
    let mut lines: Vec<_> =
        movers.iter_mut().map(|mover| BufReader::new(mover.stdout.take().unwrap()).lines()).collect();
    for lines in &mut lines {
        while lines.next().unwrap().unwrap() != "READY" {}
    }
    let end_ms = now_ms() + i64::try_from(seconds).unwrap() * 1_000;
    for mover in &mut movers {
        writeln!(mover.stdin.as_mut().unwrap(), "{end_ms}").unwrap();
    }
    // Whoever is not read from would have to wait with what it has to say.
    let readers = lines.into_iter().map(|lines| {
        std::thread::spawn(move || {
            let made = |line: String| {
                let (generation, at) = line.strip_prefix("MADE ")?.split_once(' ')?;
                Some((generation.parse().unwrap(), at.parse().unwrap()))
            };
            lines.map(Result::unwrap).filter_map(made).collect::<Vec<(u64, i64)>>()
        })
    });
    let made = readers.collect::<Vec<_>>().into_iter().map(|reader| reader.join().unwrap()).collect();
    movers.iter_mut().for_each(|mover| assert!(mover.wait().unwrap().success()));
    made
}

/// Moves until the time that stdin says, and prints what it made.
fn move_about(file: &Path) {
    let mut registry = Registry::open(file).unwrap();
    let versions: Vec<u32> = (1..=8).collect();
    println!("READY");
    let end_ms: i64 = std::io::stdin().lines().next().unwrap().unwrap().parse().unwrap();
    let own = std::process::id() as usize;
    while now_ms() < end_ms {
        if let Some(generation) = one_move(&mut registry, &versions, own) {
            // Not when it was asked for: whoever moves waits for those before.
            println!("MADE {generation} {}", now_ms());
        }
    }
}

/// How many lags fall into each span of time.
fn histogram(lags: &[i64]) -> String {
    let edges = [10, 25, 50, 100, 250, 500, 1_000, i64::MAX];
    let mut below = 0;
    let bins = edges.map(|edge| {
        let upto = lags.iter().filter(|lag| **lag < edge).count();
        let label = if edge == i64::MAX { "more".to_owned() } else { format!("< {edge} ms") };
        let bin = format!("{label}: {}", upto - below);
        below = upto;
        bin
    });
    bins.join(", ")
}

#[test]
fn sixty_four_writers_make_one_chain_and_readers_elsewhere_see_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("registry.db");
    let mut registry = Registry::open(&file).unwrap();
    for at in 0..8 {
        publish(&mut registry, "a", &format!("text {at}"));
    }
    let mut readers = [child("reader", &file), child("reader", &file)];
    let mut outputs: Vec<_> =
        readers.iter_mut().map(|reader| BufReader::new(reader.stdout.take().unwrap()).lines()).collect();
    for output in &mut outputs {
        while output.next().unwrap().unwrap() != "READY" {}
    }
    // Read all the time: a reader whose pipe is full would wait, and see nothing meanwhile.
    let outputs = outputs
        .into_iter()
        .map(|lines| std::thread::spawn(move || lines.map(Result::unwrap).collect::<Vec<String>>()));
    let outputs: Vec<_> = outputs.collect();
    let seconds: u64 =
        std::env::var("FLOW_REGISTRY_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let made = movers(&file, seconds);
    let kept: BTreeMap<u64, i64> = made.iter().flatten().copied().collect();
    let mut generations: Vec<u64> = made.into_iter().flatten().map(|(generation, _)| generation).collect();
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
        history.iter().map(|moved| (moved.generation, (moved.to, kept[&moved.generation]))).collect();
    for (mut reader, output) in readers.into_iter().zip(outputs) {
        reader.stdin.take().unwrap().write_all(b"stop\n").unwrap();
        let lags = lags(output.join().unwrap().into_iter(), &truth, all.len() as u64);
        assert!(reader.wait().unwrap().success());
        let at = |share: usize| lags.get(lags.len() * share / 100).copied().unwrap_or_default();
        let most = lags.last().copied().unwrap_or_default();
        println!(
            "{} moves by 64 processes in {seconds} s; a reader saw {} states, lag p50 {} p90 {} p99 {} max {most} ms; {}",
            all.len(),
            lags.len(),
            at(50),
            at(90),
            at(99),
            histogram(&lags)
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
        // The writer looks at its clock after the move is kept; a reader may have seen it by then.
        lags.push((at.parse::<i64>().unwrap() - moved).max(0));
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
        kinds: &FOLLOWED,
        poll: Duration::from_millis(10),
        cache: Some(cache.clone()),
        max_staleness: Some(Duration::from_secs(3600)),
        vaults: None,
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
