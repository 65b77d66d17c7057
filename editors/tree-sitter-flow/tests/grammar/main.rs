//! The grammar against its corpus, every program of the repository, and the queries against both.

mod corpus;
mod fresh;
mod generation;
mod highlight;
mod programs;
mod queries;
mod repository;

/// Parses `source` from scratch.
fn parse(source: &str) -> tree_sitter::Tree {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_flow::LANGUAGE.into()).expect("a version that the library knows");
    parser.parse(source, None).expect("nothing cancels it")
}

/// Where `tree` has an error or a token was put in, with the line.
fn mistakes(source: &str, tree: &tree_sitter::Tree) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            let at = node.start_position();
            let line = source.lines().nth(at.row).unwrap_or_default();
            let what =
                if node.is_missing() { format!("missing {}", node.kind()) } else { "error".to_owned() };
            found.push(format!("{}:{}: {what}: {line}", at.row + 1, at.column + 1));
        } else if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}
