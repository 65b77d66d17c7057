//! Values and expressions: the reference interpreter, compiled closures and the Cranelift tier.
//!
//! A [`Value`] is what flows through a graph. It is positional: the type (a `TypeId` of the Bundle) says what
//! the positions mean, so equal programs do equal work and nothing is looked up by name.

pub mod value;

pub use value::{Media, MediaKind, Value};
