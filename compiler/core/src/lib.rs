//! The compiler's core: names, types, graph checks and lowering of a package to a Bundle.
//!
//! Pure: text in, diagnostics and a Bundle out. It reads no file, clock or environment, and it never fails:
//! whatever the text, [`check`] returns what is wrong with it. Start reading at [`Workspace`], then `package`
//! (what is declared), `expr` (expressions), `flow` (graphs).

mod bodies;
pub mod bounds;
mod callee;
mod components;
pub mod declare;
mod expr;
mod flow;
mod flow_paths;
pub mod graph;
mod knowledge;
pub mod lock;
pub mod manifest;
mod methods;
mod names;
mod package;
pub mod registry;
mod report;
mod rules;
mod setup;
mod tests_of;
mod trigger;
mod trust;
mod types;
pub mod vocabulary;
mod workspace;

pub use knowledge::{Knowledge, Type};
pub use trust::Sink;
pub use workspace::{Analysis, Checked, Diagnosed, Output, PackageInput, Workspace, check};
