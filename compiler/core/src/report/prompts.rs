//! About prompts and models (FL05xx).
