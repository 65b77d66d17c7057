//! `test/corpus/*.txt`, in the format of `tree-sitter test`: a title between lines of `=`, a program, a line of
//! `-`, the tree. With `UPDATE=1` the trees are written anew.

use crate::{generation, mistakes, parse};

const BAR: &str = "====================\n";

struct Case {
    title: String,
    source: String,
    tree: String,
}

fn cases(text: &str) -> Vec<Case> {
    let mut parts = text.split(BAR).skip(1);
    let mut found = Vec::new();
    while let (Some(title), Some(body)) = (parts.next(), parts.next()) {
        let (source, tree) = body.split_once("\n---\n").unwrap_or_else(|| panic!("`{title}` has no `---`"));
        let source = format!("{}\n", source.strip_prefix('\n').unwrap_or(source).trim_end());
        found.push(Case { title: title.trim().to_owned(), source, tree: tree.trim().to_owned() });
    }
    found
}

#[test]
fn the_trees_of_the_corpus() {
    let update = std::env::var_os("UPDATE").is_some();
    let directory = generation::root().join("test/corpus");
    let mut seen = 0;
    for entry in std::fs::read_dir(directory).expect("the corpus") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a corpus file");
        let mut out = Vec::new();
        for mut case in cases(&text) {
            seen += 1;
            let tree = parse(&case.source);
            let found = indented(&tree);
            if update {
                case.tree = found;
            } else {
                assert_eq!(found, case.tree, "{}: {}", path.display(), case.title);
            }
            let broken = case.title.starts_with("A broken");
            assert_eq!(
                mistakes(&case.source, &tree).is_empty(),
                !broken,
                "{}: {}",
                path.display(),
                case.title
            );
            out.push(format!("{BAR}{}\n{BAR}\n{}\n---\n\n{}\n", case.title, case.source, case.tree));
        }
        if update {
            std::fs::write(&path, out.join("\n")).expect("writes the corpus");
        }
    }
    assert!(seen >= 20, "{seen} cases");
}

/// The tree, a node a line, with the names of fields.
fn indented(tree: &tree_sitter::Tree) -> String {
    let mut out = String::new();
    let mut cursor = tree.walk();
    let mut depth = 0_usize;
    loop {
        let node = cursor.node();
        let shown = node.is_named() || node.is_missing();
        if shown {
            if depth > 0 {
                out.push_str(&format!("\n{}", "  ".repeat(depth)));
            }
            if let Some(field) = cursor.field_name() {
                out.push_str(&format!("{field}: "));
            }
            let kind = if node.is_error() { "ERROR" } else { node.kind() };
            out.push_str(&if node.is_missing() {
                format!("(MISSING \"{kind}\"")
            } else {
                format!("({kind}")
            });
            if cursor.goto_first_child() {
                depth += 1;
                continue;
            }
            out.push(')');
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return out;
            }
            depth -= 1;
            out.push(')');
        }
    }
}
