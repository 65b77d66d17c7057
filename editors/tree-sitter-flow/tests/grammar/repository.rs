//! Every program of the repository is read without a mistake, as it stands and edited.

use tree_sitter::{InputEdit, Point};

use crate::programs::{self, Program};
use crate::{mistakes, parse};

fn all() -> Vec<Program> {
    [programs::sources(), programs::corpus(), programs::book()].into_iter().flatten().collect()
}

fn check(programs: &[Program], change: impl Fn(&str) -> String) {
    let mut wrong = Vec::new();
    for program in programs {
        let text = change(&program.text);
        let found = mistakes(&text, &parse(&text));
        wrong.extend(found.into_iter().map(|mistake| format!("{}: {mistake}", program.place)));
    }
    assert!(wrong.is_empty(), "{} mistakes:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_program_is_read() {
    let (sources, corpus, book) = (programs::sources(), programs::corpus(), programs::book());
    assert!(sources.len() >= 26, "{} files", sources.len());
    assert!(corpus.len() >= 100, "{} programs of the corpus", corpus.len());
    assert!(book.len() >= 50, "{} programs of the book", book.len());
    check(&all(), str::to_owned);
}

#[test]
fn line_breaks_of_windows_are_line_breaks() {
    check(&all(), |text| text.replace('\n', "\r\n"));
}

#[test]
fn a_byte_order_mark_is_none_of_the_text() {
    check(&all(), |text| format!("\u{FEFF}{text}"));
}

/// A broken item costs itself: those around it are read as before.
#[test]
fn a_typo_costs_one_item() {
    for broken in
        ["type {\n  a: \n}\n", "flow x( {\n  -> \n", "prompt p(a: text): text {\n  user: \"{{a\n}\n"]
    {
        for program in programs::sources() {
            let whole = items(&program.text);
            let text = format!("{broken}\n{}", program.text);
            let kept = items(&text);
            assert!(
                kept.ends_with(&whole[1.min(whole.len())..]),
                "{} behind {broken:?}: {} items of {}",
                program.place,
                kept.len(),
                whole.len()
            );
        }
    }
}

/// The kinds and first lines of the items that have no error.
fn items(text: &str) -> Vec<String> {
    let tree = parse(text);
    let mut cursor = tree.walk();
    let nodes: Vec<_> = tree.root_node().named_children(&mut cursor).collect();
    let whole = nodes.iter().filter(|node| !node.has_error() && !node.kind().ends_with("comment"));
    whole
        .map(|node| format!("{} {}", node.kind(), text[node.byte_range()].lines().next().unwrap_or_default()))
        .collect()
}

/// An editor parses after every key: the tree must be the one that the whole text gives.
#[test]
fn an_edit_gives_the_tree_of_the_whole_text() {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_flow::LANGUAGE.into()).expect("a known version");
    for program in programs::sources() {
        let mut text = program.text.clone();
        let mut tree = parse(&text);
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(397).collect();
        for (number, at) in places.into_iter().enumerate() {
            let typed = ["\"", "{{", "(", "\n", "-> ", "}", " x", "\"\"\""][number % 8];
            for (removed, put) in [("", typed), (typed, "")] {
                tree.edit(&edit(&text, at, removed, put));
                text.replace_range(at..at + removed.len(), put);
                tree = parser.parse(&text, Some(&tree)).expect("nothing cancels it");
            }
            let (kept, fresh) = (tree.root_node().to_sexp(), parse(&text).root_node().to_sexp());
            assert_eq!(kept, fresh, "{} after {typed:?} at {at} was typed and removed", program.place);
        }
        assert_eq!(text, program.text);
    }
}

fn edit(text: &str, at: usize, removed: &str, put: &str) -> InputEdit {
    let start = point(text, at);
    let after = |piece: &str| {
        let whole = format!("{}{piece}", &text[..at]);
        point(&whole, whole.len())
    };
    InputEdit {
        start_byte: at,
        old_end_byte: at + removed.len(),
        new_end_byte: at + put.len(),
        start_position: start,
        old_end_position: after(removed),
        new_end_position: after(put),
    }
}

fn point(text: &str, at: usize) -> Point {
    let before = &text[..at];
    let row = before.matches('\n').count();
    Point { row, column: at - before.rfind('\n').map_or(0, |line_break| line_break + 1) }
}
