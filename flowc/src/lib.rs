//! The flowc command line.
