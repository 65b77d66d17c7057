use super::{contain, message};
use crate::exit::Exit;

#[test]
fn the_report_names_code_place_and_version() {
    let text = message("flowc/src/x.rs:1:2", "");
    assert!(text.starts_with("error[FI9001]: flowc has a bug, at flowc/src/x.rs:1:2\n"), "{text}");
    assert!(text.contains(env!("CARGO_PKG_VERSION")), "{text}");
}

#[test]
fn a_panic_is_our_bug() {
    assert_eq!(contain(|| panic!("on purpose")), Exit::Bug);
}
