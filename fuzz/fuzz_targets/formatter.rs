//! Formatting keeps tokens, comments and the tree, and settles at once.
#![no_main]

#[path = "../../grammar/tests/format/check.rs"]
mod check;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| check::check_format(&flow_grammar::decode(bytes)));
