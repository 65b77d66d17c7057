//! `flowc explain CODE|NAME`.

mod declaration;
mod markdown;

use std::path::PathBuf;

use flow_diagnostics::{Code, index};

use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::{BOLD, DIM, Terminal, paint};

/// The pages of `docs/errors` by the number of their code.
pub(crate) static PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// `flowc explain CODE|NAME`
///
/// CODE is `FL0203` or `unreachable-node`. NAME is a declaration of the package in the current directory, or
/// a node of a flow: `handle`, `handle.ask`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A diagnostic's code or name, or a declaration.
    #[arg(value_name = "CODE|NAME", required_unless_present = "list")]
    pub what: Option<String>,
    /// The package to look in.
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub package: PathBuf,
    /// List every code.
    #[arg(long, conflicts_with = "what")]
    pub list: bool,
}

/// Prints the page or the declaration.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let Some(what) = &args.what else {
        return list(terminal);
    };
    if let Some(code) = index::find(what) {
        terminal.print(&page(code))?;
        return Ok(Exit::Ok);
    }
    if looks_like_code(what) {
        return Err(unknown_code(what));
    }
    declaration::explain(what, &args.package, terminal)
}

fn list(terminal: &Terminal) -> Outcome {
    for code in index::ALL {
        let kind = paint(DIM, format!("{:<8}", code.severity.text()));
        terminal.line(format!("{} {kind}{:<24} {}", paint(BOLD, code.number), code.name, code.summary))?;
    }
    Ok(Exit::Ok)
}

fn page(code: &Code) -> String {
    match PAGES.iter().find(|(number, _)| *number == code.number) {
        Some((_, text)) => markdown::styled(text),
        None => format!(
            "{} {} ({})\n\n{}\n",
            paint(BOLD, code.number),
            code.name,
            code.severity.text(),
            code.summary
        ),
    }
}

/// `FL` and digits, or words joined by `-`, which no name of the language has.
fn looks_like_code(what: &str) -> bool {
    let digits = what.get(2..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    (digits && what.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("fl"))) || what.contains('-')
}

fn unknown_code(what: &str) -> Stop {
    let names = index::ALL.iter().flat_map(|code| [code.number, code.name]);
    let stop = Stop::usage(format!("there is no diagnostic `{what}`"));
    match closest(what, names) {
        Some(name) => stop.help(format!("did you mean `{name}`?")),
        None => stop.help("`flowc explain --list` shows them all"),
    }
}

/// The candidate that is so near that it was probably meant.
pub(crate) fn closest<'a>(what: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = what.to_lowercase();
    candidates
        .map(|name| (strsim::jaro_winkler(&lower, &name.to_lowercase()), name))
        .filter(|(nearness, _)| *nearness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
