//! Any bytes become a tree; every mistake lies in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = flow_grammar::decode(bytes);
    let parsed = flow_grammar::parse(&text);
    for error in &parsed.errors {
        assert!(error.span.start <= error.span.end && error.span.end as usize <= text.len());
    }
});
