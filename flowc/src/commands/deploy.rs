//! `flowc deploy [PATH]`.

use std::path::PathBuf;

use flow_registry::{Error, Kind, Name, PointerName};

use crate::compile;
use crate::exit::{Exit, Outcome};
use crate::registry::gate::Denied;
use crate::registry::signed::Signed;
use crate::registry::store;
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
    let who = args.signed.who()?;
    let Some(built) = compile::target(&args.path, terminal)? else { return Ok(Exit::Diagnostics) };
    let name: Name = built.bundle.package.parse().map_err(wrong)?;
    let body = built.bundle.canonical_bytes();
    let registry = args.signed.store.of(&built.root).open()?;
    registry.keep(Kind::Bundle, &name, &body).map_err(store::stop)?;
    args.signed.change(registry, &who, terminal, |change| {
        let row = change.publish(Kind::Bundle, &name, &body)?.row;
        match change.move_pointer(Kind::Bundle, &name, &pointer, row.number, None) {
            Ok(moved) => Ok(vec![moved]),
            Err(Error::AlreadyThere { .. }) => {
                terminal.note(format!("{} is there already", paint(BOLD, format!("{name}@{pointer}"))));
                Ok(Vec::new())
            }
            Err(error) => Err(Denied::from(error)),
        }
    })
}
