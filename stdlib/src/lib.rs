//! The prelude and the model catalogue, written in `.flow` and embedded.
