//! Any package is checked to the end: it has errors or a bundle, never neither.
#![no_main]

use flow_compiler::PackageInput;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = flow_grammar::decode(bytes);
    let file = ("main.flow".to_owned(), vec!["main".to_owned()], text);
    let checked = flow_compiler::check(&PackageInput { manifest: None, files: vec![file] });
    let has_errors = checked.diagnostics.iter().any(|diagnostic| diagnostic.is_error());
    assert_eq!(has_errors, checked.output.is_none());
});
