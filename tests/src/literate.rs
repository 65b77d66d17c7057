//! Cases of literate tests: markdown with blocks of `.flow`.
//!
//! A block marked `flow` begins a case. It is the file `main.flow` of the package `shop`; a line `//= name` begins
//! another file. Comments in it say what must be reported on their line, and nothing else may be:
//!
//! ```text
//! -> lokup   // error: [unknown-node] "there is no node"
//! ```
//!
//! The code by name, then a part of the message if that matters. `error+1` and `error-2` stand for lines below
//! and above, for places where a comment would change the meaning. Two blocks may follow a case: `fixed` holds
//! the text after all fixes were applied, `diagnostics` the exact list as `line:column code message`.

use std::fmt;

/// One case.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// The headings above it.
    pub title: String,
    /// The line of the markdown file on which its block begins, from 1.
    pub line: usize,
    /// Names and texts, without the comments that say what is expected.
    pub files: Vec<(String, String)>,
    /// What must be reported.
    pub expected: Vec<Expected>,
    /// What must be left when all fixes are applied.
    pub fixed: Option<String>,
    /// What must be listed.
    pub listed: Option<String>,
}

/// A report that a case expects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// The file.
    pub file: String,
    /// The line of the primary place, from 1.
    pub line: u32,
    /// `error`, `warning` or `hint`.
    pub severity: String,
    /// `unreachable-node`.
    pub code: String,
    /// What the message must contain.
    pub fragment: String,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {} [{}]", self.file, self.line, self.severity, self.code)?;
        if self.fragment.is_empty() { Ok(()) } else { write!(f, " \"{}\"", self.fragment) }
    }
}

/// All cases of a markdown file.
#[must_use]
pub fn cases(markdown: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut title = String::new();
    let mut block: Option<(String, usize, String)> = None;
    for (number, line) in markdown.lines().enumerate() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(info)) => block = Some((info.trim().to_owned(), number + 1, String::new())),
            (Some(_), Some(_)) => {
                if let Some((info, line, text)) = block.take() {
                    close(&mut cases, &title, &info, line, &text);
                }
            }
            (Some((_, _, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {
                if let Some(heading) = line.strip_prefix('#') {
                    title = heading.trim_start_matches('#').trim().to_owned();
                }
            }
        }
    }
    cases
}

fn close(cases: &mut Vec<Case>, title: &str, info: &str, line: usize, text: &str) {
    match (info, cases.last_mut()) {
        ("flow", _) => cases.push(case(title, line, text)),
        ("fixed", Some(case)) => case.fixed = Some(text.to_owned()),
        ("diagnostics", Some(case)) => case.listed = Some(text.to_owned()),
        _ => {}
    }
}

fn case(title: &str, line: usize, text: &str) -> Case {
    let mut case = Case { title: title.to_owned(), line, ..Case::default() };
    let (mut name, mut content) = ("main.flow".to_owned(), String::new());
    for line in text.lines() {
        if let Some(next) = line.strip_prefix("//= ") {
            case.files
                .push((std::mem::replace(&mut name, next.trim().to_owned()), std::mem::take(&mut content)));
            continue;
        }
        let number = content.lines().count() as i64 + 1;
        let kept = read_markers(line, |severity, offset, code, fragment| {
            case.expected.push(Expected {
                file: name.clone(),
                line: u32::try_from(number + offset).unwrap_or(0),
                severity: severity.to_owned(),
                code: code.to_owned(),
                fragment: fragment.to_owned(),
            });
        });
        content.push_str(kept);
        content.push('\n');
    }
    case.files.push((name, content));
    case
}

/// Reads `// error: [code] "fragment" …` at the end of a line; gives the line without it.
fn read_markers(line: &str, mut found: impl FnMut(&str, i64, &str, &str)) -> &str {
    let starts = ["// error", "// warning", "// hint", "# error"];
    let Some(at) = starts.iter().filter_map(|start| line.find(start)).min() else { return line };
    let (kept, markers) = line.split_at(at);
    let mut rest = markers.trim_start_matches(['/', '#', ' ']);
    let mut any = false;
    while let Some((head, tail)) = rest.split_once(": [") {
        let Some((code, tail)) = tail.split_once(']') else { break };
        let (severity, offset) = match head.find(['+', '-']) {
            Some(sign) => {
                (head.get(..sign).unwrap_or(head), head.get(sign..).and_then(|text| text.parse().ok()))
            }
            None => (head, None),
        };
        let tail = tail.trim_start();
        let (fragment, tail) = quoted(tail);
        found(severity.trim(), offset.unwrap_or(0), code, fragment);
        any = true;
        rest = tail.trim_start();
    }
    if any { kept.trim_end() } else { line }
}

/// A text in double quotes at the start, and what follows. Quotes in messages cannot be asked for.
fn quoted(text: &str) -> (&str, &str) {
    let inner = text.strip_prefix('"').and_then(|text| text.split_once('"'));
    inner.unwrap_or(("", text))
}
