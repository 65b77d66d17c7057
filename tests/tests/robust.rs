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

/// A flow of many nodes, each with a parameter, a guard, an error edge and a way on. With `shared` all
/// parameters have one name, which is a mistake.
fn long_flow(nodes: usize, shared: bool) -> String {
    let mut out = String::from(
        "tool step(x: int): int = http.post(\"https://a.internal/b\") {\n  effect: Read\n}\n\n\
         pub flow long(x: int): int {\n  -> n0(x)\n\n  node stop = x + 1\n    -> return stop\n",
    );
    for number in 0..nodes {
        let next = if number + 1 < nodes { format!("n{}(n{number})", number + 1) } else { "stop".to_owned() };
        let param = if shared { "y".to_owned() } else { format!("y{number}") };
        out.push_str(&format!(
            "\n  node n{number}({param}: int) = step({param})\n    -> stop when n{number} > {number}\n    -> {next}\n    -> stop on Error\n",
        ));
    }
    out + "}\n"
}

/// What is wrong with one file, checked on a thread with the stack of a worker: 2 MB.
fn first_error(text: String) -> Option<String> {
    let files = vec![
        ("flow.toml".to_owned(), "[package]\nname = \"alone\"\nflow = \"0.1\"\n".to_owned()),
        ("main.flow".to_owned(), text),
    ];
    let check = move || check(&files).found.into_iter().find(flow_diagnostics::Diagnostic::is_error);
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(check).unwrap();
    thread.join().unwrap().map(|found| found.code.number.to_owned())
}

#[test]
fn extreme_texts_are_answered() {
    let nested = |open: &str, inner: &str, close: &str| {
        format!("fn f(): int = {}{inner}{}\n", open.repeat(10_000), close.repeat(10_000))
    };
    let cases: [(&str, String, Option<&str>); 10] = [
        ("a long flow", long_flow(3_000, false), None),
        ("a long flow with one name", long_flow(3_000, true), Some("FL0004")),
        (
            "a large file",
            "fn f(a: int): int = a + 1 // something to say about it\n".repeat(10_000),
            Some("FL0004"),
        ),
        ("round brackets", nested("(", "1", ")"), Some("FL0016")),
        ("square brackets", nested("[", "1", "]"), Some("FL0016")),
        ("brackets that stay open", nested("(", "1", ""), Some("FL0016")),
        ("holes in texts", nested("\"{{", "1", "}}\""), Some("FL0016")),
        ("a chain", format!("fn f(): int = 1{}\n", " + 1".repeat(10_000)), Some("FL0016")),
        ("no UTF-8", flow_grammar::decode(&[0xFF; 100_000]), Some("FL0012")),
        ("NUL bytes", "\0".repeat(100_000), Some("FL0012")),
    ];
    for (name, text, expected) in cases {
        assert_eq!(first_error(text).as_deref(), expected, "{name}");
    }
}

/// Looking for the line of each of them must not take as long as the line is.
#[test]
fn a_line_of_signs_and_unknown_names_is_answered() {
    let mut line = String::from("fn f(): int = ");
    for number in 0..60_000 {
        line.push_str(&format!("“name{number}” + "));
    }
    let files = [("main.flow".to_owned(), format!("{line}1\n"))];
    let found = check(&files).found;
    assert!(found.iter().any(|found| found.code.number == "FL0012"));
    assert!(found.len() <= 60_000 * 2);
}
