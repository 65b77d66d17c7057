//! Types as JSON Schema: the one writer of the Bundle, which the compiler's bounds count too.

#[cfg(test)]
mod tests;

pub use flow_ir::schema::*;
