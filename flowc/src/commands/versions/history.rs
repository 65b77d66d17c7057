//! `flowc prompt history NAME@POINTER`.

use flow_registry::{Kind, Moved};

use super::moving::pointer;
use crate::exit::{Exit, Outcome};
use crate::registry::store::{self, Store};
use crate::terminal::{BOLD, DIM, Terminal, WARN, clean, paint};

/// `flowc prompt history NAME@POINTER`
///
/// Who moved it when, from where to where, and why; oldest first.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which pointer.
    #[arg(value_name = "NAME@POINTER")]
    pub pointer: String,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

/// Prints the moves of a pointer.
pub(crate) fn run(kind: Kind, args: &Args, terminal: &Terminal) -> Outcome {
    let (name, pointer) = pointer(&args.pointer)?;
    let history = args.store.place()?.history(kind, &name, &pointer)?;
    if args.store.json {
        let lines = serde_json::to_value(&history).unwrap_or_default();
        terminal.line(format!("{lines:#}"))?;
        return Ok(Exit::Ok);
    }
    for moved in &history {
        terminal.line(line(moved))?;
    }
    Ok(Exit::Ok)
}

/// `2  2026-11-21 17:04:05  v1 → v2  ann: friendlier`.
fn line(moved: &Moved) -> String {
    let from = moved.from.map_or("·".to_owned(), |from| format!("v{from}"));
    let to = paint(BOLD, format!("v{}", moved.to));
    let arrow = if moved.is_rollback { paint(WARN, "↩") } else { "→".to_owned() };
    let (actor, reason) = (clean(&moved.actor), clean(&moved.reason));
    let generation = paint(DIM, moved.generation);
    format!("{generation}  {}  {from} {arrow} {to}  {actor}: {reason}", store::time(moved.time_ms))
}
