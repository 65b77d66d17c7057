//! `flowc test [PATH…] [--filter S] [--record] [--json] [--coverage]`.

mod case;
mod coverage;
mod explain;
mod print;
mod record;

use std::path::PathBuf;

use flow_compiler::manifest::Level;
use flow_diagnostics::index;

use crate::compile;
use crate::exit::{Exit, Outcome, Stop};
use crate::load::Package;
use crate::terminal::Terminal;

use case::{Case, Verdict};
use coverage::Coverage;

/// `flowc test [PATH…] [--filter S] [--record] [--json] [--coverage]`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Packages, files, or directories of packages.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Only tests whose title holds this text.
    #[arg(long, value_name = "S")]
    pub filter: Option<String>,
    /// Ask real models and systems, and write their answers to the cassettes that the tests name.
    #[arg(long)]
    pub record: bool,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
    /// Count the edges that tests take, and list those that none takes.
    #[arg(long)]
    pub coverage: bool,
}

/// What the tests of one package said.
pub(crate) struct Suite {
    /// The package, as shown.
    package: String,
    /// In the order of the files.
    verdicts: Vec<Verdict>,
    coverage: Option<Coverage>,
    /// What `[lints]` say about edges that no test takes.
    untested: Option<Level>,
}

impl Suite {
    /// Whether a test failed, or an edge is untested in a package that denies that.
    fn failed(&self) -> bool {
        let is_untested = self.coverage.as_ref().is_some_and(|coverage| !coverage.is_complete());
        let denied = self.untested == Some(Level::Deny) && is_untested;
        denied || self.verdicts.iter().any(|verdict| !verdict.passed())
    }
}

/// Runs the tests.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    if args.record && args.coverage {
        return Err(Stop::usage("`--record` asks real models; count the edges in a run without it"));
    }
    let mut suites = Vec::new();
    let mut exit = Exit::Ok;
    for package in Package::all(&args.paths)? {
        match suite(&package, args, terminal)? {
            Some(suite) => suites.push(suite),
            None => exit = Exit::Diagnostics,
        }
    }
    let failed = suites.iter().any(Suite::failed);
    if args.json {
        terminal.line(print::json(&suites))?;
    } else {
        terminal.print(&print::text(&suites))?;
        if !suites.is_empty() {
            terminal.note(print::summary(&suites));
        }
    }
    Ok(if failed { Exit::Diagnostics } else { exit })
}

/// The tests of one package; `None` if it has errors, which are printed.
fn suite(package: &Package, args: &Args, terminal: &Terminal) -> Result<Option<Suite>, Stop> {
    let Some(built) = compile::build(package, terminal) else {
        return Ok(None);
    };
    let wanted = |title: &str| args.filter.as_deref().is_none_or(|filter| title.contains(filter));
    let case = Case::new(&built);
    let tests: Vec<_> = built.tests.iter().filter(|test| wanted(&test.title)).collect();
    let verdicts = if args.record { record::all(&case, &tests, &built.tests)? } else { case.all(&tests)? };
    let coverage = args.coverage.then(|| Coverage::of(&built.bundle, package, &verdicts));
    let untested = built.lints.level(&index::UNTESTED_EDGE);
    Ok(Some(Suite { package: built.bundle.package.to_string(), verdicts, coverage, untested }))
}
