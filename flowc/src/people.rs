//! People: asked at the terminal, or answered for by a file.

pub(crate) mod answers;
pub(crate) mod ask;

/// A question to a person, ready to be shown.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// Which `human`.
    pub(crate) human: flow_ir::HumanId,
    /// In the order of its parameters; all are shown.
    pub(crate) args: Vec<flow_eval::Value>,
}
