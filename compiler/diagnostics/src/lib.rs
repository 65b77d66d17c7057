//! What the compiler says: diagnostics as data, the error index, renderers.
