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
#[path = "lsp/encodings.rs"]
mod encodings;
#[path = "lsp/examples.rs"]
mod examples;
#[path = "lsp/features.rs"]
mod features;
#[path = "lsp/generated.rs"]
mod generated;
#[path = "lsp/incremental.rs"]
mod incremental;
#[path = "lsp/order.rs"]
mod order;
#[path = "lsp/rough.rs"]
mod rough;
#[path = "lsp/shapes.rs"]
mod shapes;
