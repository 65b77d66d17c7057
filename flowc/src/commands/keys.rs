//! `flowc keys add|list|revoke --store FILE`: who may use a server.

mod add;
mod list;
mod revoke;

use crate::exit::Outcome;
use crate::terminal::Terminal;

/// `flowc keys …`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What about them.
    #[command(subcommand)]
    pub what: What,
}

/// What is done with keys.
#[derive(clap::Subcommand, Debug)]
pub enum What {
    /// Make a key; it is shown once
    Add(add::Args),
    /// The keys, without what is secret
    List(list::Args),
    /// Make a key worthless
    Revoke(revoke::Args),
}

/// Adds, lists or revokes.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    match &args.what {
        What::Add(args) => add::run(args, terminal),
        What::List(args) => list::run(args, terminal),
        What::Revoke(args) => revoke::run(args, terminal),
    }
}
