//! `flowc prompt diff NAME@A NAME@B`.

use flow_registry::{Error, Kind, Reference};
use serde_json::json;
use similar::{ChangeTag, TextDiff};

use crate::exit::{Exit, Outcome, Stop};
use crate::registry::store::{self, Store};
use crate::registry::version;
use crate::terminal::{BAD, DIM, GOOD, Terminal, clean, paint};

/// `flowc prompt diff NAME@A NAME@B`
///
/// What the second version says otherwise. Exits with 1 if there is a difference.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The one.
    #[arg(value_name = "NAME@A")]
    pub before: String,
    /// The other.
    #[arg(value_name = "NAME@B")]
    pub after: String,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

/// Compares two versions.
pub(crate) fn run(kind: Kind, args: &Args, terminal: &Terminal) -> Outcome {
    let place = args.store.place()?;
    let text = |reference: &str| -> Result<(String, String), Stop> {
        let reference: Reference = reference.parse().map_err(|error| store::stop(Error::Name(error)))?;
        let (found, _) = place.resolve(kind, &reference)?;
        let title = format!("{} v{}", found.row.name, found.row.number);
        Ok((title, clean(&version::shown(kind, &found.body)?)))
    };
    let ((old_title, old), (new_title, new)) = (text(&args.before)?, text(&args.after)?);
    let exit = if old == new { Exit::Ok } else { Exit::Diagnostics };
    if args.store.json {
        let line = json!({ "before": { "version": old_title, "text": old },
                           "after": { "version": new_title, "text": new }, "equal": old == new });
        terminal.line(format!("{line:#}"))?;
        return Ok(exit);
    }
    terminal.line(paint(DIM, format!("--- {old_title}\n+++ {new_title}")))?;
    for change in TextDiff::from_lines(&old, &new).iter_all_changes() {
        let line = change.value().trim_end_matches('\n');
        terminal.line(match change.tag() {
            ChangeTag::Delete => paint(BAD, format!("-{line}")),
            ChangeTag::Insert => paint(GOOD, format!("+{line}")),
            ChangeTag::Equal => format!(" {line}"),
        })?;
    }
    Ok(exit)
}
