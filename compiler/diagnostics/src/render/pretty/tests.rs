use super::{Style, render};
use crate::{Diagnostic, FileId, SourceMap, Span, index};

const PLAIN: Style = Style { color: false, unicode: true, width: 80 };

fn shown(text: &str, start: u32, end: u32) -> String {
    let mut sources = SourceMap::default();
    let file = sources.add("main.flow", text);
    let diagnostic = Diagnostic::new(
        &index::UNKNOWN_NAME,
        Span { file, start, end },
        "I cannot find `manual`",
        "nothing of this name is visible here",
    );
    render(&diagnostic.help("did you mean `manuals`?"), &sources, PLAIN)
}

#[test]
fn a_line_is_shown_with_its_place_underlined() {
    let text = shown("fn a(): int =\n  manual\n", 16, 22);
    for part in [
        "FL0005 unknown-name",
        "× I cannot find `manual`",
        "[main.flow:2:3]",
        "nothing of this name",
        "help: did you mean",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn a_line_too_long_for_a_screen_is_named_and_not_shown() {
    let text = shown(&"[".repeat(10_000), 0, 1);
    assert!(text.contains("at main.flow:1:1, in a line that is too long to show"), "{text}");
    assert!(text.len() < 400, "{} bytes", text.len());
}

#[test]
fn places_behind_the_end_and_in_unknown_files_are_shown_without_source() {
    assert!(shown("fn", 90, 95).contains("I cannot find"));
    let lost = Span { file: FileId(9), start: 0, end: 1 };
    let diagnostic = Diagnostic::new(&index::UNKNOWN_NAME, lost, "I cannot find `x`", "");
    assert!(render(&diagnostic, &SourceMap::default(), PLAIN).contains("I cannot find `x`"));
}
