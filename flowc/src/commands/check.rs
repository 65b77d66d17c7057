//! `flowc check [PATH…] [--format human|json|sarif|github] [--deny warnings] [--locked] [--registry FILE]`.

use std::path::PathBuf;

use clap::ValueEnum;
use flow_diagnostics::render::{github, json, pretty, sarif};
use flow_diagnostics::{Diagnostic, Severity, SourceMap};

use crate::compile::{self, Beside, Checked};
use crate::exit::{Exit, Outcome};
use crate::load::Package;
use crate::terminal::{BAD, GOOD, Terminal, WARN, count, paint};

/// `flowc check [PATH…] [--format human|json|sarif|github] [--deny warnings] [--locked] [--registry FILE]`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Packages, files, or directories of packages.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// How diagnostics are printed: for people on stderr, or for programs on stdout.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Exit with 1 for warnings too.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub deny: Option<Deny>,
    /// Refuse a package that differs from its `flow.lock`.
    #[arg(long)]
    pub locked: bool,
    /// Compare what the package takes from a registry with what is there.
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
}

/// How diagnostics are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// With source lines.
    Human,
    /// One object a line.
    Json,
    /// One SARIF 2.1.0 log for all packages.
    Sarif,
    /// Workflow commands of GitHub Actions, one a line.
    Github,
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
    let mut all: Vec<Checked> = Vec::new();
    for package in &packages {
        let beside = Beside { locked: args.locked, registry: args.registry.as_deref() };
        let checked = compile::check_beside(package, beside)?;
        print(&checked, args.format, terminal)?;
        tally.add(&checked.diagnostics);
        all.push(checked);
    }
    match args.format {
        Format::Human => terminal.note(tally.sentence(packages.len())),
        Format::Sarif => print_log(&all, terminal)?,
        Format::Json | Format::Github => {}
    }
    let denied = args.deny.is_some() && tally.warnings > 0;
    Ok(if tally.errors > 0 || denied { Exit::Diagnostics } else { Exit::Ok })
}

/// What a format prints for each package.
fn print(checked: &Checked, format: Format, terminal: &Terminal) -> std::io::Result<()> {
    let (found, sources) = (&checked.diagnostics, &checked.sources);
    match format {
        Format::Human => print_human(found, sources, terminal),
        Format::Json => found.iter().try_for_each(|found| terminal.line(json::to_json(found, sources)))?,
        Format::Github => {
            found.iter().try_for_each(|found| terminal.line(github::annotation(found, sources)))?
        }
        // One log for all, at the end.
        Format::Sarif => {}
    }
    Ok(())
}

fn print_log(all: &[Checked], terminal: &Terminal) -> std::io::Result<()> {
    let packages: Vec<(&[Diagnostic], &SourceMap)> =
        all.iter().map(|checked| (checked.diagnostics.as_slice(), &checked.sources)).collect();
    terminal.line(format!("{:#}", sarif::log(env!("CARGO_PKG_VERSION"), &packages)))
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

impl Tally {
    fn add(&mut self, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics {
            match diagnostic.severity {
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
