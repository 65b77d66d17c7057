//! The closed lists of words that the language knows, for editors.

use flow_grammar::ast::SetupKind;

use crate::{expr, methods, package, setup};

/// The settings of a declaration, in the order of the reference.
#[must_use]
pub fn settings(kind: SetupKind) -> &'static [&'static str] {
    setup::known(kind)
}

/// Providers or transports that may stand behind the `=` of a declaration.
#[must_use]
pub fn sources(kind: SetupKind) -> Vec<&'static str> {
    setup::sources(kind)
}

/// Kinds of resources: `Memory`, `Index`, ….
pub fn resource_kinds() -> impl Iterator<Item = &'static str> {
    package::signatures::KINDS.iter().map(|(name, _)| *name)
}

/// Methods of a kind of resources.
pub fn resource_methods(kind: &str) -> impl Iterator<Item = &'static str> {
    let found = package::signatures::KINDS.iter().find(|(name, _)| *name == kind).map(|(_, kind)| *kind);
    methods::METHODS.iter().filter(move |row| Some(row.kind) == found).map(|row| row.name)
}

/// Functions that are visible everywhere.
#[must_use]
pub fn functions() -> &'static [&'static str] {
    &expr::PRELUDE_FUNCTIONS
}

/// `run.…`
pub fn run_facts() -> impl Iterator<Item = &'static str> {
    expr::run_facts()
}

/// `error.…`
pub fn error_facts() -> impl Iterator<Item = &'static str> {
    expr::error_facts()
}

/// Classes of errors, `Error` included.
pub fn error_classes() -> impl Iterator<Item = &'static str> {
    let known = flow_ir::units::ErrorClass::ALL.iter().map(|class| class.name());
    known.chain(["Error"])
}

/// Types that are built in.
pub const SCALARS: [&str; 17] = [
    "text", "int", "float", "bool", "date", "time", "duration", "money", "tokens", "bytes", "json", "image",
    "audio", "file", "list", "map", "Partial",
];
