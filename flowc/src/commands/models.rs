//! `flowc models list|show|check`.

mod check;
mod list;
mod show;

use std::path::PathBuf;

use clap::Subcommand;
use flow_ir::Bundle;
use flow_ir::setup::Model;

use crate::compile;
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::Terminal;

/// `flowc models list|show|check`
///
/// The models of a package, those of the catalogue that it imports included: where they are asked, what they can do and
/// cost, and whether they answer.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What to do with them.
    #[command(subcommand)]
    pub what: What,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum What {
    /// One line a model
    List(Where),
    /// Everything that is known of one model
    Show(show::Args),
    /// Ask every model for one word, and say which do not answer
    Check(check::Args),
}

/// Which package.
#[derive(clap::Args, Debug)]
pub struct Where {
    /// A package, a file, or a bundle.
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// For programs.
    #[arg(long)]
    pub json: bool,
}

pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    match &args.what {
        What::List(place) => list::run(place, terminal),
        What::Show(args) => show::run(args, terminal),
        What::Check(args) => check::run(args, terminal),
    }
}

/// The package's bundle, and where it is.
fn built(path: &std::path::Path, terminal: &Terminal) -> Result<Result<compile::Built, Exit>, Stop> {
    Ok(compile::target(path, terminal)?.ok_or(Exit::Diagnostics))
}

fn named<'b>(bundle: &'b Bundle, name: &str) -> Result<&'b Model, Stop> {
    let is_it = |model: &&Model| model.name == name || model.name.rsplit('.').next() == Some(name);
    bundle.models.iter().find(is_it).ok_or_else(|| {
        let names: Vec<&str> = bundle.models.iter().map(|model| model.name.as_str()).collect();
        let known =
            if names.is_empty() { "it has none".to_owned() } else { format!("it has: {}", names.join(", ")) };
        Stop::usage(format!("the package has no model `{name}`")).help(known)
    })
}
