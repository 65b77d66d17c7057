//! From `grammar.js` to the parser in C.

use std::path::{Path, PathBuf};

use tree_sitter_generate::{OptLevel, generate_parser_in_directory};

/// What editors of the last years can load; later versions add nothing that this grammar uses.
const ABI: usize = 14;

/// The directory of this crate.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Generates the parser into the directory `out`.
pub fn into(out: &Path) {
    let grammar = root().join("grammar.js");
    let mut warnings = Vec::new();
    let made = generate_parser_in_directory(
        root(),
        Some(out),
        Some(grammar),
        ABI,
        None,
        None,
        true,
        OptLevel::default(),
        &mut warnings,
    );
    made.unwrap_or_else(|error| panic!("grammar.js: {error}"));
    assert!(warnings.is_empty(), "grammar.js: {warnings:?}");
}
