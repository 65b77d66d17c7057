//! What is wrong, file by file.

use std::collections::BTreeMap;

use flow_compiler::Diagnosed;
use flow_diagnostics::{Code, Diagnostic, Severity, SourceMap};
use flow_grammar::Span;

use crate::Change;
use crate::package::Package;

/// One thing that is said about a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The row of the error index.
    pub code: &'static Code,
    /// How bad it is in this package.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// What, why, and what to type.
    pub message: String,
    /// What else matters, in any file.
    pub related: Vec<Related>,
    /// The edit that mends it, with its title.
    pub fix: Option<(String, Vec<Change>)>,
}

/// A place that matters too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Related {
    /// The file.
    pub path: String,
    /// Where in it.
    pub span: Span,
    /// What about it.
    pub text: String,
}

/// What is wrong in every file that something is wrong in, `flow.toml` included.
pub fn diagnose(package: &mut Package) -> BTreeMap<String, Vec<Finding>> {
    findings(&package.diagnose())
}

/// The same, unless `stop` says that nobody waits for it any more.
pub fn diagnose_unless(
    package: &mut Package,
    stop: &dyn Fn() -> bool,
) -> Option<BTreeMap<String, Vec<Finding>>> {
    package.diagnose_unless(stop).as_ref().map(findings)
}

/// What is wrong in a file that is typed into, before the many that import it are looked at; `None` if they are few.
pub fn diagnose_first(package: &mut Package, path: &str) -> Option<Vec<Finding>> {
    let diagnosed = package.diagnose_first(path)?;
    Some(findings(&diagnosed).remove(path).unwrap_or_default())
}

fn findings(diagnosed: &Diagnosed) -> BTreeMap<String, Vec<Finding>> {
    let mut found: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for diagnostic in &diagnosed.diagnostics {
        if let Some(file) = diagnosed.sources.get(diagnostic.primary.span.file) {
            found.entry(file.path.clone()).or_default().push(finding(&diagnosed.sources, diagnostic));
        }
    }
    found
}

fn finding(sources: &SourceMap, found: &Diagnostic) -> Finding {
    let span = |span: flow_diagnostics::Span| Span::new(span.start, span.end);
    let path = |span: flow_diagnostics::Span| sources.get(span.file).map(|file| file.path.clone());
    let related = found.secondary.iter().filter_map(|label| {
        Some(Related { path: path(label.span)?, span: span(label.span), text: label.text.clone() })
    });
    let fix = found.fix.as_ref().map(|fix| {
        let changes = fix.edits.iter().filter_map(|edit| {
            Some(Change { path: path(edit.span)?, span: span(edit.span), text: edit.text.clone() })
        });
        (fix.title.clone(), changes.collect())
    });
    Finding {
        code: found.code,
        severity: found.severity,
        span: span(found.primary.span),
        message: message(found),
        related: related.collect(),
        fix,
    }
}

fn message(found: &Diagnostic) -> String {
    let mut text = found.message.clone();
    found.notes.iter().for_each(|note| text.push_str(&format!("\nnote: {note}")));
    found.help.iter().for_each(|help| text.push_str(&format!("\nhelp: {help}")));
    text
}
