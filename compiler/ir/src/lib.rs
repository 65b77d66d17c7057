//! The Bundle: the only contract between the compiler and the runtime.
//!
//! A [`Bundle`] is everything a runtime needs to walk a package: types, functions, prompts, models, tools,
//! people, resources and graphs, with all names resolved to indices. It holds no source text, spans or
//! comments, so two packages that mean the same have the same bytes, and [`Bundle::digest`] names them.
//!
//! Start reading at [`Bundle`], then [`flow`], then [`expr`].

pub mod asked;
pub mod bundle;
mod callee;
pub mod contract;
pub mod effort;
pub mod evals;
pub mod expr;
pub mod flow;
pub mod ids;
mod labelled;
pub mod link;
pub mod migrate;
pub mod profile;
pub mod schema;
pub mod setup;
pub mod shape;
pub mod stream;
pub mod subtype;
pub mod testing;
pub mod tokens;
pub mod tool_schema;
pub mod types;
pub mod units;

pub use bundle::{Bundle, Digest, FORMAT, LoadError};
pub use ids::*;
