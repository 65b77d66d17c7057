//! `flowc build PATH [-o FILE]`.

use std::path::PathBuf;

use crate::compile;
use crate::exit::{Exit, Outcome, Stop};
use crate::load::Package;
use crate::terminal::{BOLD, Terminal, count, paint};

/// `flowc build PATH [-o FILE]`
///
/// The bundle holds everything a run needs and no source text. It is named by the digest of its content:
/// packages that mean the same give the same bytes.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A package, or a file of its own.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Where to write; `-` is stdout.
    #[arg(short, long, value_name = "FILE", help = "Where to write; `-` is stdout [default: NAME.bundle]")]
    pub output: Option<PathBuf>,
}

/// Writes the bundle.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let package = Package::at(&args.path)?;
    let Some(built) = compile::build(&package, terminal) else {
        return Ok(Exit::Diagnostics);
    };
    let bytes = built.bundle.to_file();
    let path = args.output.clone().unwrap_or_else(|| format!("{}.bundle", built.bundle.package).into());
    if path.as_os_str() == "-" {
        terminal.print(&String::from_utf8_lossy(&bytes))?;
        return Ok(Exit::Ok);
    }
    std::fs::write(&path, &bytes)
        .map_err(|error| Stop::usage(format!("cannot write `{}`: {error}", path.display())))?;
    let digest = built.bundle.digest();
    terminal.note(format!(
        "{} {digest}, {}, {} bytes",
        paint(BOLD, path.display()),
        count(built.bundle.flows.len(), "flow"),
        bytes.len()
    ));
    Ok(Exit::Ok)
}
