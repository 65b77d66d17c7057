//! `flowc new NAME`.

use std::path::{Path, PathBuf};

use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::{BOLD, NAME, Terminal, paint};

/// The package that is written: path and text, with `NAME` for the name.
const FILES: &[(&str, &str)] = &[
    ("flow.toml", include_str!("new/flow.toml")),
    ("main.flow", include_str!("new/main.flow")),
    ("models.flow", include_str!("new/models.flow")),
    ("samples/ticket.json", include_str!("new/ticket.json")),
    ("cassettes/run.json", include_str!("new/run.json")),
    ("answers.json", include_str!("new/answers.json")),
    ("README.md", include_str!("new/README.md")),
    (".gitignore", include_str!("new/gitignore")),
];

/// `flowc new NAME`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The package's name, and the directory it is written to; a path ends in the name.
    pub name: PathBuf,
}

/// Writes the package; never over something that is there.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let name = package_name(&args.name)?;
    if args.name.exists() {
        return Err(Stop::usage(format!("`{}` is there already", args.name.display()))
            .help("choose another name; nothing was changed"));
    }
    for (path, text) in FILES {
        write(&args.name.join(path), &text.replace("NAME", &name))?;
    }
    let place = args.name.display();
    terminal.note(format!("{} is a package that checks, tests and runs:", paint(BOLD, &place)));
    for command in [
        format!("flowc check {place}"),
        format!("flowc test {place}"),
        format!(
            "flowc run {place} --input @{place}/samples/ticket.json --cassette {place}/cassettes/run.json --answers {place}/answers.json"
        ),
    ] {
        terminal.note(format!("  {}", paint(NAME, command)));
    }
    Ok(Exit::Ok)
}

fn package_name(path: &Path) -> Result<String, Stop> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if fits {
        return Ok(name);
    }
    let near: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '_' })
        .skip_while(|c| !c.is_ascii_lowercase())
        .collect();
    let stop = Stop::usage(format!("`{name}` cannot name a package"))
        .help("a name begins with a small letter and goes on with small letters, digits and `_`");
    Err(if near.is_empty() { stop } else { stop.help(format!("`{near}` would do")) })
}

fn write(path: &Path, text: &str) -> Result<(), Stop> {
    let failed = |error: std::io::Error| Stop::usage(format!("cannot write `{}`: {error}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}
