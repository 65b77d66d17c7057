//! The walker: one token per run, a pure machine and the homes that drive it.
