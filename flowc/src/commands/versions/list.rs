//! `flowc prompt list [NAME]`.

use flow_registry::{Error, Kind, Name, Pointer, VersionRow};
use serde_json::json;

use crate::exit::{Exit, Outcome};
use crate::registry::place::Listed;
use crate::registry::store::{self, Store};
use crate::terminal::{BOLD, DIM, NAME, Terminal, clean, paint};

/// `flowc prompt list [NAME]`
///
/// Names with their pointers; with NAME, its versions.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Its versions.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

/// Lists what is there.
pub(crate) fn run(kind: Kind, args: &Args, terminal: &Terminal) -> Outcome {
    let name = args.name.as_deref().map(str::parse::<Name>).transpose();
    let name = name.map_err(|error| store::stop(Error::Name(error)))?;
    let Listed { versions, pointers } = args.store.place()?.list(kind, name.as_ref())?;
    if args.store.json {
        terminal.line(format!("{:#}", json!({ "versions": versions, "pointers": pointers })))?;
        return Ok(Exit::Ok);
    }
    match name {
        Some(_) => {
            for row in &versions {
                terminal.line(version(row, &pointers))?;
            }
        }
        None => names(&versions, &pointers, terminal)?,
    }
    Ok(Exit::Ok)
}

fn names(versions: &[VersionRow], pointers: &[Pointer], terminal: &Terminal) -> std::io::Result<()> {
    for of_name in versions.chunk_by(|a, b| a.name == b.name) {
        let Some(last) = of_name.last() else { continue };
        let at: Vec<String> = pointers
            .iter()
            .filter(|pointer| pointer.name == last.name)
            .map(|pointer| format!("@{} v{}", pointer.pointer, pointer.number))
            .collect();
        let newest = paint(DIM, format!("newest v{}", last.number));
        terminal.line(format!("{}  {}  {newest}", paint(BOLD, &last.name), paint(NAME, at.join("  "))))?;
    }
    Ok(())
}

/// `v3  2026-11-21 17:04:05  ann  9c1e…  @prod`.
fn version(row: &VersionRow, pointers: &[Pointer]) -> String {
    let at: Vec<String> = pointers
        .iter()
        .filter(|pointer| pointer.name == row.name && pointer.number == row.number)
        .map(|pointer| format!("@{}", pointer.pointer))
        .collect();
    let gone = if row.is_deleted { "  deleted" } else { "" };
    let number = paint(BOLD, format!("v{}", row.number));
    let digest = paint(DIM, row.digest.short());
    let (actor, reason) = (clean(&row.actor), clean(&row.reason));
    format!(
        "{number}  {}  {digest}  {actor}  {reason}  {}{gone}",
        store::time(row.created_ms),
        paint(NAME, at.join(" "))
    )
    .trim_end()
    .to_owned()
}
