//! `flowc prompt publish NAME FILE.flow`.

use std::path::PathBuf;

use flow_registry::{Error, Kind, Name, Published};
use serde_json::json;

use crate::exit::{Exit, Outcome, Stop};
use crate::registry::store::{self, Signature, Store};
use crate::registry::version;
use crate::terminal::{BOLD, DIM, Terminal, paint};

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
    let who = args.signature.who()?;
    let Some(bundle) = version::of_file(kind, &args.file, terminal)? else { return Ok(Exit::Diagnostics) };
    let body = bundle.canonical_bytes();
    let mut registry = args.store.open()?;
    registry.keep(kind, &name, &body).map_err(store::stop)?;
    let published = registry.change::<_, Error>(&who, |change| change.publish(kind, &name, &body));
    tell(&published.map_err(store::stop)?, args.store.json, terminal)
}

/// Says which version it is.
pub(crate) fn tell(published: &Published, json: bool, terminal: &Terminal) -> Outcome {
    let row = &published.row;
    if json {
        let line = json!({ "published": published.is_new, "version": row });
        terminal.line(format!("{line:#}")).map_err(Stop::from)?;
        return Ok(Exit::Ok);
    }
    let what = paint(BOLD, format!("{} v{}", row.name, row.number));
    let note = if published.is_new { "" } else { "  was published before" };
    terminal.line(format!("{what}  {}{note}", paint(DIM, row.digest)))?;
    Ok(Exit::Ok)
}
