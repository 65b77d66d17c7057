//! What closures are, and what they run in.

use crate::Value;
use crate::context::Context;
use crate::invalid::Outcome;

/// A compiled expression.
pub(super) type Code = dyn Fn(&mut Frame<'_>) -> Outcome + Send + Sync;

/// A compiled condition: no `Value` is made of its result.
pub(super) type Test = dyn Fn(&mut Frame<'_>) -> Outcome<bool> + Send + Sync;

/// One evaluation.
pub(crate) struct Frame<'a> {
    pub(crate) cx: Context<'a>,
    /// Binders inside the expression; their places were counted when compiling.
    pub(crate) bound: Vec<Value>,
}

impl<'a> Frame<'a> {
    pub(super) const fn new(cx: Context<'a>) -> Self {
        Self { cx, bound: Vec::new() }
    }

    /// Runs with one more binder.
    pub(super) fn with<T>(&mut self, value: Value, run: impl FnOnce(&mut Self) -> T) -> T {
        self.bound.push(value);
        let result = run(self);
        self.bound.pop();
        result
    }
}
