//! `test/highlight/*.flow`, in the format of `tree-sitter test`: a comment below a line points at what stands above
//! it (`^` above the sign, `<-` at the start of the line) and says how it is coloured.

use std::ops::Range;

use tree_sitter_highlight::{HighlightConfiguration, HighlightEvent, Highlighter};

use crate::programs;
use crate::{generation, queries};

/// The last capture of every byte.
fn colours(source: &str) -> Vec<(Range<usize>, String)> {
    let language = tree_sitter_flow::LANGUAGE.into();
    let query = tree_sitter_flow::HIGHLIGHTS_QUERY;
    let mut configuration = HighlightConfiguration::new(language, "flow", query, "", "").expect("the query");
    let names = queries::captures(query);
    configuration.configure(&names);
    let mut highlighter = Highlighter::new();
    let events =
        highlighter.highlight(&configuration, source.as_bytes(), None, None, |_| None).expect("highlights");
    let mut open: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for event in events {
        match event.expect("an event") {
            HighlightEvent::HighlightStart(colour) => open.push(names[colour.0].clone()),
            HighlightEvent::HighlightEnd => drop(open.pop()),
            HighlightEvent::Source { start, end } => {
                found.extend(open.last().map(|name| (start..end, name.clone())));
            }
        }
    }
    found
}

#[test]
fn the_words_of_a_program_have_the_colours_that_are_asked_for() {
    let mut asked = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(generation::root().join("test/highlight")).expect("the programs") {
        let path = entry.expect("an entry").path();
        let source = std::fs::read_to_string(&path).expect("a program");
        let colours = colours(&source);
        for (number, place, wanted) in assertions(&source) {
            asked += 1;
            let found = colours.iter().find(|(range, _)| range.contains(&place));
            let found = found.map_or("none", |(_, name)| name);
            if found != wanted {
                wrong.push(format!("{}:{number}: `{found}`, not `{wanted}`", path.display()));
            }
        }
    }
    assert!(asked >= 60, "{asked} places");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The line of each assertion, the offset it points at, and the capture.
fn assertions(source: &str) -> Vec<(usize, usize, &str)> {
    let mut found = Vec::new();
    let (mut at, mut above) = (0, 0);
    for (number, line) in source.split_inclusive('\n').enumerate() {
        let rest = line.strip_prefix("//").map(str::trim);
        if let Some(name) = rest.and_then(|rest| rest.strip_prefix("<- ")) {
            found.push((number + 1, above, name));
        } else if let Some(name) = rest.and_then(|rest| rest.strip_prefix("^ ")) {
            found.push((number + 1, above + line.find('^').expect("the sign"), name));
        } else {
            above = at;
        }
        at += line.len();
    }
    found
}

/// No word or sign is left without a colour, in any program.
#[test]
fn everything_has_a_colour() {
    for program in programs::sources() {
        let colours = colours(&program.text);
        let mut end = 0;
        for (range, _) in colours {
            let gap = &program.text[end..range.start];
            assert!(gap.trim().is_empty(), "{}: {gap:?} has no colour", program.place);
            end = range.end;
        }
    }
}
