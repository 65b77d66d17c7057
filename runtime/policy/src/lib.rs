//! Breakers, rates, retries, routes, budgets and guards as pure state machines, without a clock.
//!
//! Nothing here waits, draws by chance or asks for the time: the caller brings the time, the randomness and the
//! outcome, and performs what is answered. So every rule can be tested over all interleavings.
//!
//! Three gates stand before a target (a model at an address, asked with a key): [`breaker`] knows whether the
//! model is well, [`rate`] whether the key may ask again now, [`credential`] whether the key is accepted at all.
//! [`quota`] and [`retry`] decide about asking again, [`route`] about asking somebody else, [`deadline`] about
//! how long. [`budget`] holds money, [`guard`] watches the arms of a split.
//!
//! Start reading at [`breaker`], then [`route`], then [`budget`].

pub mod breaker;
pub mod budget;
pub mod credential;
pub mod deadline;
pub mod guard;
pub mod quota;
pub mod rate;
pub mod retry;
pub mod route;
