//! Sizes, words and lists that no other tool checks.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

/// Longest file without its tests, in lines.
const MOST_LINES: usize = 900;

/// What no source file may hold, and what to do instead.
const FORBIDDEN: &[(&str, &str)] = &[
    ("todo!(", "finish it or leave it out"),
    ("unimplemented!(", "finish it or leave it out"),
    ("dbg!(", "use tracing"),
    ("#[ignore", "assert the wrong behaviour and say FIXME"),
    ("#[should_panic", "assert the error"),
];

/// Every violation as a line for people.
pub(crate) fn violations() -> anyhow::Result<Vec<String>> {
    let files = tracked()?;
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")) {
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        check_source(file, &text, &mut found);
    }
    check_summary(&files, &mut found)?;
    Ok(found)
}

/// The files that git tracks or would track.
fn tracked() -> anyhow::Result<Vec<PathBuf>> {
    let arguments = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(arguments).output().context("git ls-files")?;
    let names = String::from_utf8(output.stdout).context("git ls-files")?;
    Ok(names.lines().map(PathBuf::from).filter(|path| path.exists()).collect())
}

fn check_source(file: &Path, text: &str, found: &mut Vec<String>) {
    let lines = text.lines().count();
    if lines > MOST_LINES {
        found.push(format!("{}: {lines} lines, at most {MOST_LINES}", file.display()));
    }
    let is_this_file = file.ends_with("xtask/src/tidy.rs");
    for (word, instead) in FORBIDDEN.iter().filter(|_| !is_this_file) {
        let lines = text.lines().enumerate().filter(|(_, line)| line.contains(word));
        found.extend(lines.map(|(at, _)| format!("{}:{}: `{word}`: {instead}", file.display(), at + 1)));
    }
    let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if ["utils", "util", "helpers", "misc", "common"].contains(&name) || name == "mod" {
        found.push(format!("{}: a file is named after the one thing it holds", file.display()));
    }
}

/// Every page of the book must be in its table of contents.
fn check_summary(files: &[PathBuf], found: &mut Vec<String>) -> anyhow::Result<()> {
    let summary = std::fs::read_to_string("docs/src/SUMMARY.md").context("docs/src/SUMMARY.md")?;
    let pages = files.iter().filter_map(|file| file.strip_prefix("docs/src").ok());
    let pages =
        pages.filter(|page| page.extension().is_some_and(|e| e == "md") && *page != Path::new("SUMMARY.md"));
    let missing = pages.filter(|page| !summary.contains(&format!("({})", page.display())));
    found.extend(missing.map(|page| format!("docs/src/SUMMARY.md: does not list {}", page.display())));
    Ok(())
}
