//! The literate tests of the compiler: `tests/spec/**/*.md` and the pages in `docs/errors`.
//!
//! Every block is checked: what it expects must be reported where it says, and nothing else may be. Every code of
//! the index must have a page whose first block shows it and whose last block does not, and a block in `tests/spec`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use flow_diagnostics::{Diagnostic, SourceMap, index};
use flow_tests::checking::{Checked, apply_fixes, check};
use flow_tests::literate::{Case, Expected, cases};

/// Codes that `flowc test` says after it ran something, `flowc migrate` about two versions, or a move in a registry: no
/// text alone shows them.
const SAID_ELSEWHERE: [&str; 4] = ["FL0808", "FL0809", "FL0903", "FL0904"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All markdown files below a folder, sorted.
fn markdown(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).unwrap();
    cases(&text)
}

fn place(map: &SourceMap, diagnostic: &Diagnostic) -> (String, u32, u32) {
    let at = map.line_column(diagnostic.primary.span);
    let file = map.get(diagnostic.primary.span.file).map_or("", |file| file.path.as_str());
    (file.to_owned(), at.line, at.column)
}

fn list(checked: &Checked) -> String {
    let mut out = String::new();
    for diagnostic in &checked.found {
        let (file, line, column) = place(&checked.map, diagnostic);
        let file = if file == "main.flow" { String::new() } else { format!("{file}:") };
        let _ = writeln!(out, "{file}{line}:{column} {} {}", diagnostic.code.number, diagnostic.message);
    }
    out
}

fn meets(map: &SourceMap, diagnostic: &Diagnostic, expected: &Expected) -> bool {
    let (file, line, _) = place(map, diagnostic);
    let same_place = file == expected.file && line == expected.line;
    let same_code = diagnostic.code.name == expected.code && diagnostic.severity.text() == expected.severity;
    same_place && same_code && diagnostic.message.contains(&expected.fragment)
}

/// What is wrong with a case, in words.
fn complaints(case: &Case) -> Vec<String> {
    let checked = check(&case.files);
    let mut left: Vec<&Diagnostic> = checked.found.iter().collect();
    let mut out = Vec::new();
    for expected in &case.expected {
        match left.iter().position(|diagnostic| meets(&checked.map, diagnostic, expected)) {
            Some(at) => drop(left.remove(at)),
            None => out.push(format!("not reported: {expected}")),
        }
    }
    for diagnostic in left {
        let (file, line, column) = place(&checked.map, diagnostic);
        let code = diagnostic.code;
        let severity = diagnostic.severity.text();
        out.push(format!(
            "not expected: {file}:{line}:{column} {severity} [{}] {}",
            code.name, diagnostic.message
        ));
    }
    if let Some(listed) = case.listed.as_ref().filter(|listed| **listed != list(&checked)) {
        out.push(format!("the list is not\n{listed}but\n{}", list(&checked)));
    }
    let main = case.files.iter().find(|(name, _)| name == "main.flow");
    if let (Some(fixed), Some((name, text))) = (&case.fixed, main) {
        let found = apply_fixes(&checked, name, text);
        if found != *fixed {
            out.push(format!("with its fixes applied it is not\n{fixed}but\n{found}"));
        }
    }
    out
}

fn fail_with(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n{} problems", problems.join("\n"), problems.len());
}

fn named(path: &Path, case: &Case, what: &str) -> String {
    let shown = path.strip_prefix(root()).unwrap_or(path);
    format!("{}:{} ({})\n    {}", shown.display(), case.line, case.title, what.replace('\n', "\n    "))
}

#[test]
fn every_block_reports_what_it_says() {
    let mut problems = Vec::new();
    let mut count = 0;
    for path in markdown(&root().join("tests/spec")) {
        for case in read(&path) {
            count += 1;
            problems.extend(complaints(&case).iter().map(|what| named(&path, &case, what)));
        }
    }
    fail_with(&problems);
    assert!(count > 50, "only {count} blocks were found");
}

#[test]
fn every_page_shows_its_error_and_mends_it() {
    let mut problems = Vec::new();
    for path in markdown(&root().join("docs/errors")) {
        let cases = read(&path);
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
        if SAID_ELSEWHERE.contains(&stem) {
            continue;
        }
        let (Some(first), Some(last)) = (cases.first(), cases.last().filter(|_| cases.len() > 1)) else {
            problems.push(format!("{}: needs a block that fails and one that does not", path.display()));
            continue;
        };
        for case in &cases {
            problems.extend(complaints(case).iter().map(|what| named(&path, case, what)));
        }
        if !first
            .expected
            .iter()
            .any(|expected| index::find(stem).is_some_and(|code| code.name == expected.code))
        {
            problems.push(named(&path, first, "the first block must show this code"));
        }
        if !check(&last.files).found.is_empty() {
            problems.push(named(&path, last, "the last block must be clean"));
        }
    }
    fail_with(&problems);
}

#[test]
fn every_block_is_formatted_in_a_stable_way() {
    let mut problems = Vec::new();
    for path in markdown(&root().join("tests/spec")).into_iter().chain(markdown(&root().join("docs/errors")))
    {
        for case in read(&path) {
            for (name, text) in case.files.iter().filter(|(name, _)| name.ends_with(".flow")) {
                let once = flow_grammar::format(text);
                let twice = flow_grammar::format(&once);
                if once != twice {
                    problems.push(named(
                        &path,
                        &case,
                        &format!("{name} changes when formatted again:\n{once}---\n{twice}"),
                    ));
                }
                let comments = |text: &str| flow_grammar::parse(text).trivia.comments.len();
                if comments(text) != comments(&once) {
                    problems.push(named(&path, &case, &format!("{name} loses a comment:\n{once}")));
                }
                let (before, after) =
                    (flow_grammar::parse(text).errors.len(), flow_grammar::parse(&once).errors.len());
                if before != after {
                    problems.push(named(
                        &path,
                        &case,
                        &format!("{name} has {before} mistakes, then {after}:\n{once}"),
                    ));
                }
            }
        }
    }
    fail_with(&problems);
}

#[test]
fn every_code_has_a_page_and_a_block() {
    let pages = root().join("docs/errors");
    let blocks: BTreeSet<String> = markdown(&root().join("tests/spec"))
        .iter()
        .flat_map(|path| read(path))
        .flat_map(|case| case.expected.into_iter().map(|expected| expected.code))
        .collect();
    let mut problems = Vec::new();
    for code in index::ALL {
        if !pages.join(format!("{}.md", code.number)).exists() {
            problems.push(format!("{} has no page docs/errors/{}.md", code.number, code.number));
        }
        if !blocks.contains(code.name) && !SAID_ELSEWHERE.contains(&code.number) {
            problems.push(format!("{} ({}) has no block in tests/spec", code.number, code.name));
        }
    }
    for path in markdown(&pages) {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
        if index::find(stem).is_none() && stem.starts_with("FL") {
            problems.push(format!("{stem}.md explains a code that does not exist"));
        }
    }
    fail_with(&problems);
}
