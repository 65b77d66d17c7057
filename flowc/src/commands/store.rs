//! `flowc store backup|check|purge --store FILE`: looking after a file of runs, while a server drives it.

mod backup;
mod check;
mod purge;

use crate::exit::Outcome;
use crate::terminal::Terminal;

/// `flowc store …`
#[derive(clap::Args, Debug)]
#[command(arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// What can be done with a store.
#[derive(clap::Subcommand, Debug)]
pub enum What {
    /// Copy it as it is at one moment
    Backup(backup::Args),
    /// Read all of it, and say what is not as it was written
    Check(check::Args),
    /// Delete runs that ended long ago
    Purge(purge::Args),
}

/// Does it.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    match &args.what {
        What::Backup(args) => backup::run(args, terminal),
        What::Check(args) => check::run(args, terminal),
        What::Purge(args) => purge::run(args, terminal),
    }
}
