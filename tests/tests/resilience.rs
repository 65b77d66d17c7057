//! Models that fail, over real sockets: what users notice of it, and what the failing server does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "resilience/budget.rs"]
mod budget;
#[path = "resilience/moves.rs"]
mod moves;
#[path = "resilience/primary.rs"]
mod primary;
#[path = "resilience/upstream.rs"]
mod upstream;
#[path = "resilience/world.rs"]
mod world;
