//! `flowc rollback PATH|NAME@POINTER`: takes back a deploy.

use std::path::Path;

use flow_registry::Kind;

use super::versions::rollback;
use crate::exit::{Outcome, Stop};
use crate::load::Package;
use crate::registry::signed::Signed;
use crate::terminal::Terminal;

/// Take back a deploy
///
/// Moves the pointer of a package back to the version it named before. Again goes one further back. Servers that run
/// take it at once.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which pointer; a package stands for its `prod`.
    #[arg(value_name = "PATH|NAME@POINTER")]
    pub target: String,
    /// Only if the pointer is at this generation.
    #[arg(long, value_name = "N")]
    pub generation: Option<u64>,
    /// Who does it, why, and where.
    #[command(flatten)]
    pub signed: Signed,
}

/// Moves the pointer of a package back.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let path = Path::new(&args.target);
    let (pointer, store) = match !args.target.contains('@') && path.exists() {
        true => {
            let package = Package::at(path)?;
            (format!("{}@prod", name_of(&package)?), args.signed.store.of(&package.root))
        }
        false => (args.target.clone(), args.signed.store.clone()),
    };
    let signed = Signed { store, ..args.signed.clone() };
    let args = rollback::Args { pointer, generation: args.generation, signed };
    rollback::run(Kind::Bundle, &args, terminal)
}

/// As its `flow.toml` says, whatever else is wrong with the package: taking something back must not need more.
fn name_of(package: &Package) -> Result<String, Stop> {
    let manifest = package.manifest.as_deref().and_then(|text| text.parse::<toml::Table>().ok());
    let name = manifest.as_ref().and_then(|table| table.get("package")?.get("name")?.as_str());
    name.map(str::to_owned).ok_or_else(|| {
        Stop::usage(format!("`{}` has no `flow.toml` that says its name", package.shown))
            .help("write NAME@POINTER, as in `estate@prod`")
    })
}
