//! The Open Inference Protocol (KServe v2) over HTTP: Triton, MLServer, KServe.
//!
//! A model there takes and gives tensors. It can answer a prompt if it takes one text and gives one text, and it can
//! embed if it takes texts and gives numbers; which it does, it says itself. `wire` is the protocol, `map` goes
//! between texts and tensors and checks every shape, `client` asks.

mod client;
mod known;
mod map;
mod wire;

pub(crate) use client::KServe;
pub(crate) use known::Known;
