//! Whatever is done to a program, the compiler answers: no panic, a stable format, the same answer twice.
//!
//! Random changes to the tokens of the example programs, from a fixed seed. The fuzz targets go further; this keeps what
//! they found from coming back.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::panic::catch_unwind;
use std::path::Path;

use fastrand::Rng;
use flow_tests::checking::{check, package};

/// What stands between blanks and signs, signs one by one.
fn pieces(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut kind = None;
    for c in text.chars() {
        let now = match c {
            _ if c.is_alphanumeric() || c == '_' => Some(0),
            _ if c.is_whitespace() => Some(1),
            _ => None,
        };
        match out.last_mut() {
            Some(last) if now.is_some() && now == kind => last.push(c),
            _ => out.push(c.to_string()),
        }
        kind = now;
    }
    out
}

const STRANGE: [&str; 28] = [
    "->",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "\"\"\"",
    "{{",
    "}}",
    "{{end}}",
    "{{each x in ",
    "when",
    "on",
    "max",
    "node",
    "\nflow",
    "\nprompt f(",
    "\0",
    "é",
    "𝄞",
    "\r\n",
    "999999999999999999999k",
    "8 seconds",
    "//",
    "///",
    "none",
];

fn change(rng: &mut Rng, pieces: &mut Vec<String>) {
    let at = rng.usize(..pieces.len());
    match rng.u8(..6) {
        0 => drop(pieces.remove(at)),
        1 => pieces.insert(at, pieces[at].clone()),
        2 => {
            let other = rng.usize(..pieces.len());
            pieces.swap(at, other);
        }
        3 => pieces[at] = STRANGE[rng.usize(..STRANGE.len())].to_owned(),
        4 => pieces.insert(at, STRANGE[rng.usize(..STRANGE.len())].to_owned()),
        _ => pieces.truncate(at.max(1)),
    }
}

fn survives(files: &[(String, String)], text: &str) {
    let once = check(files);
    let twice = check(files);
    assert_eq!(once.found, twice.found, "two answers");
    for diagnostic in &once.found {
        let file = once.map.get(diagnostic.primary.span.file).unwrap();
        let (start, end) = (diagnostic.primary.span.start as usize, diagnostic.primary.span.end as usize);
        assert!(
            file.text.get(start..end).is_some(),
            "{} points outside: {start}..{end}",
            diagnostic.code.number
        );
    }
    let formatted = flow_grammar::format(text);
    assert_eq!(flow_grammar::format(&formatted), formatted, "formatting changes it again");
}

#[test]
fn random_changes_never_break_the_compiler() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples");
    let mut rng = Rng::with_seed(20_260_105);
    for name in ["chatbot", "estate", "onboarding", "rag", "support", "underwriting"] {
        let files = package(&root.join(name));
        let main = files.iter().position(|(name, _)| name == "main.flow").unwrap();
        let original = pieces(&files[main].1);
        for round in 0..60 {
            let mut changed = original.clone();
            for _ in 0..rng.usize(1..6) {
                change(&mut rng, &mut changed);
            }
            let text = changed.concat();
            let mut files = files.clone();
            files[main].1.clone_from(&text);
            if catch_unwind(|| survives(&files, &text)).is_err() {
                panic!("{name}, round {round}:\n{text}");
            }
        }
    }
}
