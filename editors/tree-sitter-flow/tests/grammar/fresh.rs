//! The parser in the repository is the one that `grammar.js` gives.

use std::process::Command;

use crate::generation;

#[test]
fn the_parser_is_fresh() {
    if Command::new("node").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "there is no `node`");
        eprintln!("skipped: there is no `node` to evaluate grammar.js");
        return;
    }
    let made = tempfile::tempdir().expect("a directory");
    generation::into(made.path());
    for file in ["parser.c", "grammar.json", "node-types.json", "tree_sitter/parser.h"] {
        let fresh = std::fs::read_to_string(made.path().join(file)).expect(file);
        let kept = std::fs::read_to_string(generation::root().join("src").join(file)).unwrap_or_default();
        assert!(fresh == kept, "src/{file} is not fresh: cargo run --example generate");
    }
}
