//! What an editor shows, as plain data over the compiler: no protocol, no files, no clock.
//!
//! A [`Package`] is texts that change. A [`View`] is one of them as it is now: its tree, types, and what each name in
//! it stands for. One feature is one file and one public function that takes a view and a byte offset and returns
//! places and words. Whoever speaks a protocol turns those into its own types, and offsets into lines and
//! columns with [`position`]. Start reading at [`Package`], then [`resolve`](Occurrence) (names), then any feature.

mod action;
mod call;
mod complete;
mod cost;
mod decl;
mod define;
mod diagnose;
mod fold;
mod format;
mod hint;
mod hover;
mod lens;
mod link;
mod moved;
mod outline;
mod package;
pub mod position;
mod refer;
mod rename;
mod resolve;
mod search;
mod select;
mod sign;
mod token;
mod walk;
mod words;

pub use action::{Action, ActionKind, actions};
pub use call::{Caller, Graphed, callables_at, incoming, outgoing};
pub use complete::{Completion, CompletionKind, complete};
pub use define::{definition, type_definition};
pub use diagnose::{Finding, Related, diagnose, diagnose_first, diagnose_unless};
pub use fold::{Fold, folds};
pub use format::{format, format_item};
pub use hint::{Hint, HintKind, hints};
pub use hover::{Hover, hover};
pub use lens::{Lens, LensKind, flow_at, lenses};
pub use link::{Link, links};
pub use moved::moved;
pub use outline::{Symbol, outline};
pub use package::{Package, View, is_library};
pub use refer::{highlights, references};
pub use rename::{Refusal, prepare_rename, rename};
pub use resolve::{Kind, Occurrence, Place};
pub use search::{Found, search};
pub use select::selections;
pub use sign::{Signature, signature};
pub use token::{LEGEND, Mark, Modifier, tokens};

pub use flow_ir::Bundle;

use flow_grammar::Span;

/// Replace a range of a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Change {
    /// The file.
    pub path: String,
    /// What goes.
    pub span: Span,
    /// What comes.
    pub text: String,
}
