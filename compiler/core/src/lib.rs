//! The compiler's core: names, types, graph checks and lowering of a package to a Bundle.
//!
//! Pure: text in, diagnostics and a Bundle out. It reads no file, clock or environment, and it never fails:
//! whatever the text, [`check`] returns what is wrong with it. Start reading at [`workspace`], then `package`
//! (what is declared), `expr` (expressions), `flow` (graphs).

pub mod graph;
mod report;
