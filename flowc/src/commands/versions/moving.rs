//! `flowc prompt move NAME@POINTER vN --reason R`.

use flow_registry::{Error, Kind, Name, PointerName, Reference, Selector};

use crate::exit::{Outcome, Stop};
use crate::registry::asked::Asked;
use crate::registry::signed::Signed;
use crate::registry::store;
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
    /// Who does it, why, and where.
    #[command(flatten)]
    pub signed: Signed,
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
    let pointer = format!("{name}@{pointer}");
    args.signed.change(Asked::Move { kind, pointer, to, generation: args.generation }, terminal)
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
