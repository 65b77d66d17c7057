//! Chains on a clock that jumps: what is asked when, who is given up, what it costs, what is shown.

mod hedges;
mod keys;
mod operator;
mod streams;
mod world;
