//! Literate specs, scripted runs, command-line and end-to-end tests.

pub mod checking;
pub mod corpus;
pub mod crash;
pub mod literate;
pub mod pictures;

pub mod provider;
