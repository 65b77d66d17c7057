//! Formatting twice is formatting once, and no comment is lost.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = flow_grammar::decode(bytes);
    let once = flow_grammar::format(&text);
    assert_eq!(once, flow_grammar::format(&once));
    let comments = |text: &str| flow_grammar::parse(text).trivia.comments.len();
    assert_eq!(comments(&text), comments(&once));
});
