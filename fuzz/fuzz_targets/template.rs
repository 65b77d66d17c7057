//! Any text between quotes is read as a template, in a prompt and on its own.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = flow_grammar::decode(bytes);
    let block = format!("prompt p(a: text, xs: list(text)): text {{\n  user: \"\"\"\n{text}\n  \"\"\"\n}}\n");
    let line = format!("prompt p(a: text): text {{\n  user: \"{text}\"\n}}\n");
    for source in [block, line] {
        let parsed = flow_grammar::parse(&source);
        for error in &parsed.errors {
            assert!(error.span.end as usize <= source.len());
        }
    }
});
