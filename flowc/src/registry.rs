//! The registry, as the command line uses it: where it is, who changes it, what may be published, which moves are
//! allowed.
//!
//! `store` finds and opens the file, `version` makes versions of files and shows them, `gate` refuses moves that
//! something deployed does not survive, `source` answers runs.

pub(crate) mod gate;
pub(crate) mod source;
pub(crate) mod store;
pub(crate) mod version;
