//! What the files of a package tell each other about labels, in words that hold in every look at it.
//!
//! A look at a file sees the file and what it imports. Two things come from elsewhere: how the file's flows are
//! called by files that import it, and what others put into resources that it sees. That is [`Outside`]; what a look
//! finds out for others is [`Told`]. Both name things by path and name, because ids differ from look to look.

use std::collections::BTreeSet;

use flow_diagnostics::Diagnostic;
use flow_ir::TypeId;
use smol_str::SmolStr;

use super::labels::{Marks, Taint};
use super::shapes::{Rank, Shapes};

/// A declaration: the path of its file, and its name.
pub(crate) type Key = (SmolStr, SmolStr);

/// The names of labels.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Labelled {
    pub(crate) pii: Option<SmolStr>,
    pub(crate) secret: Option<SmolStr>,
}

impl Labelled {
    /// Adds the labels of another one.
    pub(crate) fn join(&mut self, other: &Self) {
        let first = |a: &mut Option<SmolStr>, b: &Option<SmolStr>| {
            if b.is_some() && a.as_ref().is_none_or(|a| b.as_ref().is_some_and(|b| b < a)) {
                a.clone_from(b);
            }
        };
        first(&mut self.pii, &other.pii);
        first(&mut self.secret, &other.secret);
    }

    fn names(&self, out: &mut BTreeSet<SmolStr>) {
        out.extend(self.pii.iter().chain(&self.secret).cloned());
    }

    fn of(marks: Marks, shapes: &Shapes<'_>) -> Self {
        let name = |origin| shapes.name(origin).cloned();
        Self { pii: marks.pii.and_then(name), secret: marks.secret.and_then(name) }
    }

    pub(super) fn marks(&self, shapes: &Shapes<'_>) -> Marks {
        let origin = |name: &Option<SmolStr>| name.as_ref().and_then(|name| shapes.origin(name));
        Marks { untrusted: false, pii: origin(&self.pii), secret: origin(&self.secret) }
    }
}

/// What is known about a value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Known {
    /// The same about all of it, and whether nobody vouches for it.
    Whole(bool, Labelled),
    /// Of each field of a record.
    Parts(Vec<Known>),
}

impl Known {
    pub(super) fn of(taint: &Taint, shapes: &Shapes<'_>) -> Self {
        match taint {
            Taint::Whole(marks) => Self::Whole(marks.untrusted, Labelled::of(*marks, shapes)),
            Taint::Parts(_, parts) => Self::Parts(parts.iter().map(|part| Self::of(part, shapes)).collect()),
        }
    }

    /// The same about a value of that type.
    pub(super) fn taint(&self, ty: TypeId, shapes: &Shapes<'_>) -> Taint {
        let parts = match self {
            Self::Whole(..) => return self.total(shapes).into(),
            Self::Parts(parts) => parts,
        };
        match shapes.record(ty) {
            Some((record, _, fields)) if fields.len() == parts.len() => {
                let both = fields.iter().zip(parts);
                Taint::Parts(record, both.map(|(field, part)| part.taint(field.ty, shapes)).collect())
            }
            _ => self.total(shapes).into(),
        }
    }

    fn total(&self, shapes: &Shapes<'_>) -> Marks {
        match self {
            Self::Whole(untrusted, labels) => Marks { untrusted: *untrusted, ..labels.marks(shapes) },
            Self::Parts(parts) => parts.iter().map(|part| part.total(shapes)).fold(Marks::CLEAN, Marks::join),
        }
    }

    /// The names of all labels in it.
    pub(crate) fn names(&self, out: &mut BTreeSet<SmolStr>) {
        match self {
            Self::Whole(_, labels) => labels.names(out),
            Self::Parts(parts) => parts.iter().for_each(|part| part.names(out)),
        }
    }
}

/// Where a name is declared first in the package: the path of the file, and a range in it.
pub(crate) type Place = (SmolStr, u32, u32);

/// What a look at a file cannot see by itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Outside {
    /// By flow of the file: the arguments that other files call it with.
    pub(crate) calls: Vec<(SmolStr, Vec<Vec<Known>>)>,
    /// What all files together put into resources that the file sees.
    pub(crate) held: Vec<(Key, Labelled)>,
    /// Where the names in it are declared.
    pub(crate) declared: Vec<(SmolStr, Place)>,
}

impl Outside {
    /// The names of all labels in it.
    pub(crate) fn names(&self) -> BTreeSet<SmolStr> {
        let mut names = BTreeSet::new();
        self.calls.iter().flat_map(|(_, calls)| calls).flatten().for_each(|known| known.names(&mut names));
        self.held.iter().for_each(|(_, labels)| labels.names(&mut names));
        names
    }
}

/// What a look at the flows of a file tells others.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Told {
    /// Flows of other files that it calls, with the arguments.
    pub(crate) calls: Vec<(Key, Vec<Known>)>,
    /// What is in resources beyond what they declare.
    pub(crate) held: Vec<(Key, Labelled)>,
}

/// What a look at the flows of a file found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// About the file, and about what it calls.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// For others.
    pub(crate) told: Told,
    /// Labels that the file declares: name, what declares it, where.
    pub(crate) declares: Vec<(SmolStr, Rank, u32, u32)>,
}

/// The names of labels in a value are what makes it matter to others: that it is untrusted, every flow that others
/// can call assumes already.
pub(super) fn matters(taint: &Taint) -> bool {
    match taint {
        Taint::Whole(marks) => marks.pii.is_some() || marks.secret.is_some(),
        Taint::Parts(_, parts) => parts.iter().any(matters),
    }
}

/// The labels that marks add to others; `None` if there are none.
pub(super) fn added(marks: Marks, to: Marks, shapes: &Shapes<'_>) -> Option<Labelled> {
    let is_new = marks.pii != to.pii || marks.secret != to.secret;
    is_new.then(|| Labelled::of(marks, shapes))
}
