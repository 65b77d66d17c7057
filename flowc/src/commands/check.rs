//! `flowc check [PATH…] [--format human|json] [--deny warnings]`.

use std::path::PathBuf;

use clap::ValueEnum;
use flow_diagnostics::render::{json, pretty};
use flow_diagnostics::{Diagnostic, Severity, SourceMap};

use crate::compile;
use crate::exit::{Exit, Outcome};
use crate::load::Package;
use crate::terminal::{BAD, GOOD, Terminal, WARN, count, paint};

/// `flowc check [PATH…] [--format human|json] [--deny warnings]`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Packages, files, or directories of packages.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// How diagnostics are printed: for people on stderr, or one JSON object a line on stdout.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Exit with 1 for warnings too.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub deny: Option<Deny>,
}

/// How diagnostics are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// With source lines.
    Human,
    /// One object a line.
    Json,
}

/// What else fails a check.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Deny {
    /// Warnings.
    Warnings,
}

/// How many of each severity.
#[derive(Clone, Copy, Default)]
struct Tally {
    errors: usize,
    warnings: usize,
    hints: usize,
}

/// Checks packages.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let packages = Package::all(&args.paths)?;
    let mut tally = Tally::default();
    for package in &packages {
        let checked = compile::check(package);
        match args.format {
            Format::Human => print_human(&checked.diagnostics, &checked.sources, terminal),
            Format::Json => print_json(&checked.diagnostics, &checked.sources, terminal)?,
        }
        tally.add(&checked.diagnostics);
    }
    if args.format == Format::Human {
        terminal.note(tally.sentence(packages.len()));
    }
    let denied = args.deny.is_some() && tally.warnings > 0;
    Ok(if tally.errors > 0 || denied { Exit::Diagnostics } else { Exit::Ok })
}

/// Diagnostics for a person, in the order found.
pub(crate) fn print_human(diagnostics: &[Diagnostic], sources: &SourceMap, terminal: &Terminal) {
    let style = terminal.style();
    for diagnostic in diagnostics {
        if terminal.is_quiet() && !diagnostic.is_error() {
            continue;
        }
        terminal.err(&pretty::render(diagnostic, sources, style));
    }
}

fn print_json(diagnostics: &[Diagnostic], sources: &SourceMap, terminal: &Terminal) -> std::io::Result<()> {
    diagnostics.iter().try_for_each(|diagnostic| terminal.line(json::to_json(diagnostic, sources)))
}

impl Tally {
    fn add(&mut self, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics {
            match diagnostic.code.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
                Severity::Hint => self.hints += 1,
            }
        }
    }

    fn sentence(self, packages: usize) -> String {
        let packages = count(packages, "package");
        let parts: Vec<String> = [
            (self.errors, "error", BAD),
            (self.warnings, "warning", WARN),
            (self.hints, "hint", anstyle::Style::new()),
        ]
        .into_iter()
        .filter(|(n, _, _)| *n > 0)
        .map(|(n, what, style)| paint(style, count(n, what)))
        .collect();
        if parts.is_empty() {
            return format!("{packages} checked, {}", paint(GOOD, "nothing is wrong"));
        }
        format!("{packages} checked: {}", parts.join(", "))
    }
}
