//! What `flowc prompt`, `flowc model` and `flowc bundle` have in common, one file an action.

pub mod diff;
pub mod history;
pub mod list;
pub mod moving;
pub mod publish;
pub mod rollback;
pub mod show;
