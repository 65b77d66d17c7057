//! `flowc prompt show NAME@POINTER`.

use flow_registry::{Error, Kind, Reference};

use crate::exit::{Exit, Outcome};
use crate::registry::store::{self, Store};
use crate::registry::{place, version};
use crate::terminal::{BOLD, DIM, Terminal, clean, paint};

/// `flowc prompt show NAME@POINTER`
///
/// What a version says: `NAME@prod` is what the pointer names now, `NAME@v3` that version.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which version.
    #[arg(value_name = "NAME@POINTER")]
    pub reference: String,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

/// Shows a version.
pub(crate) fn run(kind: Kind, args: &Args, terminal: &Terminal) -> Outcome {
    let reference: Reference = args.reference.parse().map_err(|error| store::stop(Error::Name(error)))?;
    let (found, pointer) = args.store.place()?.resolve(kind, &reference)?;
    if args.store.json {
        terminal.line(format!("{:#}", place::shown(&found, pointer)))?;
        return Ok(Exit::Ok);
    }
    let row = &found.row;
    let head = paint(BOLD, format!("{} v{}", row.name, row.number));
    let by = format!("published {} by {}", store::time(row.created_ms), clean(&row.actor));
    terminal.note(format!("{head}  {}", paint(DIM, format!("{by}  {}", row.digest))));
    terminal.print(&clean(&version::shown(kind, &found.body)?))?;
    Ok(Exit::Ok)
}
