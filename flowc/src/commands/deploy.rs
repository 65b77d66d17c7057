//! `flowc deploy [PATH]`.

use std::path::PathBuf;

use flow_registry::{Error, Name, PointerName};

use crate::compile;
use crate::exit::{Exit, Outcome};
use crate::registry::asked::Asked;
use crate::registry::signed::Signed;
use crate::registry::told::Told;
use crate::registry::{store, version};
use crate::terminal::{BOLD, Terminal, paint};

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
    /// Who does it, why, and where.
    #[command(flatten)]
    pub signed: Signed,
}

/// Deploys a package.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let wrong = |error| store::stop(Error::Name(error));
    let pointer: PointerName = args.pointer.parse().map_err(wrong)?;
    args.signed.check()?;
    let Some(built) = compile::target(&args.path, terminal)? else { return Ok(Exit::Diagnostics) };
    let name: Name = built.bundle.package.parse().map_err(wrong)?;
    let content = version::content(&built.bundle)?;
    let mut place = args.signed.store.of(&built.root).place_to_fill()?;
    let place_of = format!("{name}@{pointer}");
    let told = args.signed.ask(&mut place, Asked::Deploy { name, pointer, content })?;
    if matches!(&told, Told::Effect(effect) if effect.moves.is_empty()) {
        terminal.note(format!("{} is there already", paint(BOLD, place_of)));
    }
    told.tell(args.signed.store.json, terminal)
}
