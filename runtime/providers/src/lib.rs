//! Wire protocols of models and tools: the one place where bytes leave the process.
