//! Moving a pointer while many packages are deployed: every one of them is compared with the new version first.
//!
//! `cargo build --release -p flowc`, then `cargo bench -p flow-benches --bench registry`. What is timed is the whole
//! process of `flowc prompt move`, beside one that moves a pointer which nothing deployed uses.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use flow_compiler::{PackageInput, check};
use flow_ir::Bundle;
use flow_registry::{Change, Error, Kind, Registry, Who};

/// Bundles that use the prompt.
const DEPLOYED: usize = 500;

/// Moves that are timed.
const MOVES: usize = 21;

const MODELS: &str = include_str!("../../examples/support/models.flow");
const SUPPORT: &str = include_str!("../../examples/support/main.flow");

fn main() {
    let Some(flowc) = binary() else {
        return println!("moves: skipped: no `flowc` beside this; cargo build --release first");
    };
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("registry.db");
    let bytes = fill(&file);
    let used = median(|at| time(&flowc, &file, "support/triage@prod", at));
    let unused = median(|at| time(&flowc, &file, "support/other@prod", at));
    println!(
        "{DEPLOYED} deployed bundles of {} kB: a move takes {:.1} ms, one that touches none {:.1} ms (ratio {:.1})",
        bytes / 1_000,
        used.as_secs_f64() * 1e3,
        unused.as_secs_f64() * 1e3,
        used.as_secs_f64() / unused.as_secs_f64()
    );
}

/// The release build beside this.
fn binary() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let found = own.parent()?.parent()?.join("flowc");
    found.is_file().then_some(found)
}

fn median(one: impl Fn(usize) -> Duration) -> Duration {
    let mut took: Vec<Duration> = (0..MOVES).map(one).collect();
    took.sort_unstable();
    took.get(MOVES / 2).copied().unwrap_or_default()
}

/// One move, to v2 and back by turns.
fn time(flowc: &Path, file: &Path, pointer: &str, at: usize) -> Duration {
    let to = if at.is_multiple_of(2) { "v2" } else { "v1" };
    let mut command = Command::new(flowc);
    command.args(["prompt", "move", pointer, to, "--reason", "bench", "--actor", "bench", "--registry"]);
    command.arg(file).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status().expect("flowc starts");
    let took = start.elapsed();
    assert!(status.success(), "the move was refused");
    took
}

/// Two versions of two prompts, and the packages that use the first. How large a bundle is.
fn fill(file: &Path) -> usize {
    let mut registry = Registry::open(file).expect("a registry");
    let who = Who { actor: "bench".into(), reason: "bench".into(), now_ms: 1 };
    let mut size = 0;
    let steps = |change: &Change<'_>| {
        for name in ["support/triage", "support/other"] {
            let name = name.parse()?;
            for front in ["Which team answers this ticket?", "Please say which team answers this ticket."] {
                change.publish(Kind::Prompt, &name, &version(front))?;
            }
            change.move_pointer(Kind::Prompt, &name, &"prod".parse()?, 1, None)?;
        }
        for at in 0..DEPLOYED {
            let name = format!("desk{at}").parse()?;
            let body = package(at);
            size = body.len();
            change.publish(Kind::Bundle, &name, &body)?;
            change.move_pointer(Kind::Bundle, &name, &"prod".parse()?, 1, None)?;
        }
        Ok(())
    };
    registry.change::<_, Error>(&who, steps).expect("the registry is filled");
    size
}

/// The support example, with its prompt in the registry.
fn package(at: usize) -> Vec<u8> {
    let head = "prompt triage(ticket: Ticket): Triage {";
    let (before, rest) = SUPPORT.split_once(head).expect("the example has the prompt");
    let (_, after) = rest.split_once("\n}\n").expect("the prompt ends");
    let prompt = "prompt triage(ticket: Ticket): Triage = registry(\"support/triage@prod\") {\n  confidence: Logprob(team)\n  input: 3k tokens\n  output: 100 tokens\n}\n";
    let manifest = format!(
        "[package]\nname = \"desk{at}\"\nflow = \"0.1\"\n\n[roles]\nsupport_lead = {{ trusted = true }}\n\n[grants]\ndesk{at} = [\"ticket_reply\"]\n"
    );
    let files = vec![
        ("main.flow".to_owned(), vec!["main".to_owned()], format!("{before}{prompt}{after}")),
        ("models.flow".to_owned(), vec!["models".to_owned()], MODELS.to_owned()),
    ];
    bundle(&PackageInput { manifest: Some(("flow.toml".to_owned(), manifest)), files }).canonical_bytes()
}

/// A version of the prompt.
fn version(front: &str) -> Vec<u8> {
    let (_, types) = SUPPORT.split_once("enum Team").expect("the example has types");
    let (types, _) = types.split_once("type Draft").expect("the types end");
    let text = format!(
        "enum Team{types}prompt triage(ticket: Ticket): Triage {{\n  system: \"{front}\"\n  user: \"{{{{ticket.body}}}}\"\n}}\n"
    );
    let files = vec![("version.flow".to_owned(), vec!["version".to_owned()], text)];
    Bundle { package: "".into(), ..bundle(&PackageInput { manifest: None, files }) }.canonical_bytes()
}

fn bundle(input: &PackageInput) -> Bundle {
    let checked = check(input);
    let said = format!("{:?}", checked.diagnostics);
    checked.output.map(|output| output.bundle).expect(&said)
}
