//! Semantic tokens: what each name is, and whom its value can be shown to.

use flow_grammar::Span;
use flow_grammar::ast::Label;

use crate::decl::Decl;
use crate::package::{Package, View};
use crate::resolve::{Kind, Occurrence};

/// The kinds of tokens by their numbers, in the words of the protocol.
pub const LEGEND: [&str; 10] = [
    "type",
    "enum",
    "enumMember",
    "property",
    "function",
    "class",
    "variable",
    "parameter",
    "namespace",
    "event",
];

/// What is special about a token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Modifier {
    /// Where the name is given.
    Declaration,
    /// Of the standard library.
    Library,
    /// Somebody vouches for the value.
    Trusted,
    /// About a person.
    Pii,
    /// Never to be shown.
    Secret,
}

impl Modifier {
    /// All of them, in the order of their bits.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Declaration, "declaration"),
        (Self::Library, "defaultLibrary"),
        (Self::Trusted, "trusted"),
        (Self::Pii, "pii"),
        (Self::Secret, "secret"),
    ];
}

/// One token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// Where.
    pub span: Span,
    /// A row of [`LEGEND`].
    pub kind: u32,
    /// In order.
    pub modifiers: Vec<Modifier>,
}

/// The names of a file in the order of places.
#[must_use]
pub fn tokens(package: &Package, view: &View) -> Vec<Mark> {
    let found = view.occurrences.iter().filter(|found| !found.span.is_empty());
    found
        .map(|found| Mark { span: found.span, kind: row(found.kind), modifiers: modifiers(package, found) })
        .collect()
}

const fn row(kind: Kind) -> u32 {
    match kind {
        Kind::Type => 0,
        Kind::Enum => 1,
        Kind::Variant => 2,
        Kind::Field => 3,
        Kind::Fn | Kind::Check | Kind::Prompt | Kind::Tool | Kind::Human | Kind::Split | Kind::Flow => 4,
        Kind::Model | Kind::Resource => 5,
        Kind::Local => 6,
        Kind::Param => 7,
        Kind::Module => 8,
        Kind::Node => 9,
    }
}

fn modifiers(package: &Package, found: &Occurrence) -> Vec<Modifier> {
    let mut all = Vec::new();
    if found.is_definition {
        all.push(Modifier::Declaration);
    }
    if crate::is_library(&found.target.path) {
        all.push(Modifier::Library);
    }
    all.extend(package.decl(&found.target, |decl, _| labels(decl)).unwrap_or_default());
    all.sort();
    all
}

/// The labels that are written beside a name.
fn labels(decl: Decl<'_>) -> Vec<Modifier> {
    let written = match decl {
        Decl::Field(_, field) => field.ty.labels.as_slice(),
        Decl::Param(_, param) | Decl::NodeParam(_, param) => param.ty.labels.as_slice(),
        _ => &[],
    };
    written
        .iter()
        .map(|(label, _)| match label {
            Label::Trusted => Modifier::Trusted,
            Label::Pii => Modifier::Pii,
            Label::Secret => Modifier::Secret,
        })
        .collect()
}
