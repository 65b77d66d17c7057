//! `flowc prompt publish NAME FILE.flow`.

use std::path::PathBuf;

use flow_registry::{Error, Kind, Name};

use crate::exit::{Exit, Outcome};
use crate::registry::asked::Asked;
use crate::registry::place::Wanted;
use crate::registry::store::{self, Signature, Store};
use crate::registry::version;
use crate::terminal::Terminal;

/// `flowc prompt publish NAME FILE.flow`
///
/// Compiles a file with one declaration, and keeps it as a version that never changes. The same content again is the
/// same version. No pointer moves.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// As in `registry("NAME@pointer")`.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// A file that declares one prompt (or model), and the types that it uses.
    #[arg(value_name = "FILE.flow")]
    pub file: PathBuf,
    /// Who does it.
    #[command(flatten)]
    pub signature: Signature,
    /// Where to.
    #[command(flatten)]
    pub store: Store,
}

/// Publishes a version.
pub(crate) fn run(kind: Kind, args: &Args, terminal: &Terminal) -> Outcome {
    let name: Name = args.name.parse().map_err(|error| store::stop(Error::Name(error)))?;
    let Some(bundle) = version::of_file(kind, &args.file, terminal)? else { return Ok(Exit::Diagnostics) };
    let content = version::content(&bundle)?;
    let wanted = Wanted { signature: &args.signature, with_reason: false, dry_run: false, runs: None };
    let told = args.store.place_to_fill()?.change(Asked::Publish { kind, name, content }, wanted)?;
    told.tell(args.store.json, terminal)
}
