//! The prelude and the model catalogue, written in `.flow` and embedded.
//!
//! Text only: the compiler parses it like any other file. [`PRELUDE`] is visible everywhere, [`MODULES`] are
//! imported by path (`import std/models.{gpt_5_mini}`).

/// Visible in every file without an import.
pub const PRELUDE: &str = include_str!("../prelude.flow");

/// Path and text of each module that can be imported.
pub const MODULES: [(&str, &str); 1] = [("std/models", include_str!("../models.flow"))];
