use super::{Event, Parser};

fn events_of(pieces: &[&[u8]]) -> Vec<(String, String)> {
    let mut parser = Parser::default();
    let all = pieces.iter().flat_map(|piece| parser.push(piece).unwrap());
    all.map(|Event { name, data }| (name, data)).collect()
}

fn check(text: &str, expect: &[(&str, &str)]) {
    let expect: Vec<(String, String)> =
        expect.iter().map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect();
    assert_eq!(events_of(&[text.as_bytes()]), expect, "{text:?} in one piece");
    for cut in 0..=text.len() {
        let (left, right) = text.as_bytes().split_at(cut);
        assert_eq!(events_of(&[left, right]), expect, "{text:?} cut at {cut}");
    }
    let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(events_of(&bytes), expect, "{text:?} byte by byte");
}

#[test]
fn every_line_end_ends_a_line_wherever_the_stream_is_cut() {
    check("data: a\n\ndata: b\n\n", &[("", "a"), ("", "b")]);
    check("data: a\r\n\r\ndata: b\r\n\r\n", &[("", "a"), ("", "b")]);
    check("data: a\r\rdata: b\r\r", &[("", "a"), ("", "b")]);
}

#[test]
fn fields_are_read_as_the_standard_says() {
    check("\u{feff}data:x\n\n", &[("", "x")]);
    check("event: error\ndata: {\"a\":\ndata: 1}\n\n", &[("error", "{\"a\":\n1}")]);
    check(": ping\nid: 7\nretry: 3\ndata:  two blanks\n\n", &[("", " two blanks")]);
    check("event: nothing\n\ndata: a𝄞ä\n\n", &[("", "a𝄞ä")]);
    check("data\n\n", &[("", "")]);
}

#[test]
fn an_event_without_its_empty_line_is_no_event() {
    check("data: a\n\ndata: cut off", &[("", "a")]);
    check("data: a\n\ndata: cut off\n", &[("", "a")]);
}
