//! Expressions as closures: the default tier.
//!
//! [`compile`] turns a tree into closures once; [`Compiled::eval`] runs them. Slots, fields and functions are
//! resolved when compiling, patterns and literals are made once, and the shapes that guards are made of (a
//! field against a literal, `is V`, `and`, `not`) work on references and cost no clone.
//!
//! What it computes is what [`crate::eval`] computes, messages included; a property test holds them together.
//! Expressions deeper than [`crate::MAX_DEPTH`] are left to the interpreter, which refuses them.

mod build;
mod code;
mod hot;
mod lambda;
mod place;
mod predicate;
mod template;

use std::sync::Arc;

use flow_ir::expr::{Expr, Lambda};
use flow_ir::{Bundle, FunctionId, LocalId};

use crate::context::Context;
use crate::invalid::Outcome;
use crate::{Value, interp};

use code::{Code, Frame, Test};

/// A compiled expression. Cheap to clone; may be kept as long as its Bundle and run on any thread.
#[derive(Clone)]
pub struct Compiled {
    code: Arc<Code>,
}

impl Compiled {
    /// The value of the expression. The context's Bundle must be the one that it was compiled with.
    ///
    /// # Errors
    /// [`crate::Invalid`] where it has none.
    pub fn eval(&self, cx: &Context<'_>) -> Outcome {
        (self.code)(&mut Frame::new(*cx))
    }
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Compiled")
    }
}

/// A compiled condition: an edge's guard, a need, a filter of an index.
#[derive(Clone)]
pub struct Predicate {
    test: Arc<Test>,
}

impl Predicate {
    /// Whether it holds. The context's Bundle must be the one that it was compiled with.
    ///
    /// # Errors
    /// [`crate::Invalid`] where it has no value.
    pub fn holds(&self, cx: &Context<'_>) -> Outcome<bool> {
        (self.test)(&mut Frame::new(*cx))
    }
}

impl std::fmt::Debug for Predicate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Predicate")
    }
}

/// Compiles an expression and the functions of its Bundle. For more than one, make a [`Program`].
#[must_use]
pub fn compile(bundle: &Bundle, expr: &Expr) -> Compiled {
    build::expr(bundle, &build::functions(bundle), expr)
}

/// Compiles a condition, like [`compile`].
#[must_use]
pub fn compile_predicate(bundle: &Bundle, expr: &Expr) -> Predicate {
    build::predicate(bundle, &build::functions(bundle), expr)
}

/// A Bundle with its functions compiled. Make one per Bundle and share it.
#[derive(Debug)]
pub struct Program {
    bundle: Arc<Bundle>,
    functions: Functions,
}

/// Compiled functions by id; `None` where the interpreter has to refuse.
pub(crate) type Functions = Vec<Option<Compiled>>;

impl Program {
    /// Compiles every function of the Bundle.
    #[must_use]
    pub fn new(bundle: Arc<Bundle>) -> Self {
        let functions = build::functions(&bundle);
        Self { bundle, functions }
    }

    /// The Bundle it was made of.
    #[must_use]
    pub fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    /// A function's body; its arguments are slots 0, 1, ….
    #[must_use]
    pub fn function(&self, id: FunctionId) -> Option<&Compiled> {
        self.functions.get(id.index())?.as_ref()
    }

    /// Compiles any expression of the Bundle.
    #[must_use]
    pub fn compile(&self, expr: &Expr) -> Compiled {
        build::expr(&self.bundle, &self.functions, expr)
    }

    /// Compiles a condition.
    #[must_use]
    pub fn compile_predicate(&self, expr: &Expr) -> Predicate {
        build::predicate(&self.bundle, &self.functions, expr)
    }

    /// Compiles a lambda: a filter of an index. Bind the element as local `lambda.param` when running it.
    #[must_use]
    pub fn compile_lambda(&self, lambda: &Lambda) -> (LocalId, Compiled) {
        (lambda.param, self.compile(&lambda.body))
    }
}

/// What closures do with an expression that is too deep for them.
fn interpreted(expr: &Expr) -> Compiled {
    let expr = expr.clone();
    Compiled { code: Arc::new(move |frame: &mut Frame<'_>| interp::eval(&expr, &frame.cx)) }
}

/// The result of a compiled function.
fn called(function: &Compiled, frame: &Frame<'_>, args: Vec<Value>) -> Outcome {
    let slots: Vec<Option<Value>> = args.into_iter().map(Some).collect();
    (function.code)(&mut Frame::new(Context { slots: &slots, locals: &[], ..frame.cx }))
}
