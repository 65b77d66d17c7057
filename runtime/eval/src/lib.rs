//! Values and expressions: the reference interpreter, compiled closures and the Cranelift tier.
//!
//! A [`Value`] is what flows through a graph. It is positional: the type (a `TypeId` of the Bundle) says what
//! the positions mean, so equal programs do equal work and nothing is looked up by name.
//!
//! # Evaluating
//!
//! An expression is evaluated in a [`Context`]: the Bundle, the slots of its frame, the binders around it, and
//! [`Facts`] that the machine supplies.
//!
//! ```
//! use flow_eval::{Context, Value, eval};
//! use flow_ir::expr::{Arith, Const, Expr, ExprKind};
//! use flow_ir::{Bundle, SlotId, TypeId};
//!
//! let bundle = Bundle { types: vec![flow_ir::types::Type::Int { min: None, max: None }], ..Bundle::default() };
//! let ty = TypeId(0);
//! let slot = Expr { ty, kind: ExprKind::Slot(SlotId(0)) };
//! let one = Expr { ty, kind: ExprKind::Const(Const::Int(1)) };
//! let sum = Expr { ty, kind: ExprKind::Arith(Arith::Add, Box::new(slot), Box::new(one)) };
//! let slots = [Some(Value::Int(41))];
//! assert_eq!(eval(&sum, &Context::new(&bundle, &slots)), Ok(Value::Int(42)));
//! ```
//!
//! [`eval_function`], [`run_check`] and [`render`] do the same for functions, checks and messages of prompts.
//! What has no value raises [`Invalid`], whose message is in the user's words and quotes no data.
//!
//! # Tiers
//!
//! - [`eval`]: the interpreter. It defines what expressions mean.
//! - [`Program`]: a Bundle with its functions compiled to closures; [`Program::compile`] and
//!   [`Program::compile_predicate`] compile anything else once, to be run with any [`Context`]. The default.
//! - `Batch` (feature `jit`): lambdas with arithmetic over long lists as machine code. Closures hand over by
//!   themselves when it pays.
//!
//! # JSON
//!
//! [`json::decode`] and [`json::encode`] are the border: strict, in wire names. [`json::validate`] tells
//! whether a value fits a type, [`json::sample`] makes one that does. [`schema::structured`] is what a model is
//! told to answer with, [`schema::plain`] and [`schema::parameters`] are for tools and OpenAPI.
//! [`answer::read`] reads what a model wrote where nothing held it to that schema.

pub mod answer;
pub mod closure;
pub mod context;
#[cfg(test)]
mod differential;
pub mod interp;
pub mod invalid;
#[cfg(feature = "jit")]
pub mod jit;
pub mod json;
mod ops;
pub mod schema;
#[cfg(test)]
mod testing;
pub mod value;

/// Values as people read them: what holes of templates print.
pub mod print {
    pub use crate::ops::print::{amount, date, duration, float, money, printed, time, tokens};
}

pub use closure::{Compiled, Predicate, Program, compile, compile_predicate};
pub use context::{Context, Facts, NoFacts};
pub use interp::{MAX_DEPTH, Rendered, eval, eval_function, render, run_check};
pub use invalid::Invalid;
#[cfg(feature = "jit")]
pub use jit::Batch;
pub use ops::compare::constant;
pub use value::{Media, MediaKind, Value};
