//! Every defect of the corpus is found, with its code, at its place, and nothing else is said; its twin is clean.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::path::Path;

use flow_diagnostics::index;
use flow_tests::corpus::{Defect, defects};

/// How many programs there must be at least.
const FEWEST: usize = 180;

fn corpus() -> Vec<Defect> {
    defects(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/defects"))
        .unwrap_or_else(|why| panic!("{why}"))
}

fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n{} problems", problems.join("\n"), problems.len());
}

#[test]
fn every_defect_is_found_and_every_twin_is_clean() {
    let corpus = corpus();
    let mut problems = Vec::new();
    for defect in &corpus {
        let verdict = defect.verdict();
        let head = format!(
            "{} {} ({} `{}` on line {})",
            defect.place, defect.title, defect.code, defect.item, defect.line
        );
        for said in &verdict.complaints {
            problems.push(format!("{head}\n    found {said}"));
        }
        for said in &verdict.about_twin {
            problems.push(format!("{head}\n    twin  {said}"));
        }
    }
    none(&problems);
}

#[test]
fn the_corpus_is_large_and_says_where_mistakes_come_from() {
    let corpus = corpus();
    assert!(corpus.len() >= FEWEST, "{} defects", corpus.len());
    let mut problems = Vec::new();
    let mut titles = BTreeSet::new();
    for defect in &corpus {
        if defect.seen.is_empty() {
            problems.push(format!("{} does not say where it was seen", defect.place));
        }
        if index::find(&defect.code).is_none() {
            problems.push(format!("{} names {}, which does not exist", defect.place, defect.code));
        }
        if !titles.insert(&defect.title) {
            problems.push(format!("{} has the title of another", defect.place));
        }
        if defect.wrong == defect.right {
            problems.push(format!("{} is its own twin", defect.place));
        }
    }
    none(&problems);
}
