//! When a lambda is worth machine code.

use flow_ir::LocalId;
use flow_ir::expr::{Expr, Lambda};

use super::code::Frame;
use crate::Value;
use crate::invalid::Outcome;

/// Runs a lambda over whole lists by machine code, once it has seen enough elements.
pub(super) struct Hot {
    #[cfg(feature = "jit")]
    made: made::Made,
}

/// What is asked of all elements.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Filter,
    Any,
    All,
    Count,
    Map,
}

impl Hot {
    #[cfg_attr(
        not(feature = "jit"),
        expect(unused_variables, reason = "without machine code nothing is hot")
    )]
    pub(super) fn new(list: &Expr, lambda: &Lambda, scope: &[LocalId]) -> Self {
        Self {
            #[cfg(feature = "jit")]
            made: made::Made::new(list.ty, lambda.clone(), scope.to_vec()),
        }
    }

    /// The answer, or `None` to ask closures.
    #[cfg(feature = "jit")]
    pub(super) fn ask(&self, question: Question, items: &[Value], frame: &Frame<'_>) -> Option<Outcome> {
        self.made.ask(question, items, frame)
    }

    /// The answer, or `None` to ask closures.
    #[cfg(not(feature = "jit"))]
    pub(super) fn ask(&self, _: Question, _: &[Value], _: &Frame<'_>) -> Option<Outcome> {
        None
    }
}

#[cfg(feature = "jit")]
mod made {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use flow_ir::expr::Lambda;
    use flow_ir::types::Type;
    use flow_ir::{Bundle, LocalId, TypeId};

    use super::{Frame, Outcome, Question, Value};
    use crate::jit::Batch;

    /// Below this, setting up a batch costs more than it saves.
    const FEWEST_ITEMS: usize = 64;
    /// Elements seen before compiling, which costs as much as closures take for some thousands of elements.
    const WARM_UP: usize = 5_000;

    pub(super) struct Made {
        list: TypeId,
        lambda: Lambda,
        /// Binders around the lambda, by position.
        scope: Vec<LocalId>,
        seen: AtomicUsize,
        batch: OnceLock<Option<Batch>>,
    }

    impl Made {
        pub(super) fn new(list: TypeId, lambda: Lambda, scope: Vec<LocalId>) -> Self {
            Self { list, lambda, scope, seen: AtomicUsize::new(0), batch: OnceLock::new() }
        }

        pub(super) fn ask(&self, question: Question, items: &[Value], frame: &Frame<'_>) -> Option<Outcome> {
            let batch = self.batch(items.len(), frame.cx.bundle)?;
            let mut locals = frame.cx.locals.to_vec();
            locals.extend(self.scope.iter().copied().zip(frame.bound.iter().cloned()));
            let cx = frame.cx.with_locals(&locals);
            Some(match question {
                Question::Filter => batch.filter(&cx, items).map(Value::list),
                Question::Any => batch.any(&cx, items).map(Value::Bool),
                Question::All => batch.all(&cx, items).map(Value::Bool),
                Question::Count => batch.count(&cx, items).map(Value::Int),
                Question::Map => batch.map(&cx, items).map(Value::list),
            })
        }

        fn batch(&self, items: usize, bundle: &Bundle) -> Option<&Batch> {
            if items < FEWEST_ITEMS {
                return None;
            }
            // Only a hint of when to compile: a lost update delays it by one list.
            let seen = self.seen.fetch_add(items, Ordering::Relaxed).saturating_add(items);
            if seen < WARM_UP {
                return None;
            }
            self.batch.get_or_init(|| self.compile(bundle)).as_ref()
        }

        fn compile(&self, bundle: &Bundle) -> Option<Batch> {
            match bundle.ty(self.list) {
                Type::List { item, .. } if Batch::pays(bundle, &self.lambda, *item) => {
                    Batch::compile(bundle, &self.lambda, *item)
                }
                _ => None,
            }
        }
    }
}
