//! What holds for every text: nothing panics, nothing is lost, formatting settles at once.

#[path = "format/check.rs"]
mod check;

use check::{check_format, shape};
use flow_grammar::lexer::{TokenKind, lex};
use flow_grammar::{decode, format, parse};
use proptest::prelude::*;

const CORPUS: [(&str, &str); 7] = [
    ("shop_models", include_str!("corpus/shop_models.flow")),
    ("chatbot", include_str!("corpus/chatbot.flow")),
    ("rag", include_str!("corpus/rag.flow")),
    ("onboarding", include_str!("corpus/onboarding.flow")),
    ("estate", include_str!("corpus/estate.flow")),
    ("underwriting", include_str!("corpus/underwriting.flow")),
    ("support", include_str!("corpus/support.flow")),
];

#[test]
fn the_corpus_parses_and_is_formatted() {
    for (name, source) in CORPUS {
        let parsed = parse(source);
        assert_eq!(parsed.errors, [], "{name}");
        assert_eq!(format(source), source, "{name}");
    }
}

#[test]
fn a_comment_behind_pub_leaves_the_keyword_a_keyword() {
    for source in
        ["pub // why\nfn one() = 1\n", "pub\n// why\nfn one() = 1\n", "pub // why\n  fn one() = 1\n"]
    {
        check_format(source);
    }
}

#[test]
fn an_item_behind_a_block_without_end_has_mistakes_of_its_own() {
    let source = "type A {\n  a: \"\"\"\n}\n\nfn b(): int =\n  one(two(1)\n\nfn c(): int =   1\n";
    let mistakes = parse(source).errors;
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    assert!(
        format(source).contains("fn b(): int =\n  one(two(1)\n\nfn c(): int =\n  1\n"),
        "{}",
        format(source)
    );
    check_format(source);
}

#[test]
fn formatting_keeps_the_tree() {
    for (name, source) in CORPUS {
        for mangled in [squeezed(source), stretched(source), source.replace('\n', "\r\n")] {
            assert_eq!(parse(&mangled).errors, [], "{name}\n{mangled}");
            assert_eq!(shape(&mangled), shape(&format(&mangled)), "{name}");
            check_format(&mangled);
        }
    }
}

/// Everything of an item on as few lines as the strings and comments allow.
fn squeezed(source: &str) -> String {
    let lexed = lex(source);
    let mut out = String::new();
    let mut end = 0;
    let mut texts = 0;
    for token in &lexed.tokens {
        let gap = &source[end..token.span.start as usize];
        if texts > 0 || gap.contains("//") || gap.contains("\n\n") || token_opens(source, token.span.start) {
            out.push_str(gap);
        } else if !gap.is_empty() {
            out.push(' ');
        }
        out.push_str(&source[token.span.range()]);
        end = token.span.end as usize;
        texts += usize::from(token.kind.starts_text());
        texts -= usize::from(token.kind == TokenKind::TextEnd);
    }
    out
}

fn token_opens(source: &str, start: u32) -> bool {
    source[..start as usize].ends_with('\n')
}

/// A blank line and a comment behind every line that is no text.
fn stretched(source: &str) -> String {
    let mut in_block = false;
    let mut out = String::new();
    for (number, line) in source.lines().enumerate() {
        let toggles = line.matches("\"\"\"").count() % 2 == 1;
        out.push_str(line);
        in_block ^= toggles;
        if !in_block && !line.is_empty() && !line.contains("//") {
            out.push_str(&format!(" // note {number}\n\n\n  // own {number}"));
        }
        out.push('\n');
    }
    out
}

/// Pieces that meet in real files, to be put together at random.
const PIECES: [&str; 56] = [
    "flow",
    "node",
    "x",
    "Y",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    ".",
    "..",
    "->",
    "=>",
    "=",
    "==",
    "+",
    "-",
    "\"",
    "\"\"\"",
    "{{",
    "}}",
    "{{each",
    "{{end}}",
    "{{if",
    "{{else}}",
    "\n",
    "\n  ",
    "\n    ",
    " ",
    "when",
    "on",
    "max 2",
    "case",
    "is",
    "not",
    "and",
    "none",
    "8s",
    "3",
    "in",
    "within",
    "using",
    "else",
    "given",
    "need",
    "test",
    "type",
    "// note\n",
    "/// doc\n",
    "\u{1A}",
    "é",
    ";",
    "pub",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60).prop_map(|pieces| pieces.join(" "))
}

/// A program of the corpus with a few tokens removed, doubled or replaced.
fn mutant() -> impl Strategy<Value = String> {
    let program = prop::sample::select(&CORPUS[..]).prop_map(|(_, source)| source);
    let edits = prop::collection::vec(
        (any::<prop::sample::Index>(), 0..4_u8, prop::sample::select(&PIECES[..])),
        1..4,
    );
    (program, edits, any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(source, edits, cut, truncate)| {
            let mut text = source.to_owned();
            for (place, how, piece) in edits {
                let tokens = lex(&text).tokens;
                if tokens.is_empty() {
                    continue;
                }
                let Some(token) = tokens.get(place.index(tokens.len().max(1))) else { continue };
                match how {
                    0 => text.replace_range(token.span.range(), ""),
                    1 => text.insert_str(token.span.start as usize, piece),
                    2 => text.replace_range(token.span.range(), piece),
                    _ => text.insert_str(token.span.end as usize, &format!(" {piece} ")),
                }
            }
            if truncate {
                let mut at = cut.index(text.len() + 1);
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                text.truncate(at);
            }
            text
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_parsed(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let source = decode(&bytes);
        prop_assert_eq!(source.len(), bytes.len());
        check_format(&source);
    }

    #[test]
    fn any_pieces_are_parsed(source in soup()) {
        check_format(&source);
    }

    #[test]
    fn any_mutant_is_parsed(source in mutant()) {
        check_format(&source);
    }
}

#[test]
fn errors_come_in_order_and_inside_the_text() {
    let source = "type {\n a: \n}\n\nflwo x\n\nmodel = \"";
    let parsed = parse(source);
    assert!(!parsed.errors.is_empty());
    assert!(parsed.errors.is_sorted_by_key(|error| error.span.start));
    assert!(parsed.errors.iter().all(|error| error.span.end as usize <= source.len()));
}

/// Text that would overflow the stack of a recursive parser, or take quadratic time in a careless one.
#[test]
fn hostile_texts_are_refused_quickly() {
    let deep = 100_000;
    let texts = [
        format!("fn f(): int = {}1{}", "(".repeat(deep), ")".repeat(deep)),
        format!("fn f(): int = {}", "[".repeat(deep)),
        format!("fn f(): int = a{}", " + a".repeat(deep)),
        format!("fn f(): int = a{}", ".f".repeat(deep)),
        format!("fn f(): int = a{}", "(1)".repeat(deep)),
        format!("fn f(): int = {}1", "-".repeat(deep)),
        format!("fn f(): int = {}1", "not ".repeat(deep)),
        format!("type T = {}x", "list(".repeat(deep)),
        format!("fn f(): int = {}", "\"{{".repeat(deep)),
        format!("fn f(): int = \"{}\"", "{{if x}}".repeat(deep)),
        format!("fn f(): int = {}", "case x { A => ".repeat(deep)),
        format!("flow f() {{\n{}}}", "  }\n".repeat(deep)),
        format!("flow f() {{\n{}}}", "  node x = f(a b)\n    -> \n".repeat(deep / 10)),
        format!("type T {{ {} }}", "a: text, ".repeat(deep / 10)),
        format!("flow f() {{ -> x on {} }}", "A, ".repeat(deep / 10)),
        "\"\"\"".repeat(deep),
        "a\n".repeat(deep),
        "{{".repeat(deep),
        "\u{1A}".repeat(deep),
    ];
    for text in texts {
        let began = std::time::Instant::now();
        let parsed = parse(&text);
        assert!(!parsed.errors.is_empty());
        drop(parsed);
        drop(format(&text));
        let took = began.elapsed();
        assert!(took.as_secs() < 10, "{took:?} for {}…", &text[..40]);
    }
}
