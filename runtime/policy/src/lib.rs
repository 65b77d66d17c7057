//! Retry, budget and limits as pure state machines, without a clock.
//!
//! Nothing here waits, draws by chance or asks for the time: the caller brings the time, the randomness and the
//! outcome, and performs what is answered. So every rule can be tested over all interleavings.
//!
//! Start reading at [`budget`], then [`retry`].

pub mod budget;
pub mod retry;
