//! What tests said, for people and for programs.

use flow_compiler::manifest::Level;
use serde_json::{Value as Json, json};

use super::Suite;
use super::case::Verdict;
use super::coverage::Coverage;
use super::explain::Failure;
use crate::journal::usd;
use crate::terminal::{BAD, BOLD, DIM, GOOD, NAME, WARN, clean, count, paint};

/// One line a test, more for those that failed, and the coverage.
pub(super) fn text(suites: &[Suite]) -> String {
    let mut text = String::new();
    for suite in suites {
        text.push_str(&format!("{}\n", paint(BOLD, &suite.package)));
        for verdict in &suite.verdicts {
            text.push_str(&one(verdict));
        }
        if let Some(coverage) = &suite.coverage {
            text.push_str(&covered(coverage, suite.untested));
        }
    }
    text
}

fn one(verdict: &Verdict) -> String {
    let mark = if verdict.passed() { paint(GOOD, "✓") } else { paint(BAD, "✗") };
    let steps = count(verdict.totals.steps, "step");
    let cost = if verdict.totals.cost.0 == 0 { String::new() } else { format!(", {}", verdict.totals.cost) };
    let mut text = format!("  {mark} {} {}\n", verdict.title, paint(DIM, format!("({steps}{cost})")));
    if !verdict.unasked.is_empty() {
        let names = verdict.unasked.join(", ");
        text.push_str(&format!("      {} never called: {names}\n", paint(WARN, "warning")));
    }
    if verdict.passed() {
        return text;
    }
    text.push_str(&format!("      {}\n", paint(DIM, format!("at {}", verdict.place))));
    for failure in &verdict.failures {
        text.push_str(&failed(failure));
    }
    if !verdict.path.is_empty() {
        text.push_str(&format!("      {} {}\n", paint(DIM, "path:"), verdict.path));
    }
    text
}

fn failed(failure: &Failure) -> String {
    let mut text = String::new();
    if !failure.need.is_empty() {
        text.push_str(&format!("      {} {}\n", paint(BAD, "need"), failure.need));
    }
    if !failure.message.is_empty() {
        text.push_str(&format!("      {}\n", clean(&failure.message)));
    }
    for (expr, value) in &failure.values {
        text.push_str(&format!("        {} is {}\n", paint(NAME, expr), clean(value)));
    }
    text
}

fn covered(coverage: &Coverage, level: Option<Level>) -> String {
    let mut text = String::new();
    for flow in &coverage.flows {
        let taken = flow.edges - flow.untested.len();
        let style = if flow.untested.is_empty() { GOOD } else { BAD };
        text.push_str(&format!(
            "  {} {}\n",
            paint(BOLD, &flow.name),
            paint(style, format!("{taken} of {} edges", flow.edges))
        ));
        for untested in flow.untested.iter().filter(|_| level != Some(Level::Allow)) {
            let place = untested.place.as_ref().map_or_else(String::new, |place| format!(" at {place}"));
            text.push_str(&format!("    FL0904 no test takes `{}`{}\n", untested.edge, paint(DIM, place)));
        }
    }
    text
}

/// `14 tests, 1 failed`.
pub(super) fn summary(suites: &[Suite]) -> String {
    let verdicts = suites.iter().flat_map(|suite| &suite.verdicts);
    let (passed, failed): (Vec<&Verdict>, Vec<&Verdict>) = verdicts.partition(|verdict| verdict.passed());
    let all = count(passed.len() + failed.len(), "test");
    let tests = if failed.is_empty() {
        format!("{all}, {}", paint(GOOD, "all passed"))
    } else {
        format!("{all}, {}", paint(BAD, format!("{} failed", failed.len())))
    };
    let totals: Vec<(usize, usize)> =
        suites.iter().filter_map(|suite| suite.coverage.as_ref()).map(Coverage::total).collect();
    if totals.is_empty() {
        return tests;
    }
    let taken: usize = totals.iter().map(|(taken, _)| taken).sum();
    let edges: usize = totals.iter().map(|(_, edges)| edges).sum();
    format!("{tests}, {taken} of {edges} edges taken")
}

/// The same as one object.
pub(super) fn json(suites: &[Suite]) -> Json {
    let verdicts = || suites.iter().flat_map(|suite| &suite.verdicts);
    json!({
        "passed": verdicts().filter(|verdict| verdict.passed()).count(),
        "failed": verdicts().filter(|verdict| !verdict.passed()).count(),
        "packages": suites.iter().map(suite_json).collect::<Vec<_>>(),
    })
}

fn suite_json(suite: &Suite) -> Json {
    let flow = |flow: &super::coverage::FlowCoverage| {
        let untested = |edge: &super::coverage::Untested| json!({ "edge": edge.edge, "at": edge.place });
        json!({
            "flow": flow.name,
            "edges": flow.edges,
            "untested": flow.untested.iter().map(untested).collect::<Vec<_>>(),
        })
    };
    let coverage = suite.coverage.as_ref().map(|of| of.flows.iter().map(flow).collect::<Vec<_>>());
    json!({
        "package": suite.package,
        "tests": suite.verdicts.iter().map(verdict_json).collect::<Vec<_>>(),
        "coverage": coverage,
    })
}

fn verdict_json(verdict: &Verdict) -> Json {
    let failure = |failure: &Failure| {
        let value = |(expr, value): &(String, String)| json!({ "expression": expr, "value": value });
        json!({
            "need": failure.need,
            "message": failure.message,
            "values": failure.values.iter().map(value).collect::<Vec<_>>(),
        })
    };
    json!({
        "title": verdict.title,
        "at": verdict.place,
        "passed": verdict.passed(),
        "failures": verdict.failures.iter().map(failure).collect::<Vec<_>>(),
        "error": verdict.error.as_ref().map(|error| json!({
            "class": error.class.name(),
            "message": error.message,
            "node": error.node,
        })),
        "unasked": verdict.unasked,
        "path": verdict.path,
        "steps": verdict.totals.steps,
        "cost": usd(verdict.totals.cost),
        "elapsed_ms": verdict.elapsed_ms,
    })
}
