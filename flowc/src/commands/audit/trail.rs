//! `flowc audit log|verify|export`: the registry's log.

use std::path::PathBuf;

use flow_registry::Event;
use serde_json::json;

use crate::exit::{Exit, Outcome, Stop};
use crate::registry::store::{self, Store};
use crate::terminal::{BAD, BOLD, DIM, GOOD, Terminal, clean, count, paint};

/// What can be done with the log.
#[derive(clap::Subcommand, Debug)]
pub enum Action {
    /// Who did what when and why
    Log(Log),
    /// Prove that the log is whole, and that everything is what the log says
    Verify(Verify),
    /// Write the log as JSON lines
    Export(Export),
}

/// `flowc audit log [TEXT]`
#[derive(clap::Args, Debug)]
pub struct Log {
    /// Only events about this: `support/triage`, `support/triage@prod`.
    #[arg(value_name = "TEXT")]
    pub about: Option<String>,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

/// `flowc audit verify [--head HASH]`
#[derive(clap::Args, Debug)]
pub struct Verify {
    /// The hash that an earlier `verify` printed: it must still be in the chain.
    #[arg(long, value_name = "HASH")]
    pub head: Option<String>,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

/// `flowc audit export [-o FILE]`
#[derive(clap::Args, Debug)]
pub struct Export {
    /// Where to write; stdout without it.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Where from.
    #[command(flatten)]
    pub store: Store,
}

/// Does what was typed.
pub(crate) fn run(action: &Action, terminal: &Terminal) -> Outcome {
    match action {
        Action::Log(args) => log(args, terminal),
        Action::Verify(args) => verify(args, terminal),
        Action::Export(args) => export(args, terminal),
    }
}

fn log(args: &Log, terminal: &Terminal) -> Outcome {
    let events = args.store.place()?.events()?;
    let about = |event: &&Event| args.about.as_deref().is_none_or(|about| event.subject.contains(about));
    let events: Vec<&Event> = events.iter().filter(about).collect();
    if args.store.json {
        let lines = serde_json::to_value(&events).unwrap_or_default();
        terminal.line(format!("{lines:#}"))?;
        return Ok(Exit::Ok);
    }
    for event in events {
        terminal.line(line(event))?;
    }
    Ok(Exit::Ok)
}

/// `4  2026-11-21 17:04:05  ann  move prompt support/triage@prod v1 → v2: friendlier`.
fn line(event: &Event) -> String {
    let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let word = |text: &str| text.get(..8).filter(|_| is_digest(text)).unwrap_or(text).to_owned();
    let short = |text: &str| text.split(' ').map(word).collect::<Vec<_>>().join(" ");
    let change = match (event.before.as_str(), event.after.as_str()) {
        ("", after) => short(after),
        (before, "") => format!("{} →", short(before)),
        (before, after) => format!("{} → {}", short(before), short(after)),
    };
    let why = if event.reason.is_empty() { String::new() } else { format!(": {}", clean(&event.reason)) };
    format!(
        "{}  {}  {}  {} {}  {change}{why}",
        paint(DIM, event.seq),
        store::time(event.time_ms),
        clean(&event.actor),
        event.action,
        paint(BOLD, &event.subject)
    )
}

fn verify(args: &Verify, terminal: &Terminal) -> Outcome {
    let proof = args.store.place()?.verify(args.head.as_deref())?;
    if args.store.json {
        terminal.line(format!("{:#}", json!(proof)))?;
    } else {
        for damage in &proof.damages {
            let place = damage.seq.map(|seq| format!(" in event {seq}")).unwrap_or_default();
            terminal.err(&format!("{}{place}: {}\n", paint(BAD, "damaged"), clean(&damage.what)));
        }
        if proof.whole {
            let (events, head) = (usize::try_from(proof.events).unwrap_or(usize::MAX), &proof.head);
            let events = count(events, "event");
            terminal.line(format!("{} {events}, head {head}", paint(GOOD, "whole:")))?;
        }
    }
    Ok(if proof.whole { Exit::Ok } else { Exit::Diagnostics })
}

fn export(args: &Export, terminal: &Terminal) -> Outcome {
    let events = args.store.place()?.events()?;
    let line = |event: &Event| serde_json::to_string(event).map(|line| line + "\n").unwrap_or_default();
    let text: String = events.iter().map(line).collect();
    match &args.output {
        None => terminal.print(&text)?,
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Stop::usage(format!("cannot write `{}`: {error}", path.display())))?,
    }
    Ok(Exit::Ok)
}
