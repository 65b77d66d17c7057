use super::*;

const TEXT: &str = "aä𝄞\tz\r\n\n𝄞x\rlast";

#[test]
fn columns_are_counted_as_the_client_asks() {
    let lines = Lines::of(TEXT);
    let z = u32::try_from(TEXT.find('z').expect("it is there")).expect("short");
    for (encoding, column) in [(Encoding::Utf8, 8), (Encoding::Utf16, 5), (Encoding::Utf32, 4)] {
        assert_eq!(lines.position(TEXT, z, encoding), Position { line: 0, column });
        assert_eq!(lines.offset(TEXT, Position { line: 0, column }, encoding), z);
    }
}

#[test]
fn every_character_comes_back_to_its_place() {
    let lines = Lines::of(TEXT);
    for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
        for (at, c) in TEXT.char_indices().filter(|(_, c)| !matches!(c, '\r' | '\n')) {
            let at = u32::try_from(at).expect("short");
            let position = lines.position(TEXT, at, encoding);
            assert_eq!(lines.offset(TEXT, position, encoding), at, "{c:?} in {encoding:?}");
        }
    }
}

#[test]
fn what_lies_outside_is_the_nearest_place() {
    let lines = Lines::of(TEXT);
    let end = u32::try_from(TEXT.len()).expect("short");
    assert_eq!(lines.offset(TEXT, Position { line: 99, column: 0 }, Encoding::Utf16), end);
    assert_eq!(lines.offset(TEXT, Position { line: 1, column: 7 }, Encoding::Utf16), 11);
    // Between the two halves of a surrogate pair.
    assert_eq!(lines.offset(TEXT, Position { line: 0, column: 3 }, Encoding::Utf16), 3);
    assert_eq!(lines.count(), 4);
}
