//! People: asked at the terminal, or answered for by a file.

pub(crate) mod answers;
pub(crate) mod ask;
pub(crate) mod at_terminal;
