//! Values and expressions: the reference interpreter, compiled closures and the Cranelift tier.
