//! `flowc prompt move NAME@POINTER vN --reason R`.

use flow_registry::{Error, Kind, Name, PointerName, Reference, Selector};

use crate::exit::{Outcome, Stop};
use crate::registry::gate::{self, Denied};
use crate::registry::store::{self, Signature, Store};
use crate::terminal::Terminal;

/// `flowc prompt move NAME@POINTER vN --reason R`
///
/// Moves a pointer, or makes it. Refused if a deployed bundle that uses it would no longer fit.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which pointer.
    #[arg(value_name = "NAME@POINTER")]
    pub pointer: String,
    /// To which version.
    #[arg(value_name = "vN")]
    pub to: String,
    /// Only if the pointer is at this generation; 0 is a pointer that is not there yet.
    #[arg(long, value_name = "N")]
    pub generation: Option<u64>,
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

/// Moves a pointer.
pub(crate) fn run(kind: Kind, args: &Args, terminal: &Terminal) -> Outcome {
    let (name, pointer) = pointer(&args.pointer)?;
    let to = match args.to.parse::<Selector>() {
        Ok(Selector::Version(number)) => number,
        Ok(Selector::Pointer(_)) | Err(_) => {
            return Err(Stop::usage(format!("`{}` is no version", args.to))
                .help(format!("versions are v1, v2, …; `flowc {kind} list {name}` shows them")));
        }
    };
    let who = if args.dry_run { args.signature.who()? } else { args.signature.who_and_why()? };
    let who = flow_registry::Who { reason: or_trial(who.reason), ..who };
    let mut registry = args.store.existing()?;
    let done = registry.change(&who, |change| {
        let moved = change.move_pointer(kind, &name, &pointer, to, args.generation)?;
        let effect = gate::verify(change, vec![moved])?;
        if args.dry_run { Err(Denied::Tried(effect)) } else { Ok(effect) }
    });
    gate::report(done, args.store.json, terminal)
}

/// What is only tried needs no reason: nothing is kept.
pub(crate) fn or_trial(reason: String) -> String {
    if reason.trim().is_empty() { "a trial".to_owned() } else { reason }
}

/// `NAME@POINTER`, where a version makes no sense.
pub(crate) fn pointer(text: &str) -> Result<(Name, PointerName), Stop> {
    let reference: Reference = text.parse().map_err(|error| store::stop(Error::Name(error)))?;
    match reference.selector {
        Selector::Pointer(pointer) => Ok((reference.name, pointer)),
        Selector::Version(_) => Err(Stop::usage(format!("`{text}` is a version, and versions never move"))
            .help("name a pointer, as in `support/triage@prod`")),
    }
}
