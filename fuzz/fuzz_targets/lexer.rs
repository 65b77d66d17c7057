//! Any bytes become tokens that cover them in order.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = flow_grammar::decode(bytes);
    let lexed = flow_grammar::lexer::lex(&text);
    let mut end = 0;
    for token in &lexed.tokens {
        assert!(token.span.start >= end && token.span.end as usize <= text.len());
        end = token.span.start;
    }
});
