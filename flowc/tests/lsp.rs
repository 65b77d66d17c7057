//! The language server as editors see it: the real binary, JSON-RPC over stdio.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is a failed test"
)]

#[path = "lsp/client.rs"]
mod client;
#[path = "lsp/documents.rs"]
mod documents;
#[path = "lsp/features.rs"]
mod features;
#[path = "lsp/rough.rs"]
mod rough;
#[path = "lsp/shapes.rs"]
mod shapes;
