//! The pictures of messages in the book are what the renderer prints today.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;

use flow_tests::pictures;

/// More than this is no picture of one message.
const LARGEST: usize = 12 * 1024;

#[test]
fn every_picture_is_fresh_and_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = std::fs::read_to_string(root.join("docs/src/messages.md")).unwrap();
    let mut problems = Vec::new();
    for picture in pictures::all(root).unwrap() {
        let path = root.join("docs/src/pictures").join(&picture.name);
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        if written != picture.svg {
            problems.push(format!("{} is old: run `cargo xtask pictures`", path.display()));
        }
        if written.len() > LARGEST {
            problems.push(format!("{} has {} bytes", path.display(), written.len()));
        }
        if !page.contains(&format!("](pictures/{})", picture.name)) {
            problems.push(format!("docs/src/messages.md does not show {}", picture.name));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}
