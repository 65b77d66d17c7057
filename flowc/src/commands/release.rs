//! `flowc release …`: several moves that happen, and are taken back, as one.

use flow_registry::{Error, Item, Kind, Name, Reference, Selector};

use super::versions::{list, show};
use crate::exit::{Outcome, Stop};
use crate::registry::asked::Asked;
use crate::registry::signed::Signed;
use crate::registry::store;
use crate::terminal::Terminal;

/// `flowc release …`
#[derive(clap::Args, Debug)]
#[command(arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with releases.
#[derive(clap::Subcommand, Debug)]
pub enum Action {
    /// Move several pointers at once, if everything deployed still fits
    Apply(Apply),
    /// Take back everything that the last release of this name moved
    Rollback(Rollback),
    /// Releases, and which is in force
    List(list::Args),
    /// What a release moves
    Show(show::Args),
}

/// `flowc release apply NAME MOVE… --reason R`
#[derive(clap::Args, Debug)]
pub struct Apply {
    /// What this is a version of: `week`, `onboarding`.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// `prompt:support/triage@prod=v3`, `model:fast@prod=v2`, `bundle:desk@prod=v9`.
    #[arg(value_name = "KIND:NAME@POINTER=vN", required = true)]
    pub moves: Vec<String>,
    /// Who does it, why, and where.
    #[command(flatten)]
    pub signed: Signed,
}

/// `flowc release rollback NAME --reason R`
#[derive(clap::Args, Debug)]
pub struct Rollback {
    /// Which.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Who does it, why, and where.
    #[command(flatten)]
    pub signed: Signed,
}

/// Does what was typed.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    match &args.action {
        Action::Apply(args) => apply(args, terminal),
        Action::Rollback(args) => rollback(args, terminal),
        Action::List(args) => list::run(Kind::Release, args, terminal),
        Action::Show(args) => show::run(Kind::Release, args, terminal),
    }
}

fn name(text: &str) -> Result<Name, Stop> {
    text.parse().map_err(|error| store::stop(Error::Name(error)))
}

fn apply(args: &Apply, terminal: &Terminal) -> Outcome {
    let name = name(&args.name)?;
    let items = args.moves.iter().map(|text| item(text)).collect::<Result<Vec<Item>, Stop>>()?;
    args.signed.change(Asked::Release { name, items }, terminal)
}

fn rollback(args: &Rollback, terminal: &Terminal) -> Outcome {
    args.signed.change(Asked::RollbackRelease { name: name(&args.name)? }, terminal)
}

/// `prompt:support/triage@prod=v3`.
fn item(text: &str) -> Result<Item, Stop> {
    let wrong = || {
        Stop::usage(format!("`{text}` is no move"))
            .help("write KIND:NAME@POINTER=vN: `prompt:desk/sort@prod=v3`")
    };
    let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
    let (reference, to) = rest.split_once('=').ok_or_else(wrong)?;
    let kind: Kind = kind.parse().map_err(|_| wrong())?;
    let reference: Reference = reference.parse().map_err(|error| store::stop(Error::Name(error)))?;
    match (reference.selector, to.parse()) {
        (Selector::Pointer(pointer), Ok(Selector::Version(to))) => {
            Ok(Item { kind, name: reference.name.to_string(), pointer: pointer.to_string(), to })
        }
        _ => Err(wrong()),
    }
}
