//! `flowc prompt show NAME@POINTER`.

use flow_registry::{Error, Kind, Reference};
use serde_json::{Value as Json, json};

use crate::exit::{Exit, Outcome};
use crate::registry::store::{self, Store};
use crate::registry::version;
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
    let registry = args.store.existing()?;
    let (found, pointer) = registry.resolve(kind, &reference).map_err(store::stop)?;
    if args.store.json {
        let content: Json = serde_json::from_slice(&found.body).unwrap_or_default();
        let line = json!({ "version": found.row, "pointer": pointer, "content": content });
        terminal.line(format!("{line:#}"))?;
        return Ok(Exit::Ok);
    }
    let row = &found.row;
    let head = paint(BOLD, format!("{} v{}", row.name, row.number));
    let by = format!("published {} by {}", store::time(row.created_ms), clean(&row.actor));
    terminal.note(format!("{head}  {}", paint(DIM, format!("{by}  {}", row.digest))));
    terminal.print(&clean(&version::shown(kind, &found.body)?))?;
    Ok(Exit::Ok)
}
