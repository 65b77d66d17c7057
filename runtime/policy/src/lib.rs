//! Retry, budget and limits as pure state machines, without a clock.
