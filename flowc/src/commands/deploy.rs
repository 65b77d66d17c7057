//! `flowc deploy [PATH]`.

use std::path::PathBuf;

use flow_registry::{Error, Kind, Name, PointerName};

use super::versions::moving::or_trial;
use crate::compile;
use crate::exit::{Exit, Outcome};
use crate::registry::gate::{self, Denied, Effect};
use crate::registry::store::{self, Signature, Store};
use crate::terminal::{Terminal, paint};

/// `flowc deploy [PATH] --reason R`
///
/// Publishes a package as a bundle and moves a pointer to it. From then on, prompts and models that it takes from
/// the registry move only to versions that it fits.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A package, or a bundle.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// The pointer.
    #[arg(long, default_value = "prod", value_name = "NAME")]
    pub pointer: String,
    /// Check and show, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Who does it, and why.
    #[command(flatten)]
    pub signature: Signature,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

/// Deploys a package.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let wrong = |error| store::stop(Error::Name(error));
    let pointer: PointerName = args.pointer.parse().map_err(wrong)?;
    let who = if args.dry_run { args.signature.who()? } else { args.signature.who_and_why()? };
    let who = flow_registry::Who { reason: or_trial(who.reason), ..who };
    let Some(built) = compile::target(&args.path, terminal)? else { return Ok(Exit::Diagnostics) };
    let name: Name = built.bundle.package.parse().map_err(wrong)?;
    let body = built.bundle.canonical_bytes();
    let mut registry = args.store.open()?;
    let done = registry.change(&who, |change| {
        let row = change.publish(Kind::Bundle, &name, &body)?.row;
        let moved = match change.move_pointer(Kind::Bundle, &name, &pointer, row.number, None) {
            Ok(moved) => vec![moved],
            Err(Error::AlreadyThere { .. }) => Vec::new(),
            Err(error) => return Err(Denied::from(error)),
        };
        let effect = gate::verify(change, moved)?;
        if args.dry_run { Err(Denied::Tried(effect)) } else { Ok(effect) }
    });
    if let Ok(Effect { moved, .. }) = &done
        && moved.is_empty()
    {
        let style = crate::terminal::BOLD;
        terminal.note(format!("{} is there already", paint(style, format!("{name}@{pointer}"))));
    }
    gate::report(done, args.store.json, terminal)
}
