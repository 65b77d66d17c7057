//! The registry, as the command line uses it: where it is, who changes it, what may be published, which moves are
//! allowed.
//!
//! `place` is a registry in a file or behind a server, `asked` a change of it as data and `told` what became of it; `store`
//! finds and opens the file, `version` makes versions of files and shows them, `signed` is what all commands
//! take that move something, `gate` refuses moves that something deployed does not survive, `touched` says what a move
//! touches, `source` answers runs, `judged` is what evals said of versions, `vaults` where
//! contents may be kept outside of the file.

pub(crate) mod asked;
pub(crate) mod gate;
pub(crate) mod judged;
pub(crate) mod place;
pub(crate) mod signed;
pub(crate) mod source;
pub(crate) mod store;
pub(crate) mod told;
pub(crate) mod touched;
pub(crate) mod vaults;
pub(crate) mod version;
