//! `flowc add mcp NAME [URL | COMMAND…]`.

pub mod mcp;

use clap::Subcommand;

use crate::exit::Outcome;
use crate::terminal::Terminal;

/// `flowc add mcp NAME [URL | COMMAND…]`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What to add.
    #[command(subcommand)]
    pub what: What,
}

/// What can be added to a package.
#[derive(Subcommand, Debug)]
pub enum What {
    /// Declare the tools of an MCP server
    Mcp(mcp::Args),
}

pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    match &args.what {
        What::Mcp(args) => mcp::run(args, terminal),
    }
}
