//! `flowc registry proposals`.

use flow_registry::Proposal;
use flow_registry::protection::State;
use serde_json::json;

use crate::exit::{Exit, Outcome};
use crate::registry::place::Waiting;
use crate::registry::store::{self, Store};
use crate::terminal::{BOLD, DIM, Terminal, clean, paint};

/// `flowc registry proposals [--all]`
///
/// What one person alone does not move, and which moves wait for somebody else.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Also those that were approved or withdrawn.
    #[arg(long)]
    pub all: bool,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

/// Lists them.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let Waiting { protected, mut proposals } = args.store.place()?.waiting()?;
    proposals.retain(|proposal| args.all || proposal.state == State::Open);
    if args.store.json {
        terminal.line(format!("{:#}", json!(Waiting { protected, proposals })))?;
        return Ok(Exit::Ok);
    }
    for pattern in &protected {
        terminal.line(format!("{} {pattern}", paint(DIM, "protected")))?;
    }
    for proposal in &proposals {
        for line in lines(proposal) {
            terminal.line(line)?;
        }
    }
    if proposals.is_empty() {
        terminal.note("nothing waits");
    }
    Ok(Exit::Ok)
}

/// `7  2026-11-21 17:04:05  ann: friendlier`, and a line for each move.
fn lines(proposal: &Proposal) -> Vec<String> {
    let Proposal { seq, plan, actor, reason, time_ms, state } = proposal;
    let state = match state {
        State::Open => "",
        State::Approved => "  approved",
        State::Withdrawn => "  withdrawn",
    };
    let (actor, reason) = (clean(actor), clean(reason));
    let head = format!("{}  {}  {actor}: {reason}{state}", paint(BOLD, seq), store::time(*time_ms));
    let moves = plan
        .items
        .iter()
        .map(|item| format!("   {} {}@{} → v{}", item.kind, item.name, item.pointer, item.to));
    std::iter::once(head).chain(moves).collect()
}
