//! What a model is to the runtime: messages, usage, finish reasons, error classes and the client trait.
