//! The book tells the truth: its `.flow` blocks are read by the compiler.
//!
//! | a block marked | is |
//! |---|---|
//! | `flow` | a whole file, and right |
//! | `flow,fragment` | a piece of a file: items, or what stands inside an item |
//! | `flow,FL0203` | a whole file that is refused with that code and no other |

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};

use flow_compiler::{Checked, PackageInput, check};
use flow_diagnostics::index;

/// A fenced block of a page.
struct Block {
    page: String,
    line: usize,
    kind: Kind,
    text: String,
}

enum Kind {
    Whole,
    Fragment,
    Refused(String),
}

impl Block {
    fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// The pages of the book, and the README.
fn book() -> Vec<PathBuf> {
    let mut paths = vec![root().join("README.md")];
    pages(&root().join("docs/src"), &mut paths);
    paths.sort();
    paths
}

fn blocks() -> Vec<Block> {
    book().iter().flat_map(|path| blocks_of(&root(), path)).collect()
}

fn blocks_of(root: &Path, path: &Path) -> Vec<Block> {
    let page = path.strip_prefix(root).unwrap().display().to_string();
    let text = std::fs::read_to_string(path).unwrap();
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (line, content) in (1..).zip(text.lines()) {
        match &mut open {
            Some(_) if content == "```" => found.extend(open.take()),
            Some(block) => block.text.extend([content, "\n"]),
            None => {
                let kind = content.strip_prefix("```").and_then(|info| kind_of(&page, line, info));
                open = kind.map(|kind| Block { page: page.clone(), line, kind, text: String::new() });
            }
        }
    }
    found
}

fn kind_of(page: &str, line: usize, info: &str) -> Option<Kind> {
    let (language, mark) = info.split_once(',').unwrap_or((info, ""));
    match (language, mark) {
        ("flow", "") => Some(Kind::Whole),
        ("flow", "fragment") => Some(Kind::Fragment),
        ("flow", code) if code.starts_with("FL") => Some(Kind::Refused(code.to_owned())),
        ("flow", other) => panic!("{page}:{line}: `{other}` marks no block; see tests/tests/book.rs"),
        _ => None,
    }
}

/// What a fragment may be a piece of. `…` stands for the fragment.
const AROUND: &[&str] = &[
    "…",
    "flow f() {\n…}\n",
    "…}\n",
    "prompt p() {\n…}\n",
    "type T {\n…}\n",
    "enum E {\n…}\n",
    "test \"t\" {\n…}\n",
];

fn reads(text: &str) -> bool {
    flow_grammar::parse(text).errors.is_empty()
}

fn fragment_reads(text: &str) -> bool {
    let indented: String = text.lines().map(|line| format!("  {line}\n")).collect();
    AROUND.iter().any(|around| reads(&around.replace('…', text)) || reads(&around.replace('…', &indented)))
}

/// Asserts that there are no lines to show.
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn every_block_can_be_read() {
    let blocks = blocks();
    assert!(blocks.len() > 50, "only {} blocks were found", blocks.len());
    let unreadable = blocks.iter().filter(|block| match block.kind {
        Kind::Whole | Kind::Refused(_) => !reads(&block.text),
        Kind::Fragment => !fragment_reads(&block.text),
    });
    let problems: Vec<String> =
        unreadable.map(|block| format!("{}: cannot be read", block.place())).collect();
    none(&problems);
}

#[test]
fn every_code_in_the_book_exists() {
    let mut unknown = Vec::new();
    for path in book() {
        let text = std::fs::read_to_string(&path).unwrap();
        let codes = text.match_indices("FL0").filter_map(|(at, _)| text.get(at..at + 6));
        let strange = codes.filter(|code| index::find(code).is_none());
        unknown.extend(strange.map(|code| format!("{}: there is no {code}", path.display())));
    }
    none(&unknown);
}

/// The block as a package of one file.
fn checked(block: &Block) -> Checked {
    let file = ("main.flow".to_owned(), vec!["main".to_owned()], block.text.clone());
    check(&PackageInput { manifest: None, files: vec![file] })
}

/// What the compiler says that the page does not.
fn disagreement(block: &Block) -> Option<String> {
    let found = checked(block).diagnostics;
    let codes: Vec<&str> = found.iter().map(|diagnostic| diagnostic.code.number).collect();
    let first = found.first().map(|diagnostic| diagnostic.message.as_str()).unwrap_or_default();
    match &block.kind {
        Kind::Fragment => None,
        Kind::Whole if codes.is_empty() => None,
        Kind::Whole => Some(format!("{}: {} ({first})", block.place(), codes.join(", "))),
        Kind::Refused(code) if !codes.is_empty() && codes.iter().all(|found| found == code) => None,
        Kind::Refused(code) => {
            Some(format!("{}: {code} is promised, found [{}]", block.place(), codes.join(", ")))
        }
    }
}

#[test]
fn whole_blocks_are_right_and_refused_ones_are_refused() {
    let problems: Vec<String> = blocks().iter().filter_map(disagreement).collect();
    none(&problems);
}

#[test]
fn whole_blocks_are_in_the_one_style() {
    let blocks = blocks();
    let formatted = blocks.iter().filter(|block| !matches!(block.kind, Kind::Fragment));
    let strange = formatted.filter(|block| flow_grammar::format(&block.text) != block.text);
    let problems: Vec<String> =
        strange.map(|block| format!("{}: `flowc fmt` would change it", block.place())).collect();
    none(&problems);
}
