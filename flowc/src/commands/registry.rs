//! `flowc registry …`: the registry itself.

pub mod bodies;
pub mod proposals;
pub mod protect;
pub mod prune;

use crate::exit::Outcome;
use crate::registry::asked::Asked;
use crate::registry::signed::Signed;
use crate::terminal::Terminal;

/// `flowc registry …`
#[derive(clap::Args, Debug)]
#[command(arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with a registry.
#[derive(clap::Subcommand, Debug)]
pub enum Action {
    /// Where contents of versions are kept: in the file, in a folder, or in a bucket
    Bodies(bodies::Args),
    /// Let nobody move these pointers alone
    Protect(protect::Args),
    /// Let them be moved by one person again
    Unprotect(protect::Args),
    /// What is protected, and which moves wait for somebody else
    Proposals(proposals::Args),
    /// Make the moves that somebody else proposed, if everything deployed still fits
    Approve(Answered),
    /// Close a proposal
    Withdraw(Answered),
    /// Delete old contents that nothing reaches
    Prune(prune::Args),
}

/// `flowc registry approve N --reason R`
#[derive(clap::Args, Debug)]
pub struct Answered {
    /// As `flowc registry proposals` shows it.
    #[arg(value_name = "PROPOSAL")]
    pub proposal: u64,
    /// Who does it, why, and where.
    #[command(flatten)]
    pub signed: Signed,
}

/// Does what was typed.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    match &args.action {
        Action::Bodies(args) => bodies::run(args, terminal),
        Action::Protect(args) => protect::run(args, true, terminal),
        Action::Unprotect(args) => protect::run(args, false, terminal),
        Action::Proposals(args) => proposals::run(args, terminal),
        Action::Approve(args) => args.signed.change(Asked::Approve { proposal: args.proposal }, terminal),
        Action::Withdraw(args) => args.signed.change(Asked::Withdraw { proposal: args.proposal }, terminal),
        Action::Prune(args) => prune::run(args, terminal),
    }
}
