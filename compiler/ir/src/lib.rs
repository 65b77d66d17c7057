//! The Bundle: the only contract between the compiler and the runtime.
