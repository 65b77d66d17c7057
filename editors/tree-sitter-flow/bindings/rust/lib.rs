//! The tree-sitter grammar of `.flow` files.
//!
//! For editors and tools that colour, fold or select. It accepts what the compiler's parser accepts, and goes on
//! after mistakes; it reports none. Start reading at `grammar.js`.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_flow() -> *const ();
}

/// The language, for `tree_sitter::Parser::set_language`.
// SAFETY: the generated parser's entry point, of the type that `LanguageFn` stands for.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_flow) };

/// Which node is coloured how.
pub const HIGHLIGHTS_QUERY: &str = include_str!("../../queries/highlights.scm");
/// Which nodes hold text of another language.
pub const INJECTIONS_QUERY: &str = include_str!("../../queries/injections.scm");
/// Scopes, definitions and references.
pub const LOCALS_QUERY: &str = include_str!("../../queries/locals.scm");
/// What can be folded.
pub const FOLDS_QUERY: &str = include_str!("../../queries/folds.scm");
/// Indentation, in the words of nvim-treesitter.
pub const INDENTS_QUERY: &str = include_str!("../../queries/indents.scm");
