//! Workflow commands of GitHub Actions: each diagnostic becomes an annotation on the changed line.
//!
//! The form is `::error file=…,line=…,col=…,endLine=…,endColumn=…,title=…::message`, as documented under
//! "Workflow commands for GitHub Actions". What follows `::` is one line, so line breaks are escaped.

use crate::{Diagnostic, Severity, SourceMap};

/// The diagnostic as one line without a line break.
#[must_use]
pub fn annotation(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "notice",
    };
    let title = property(&format!("{} {}", diagnostic.code.number, diagnostic.code.name));
    let place = place(diagnostic, sources);
    format!("::{command} {place}title={title}::{}", data(&words(diagnostic)))
}

/// The properties that say where, each with a comma behind it.
fn place(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let span = diagnostic.primary.span;
    let Some(file) = sources.get(span.file) else { return String::new() };
    let (start, end) = (file.line_column(span.start), file.line_column(span.end));
    let path = property(&file.path);
    format!(
        "file={path},line={},col={},endLine={},endColumn={},",
        start.line, start.column, end.line, end.column
    )
}

/// Message, help and notes: the annotation shows no source, so all the words are in it.
fn words(diagnostic: &Diagnostic) -> String {
    let help = diagnostic.help.iter().map(|help| format!("help: {help}"));
    let notes = diagnostic.notes.iter().map(|note| format!("note: {note}"));
    let lines: Vec<String> = std::iter::once(diagnostic.message.clone()).chain(help).chain(notes).collect();
    lines.join("\n")
}

/// Escaped as the runner unescapes what follows `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escaped as the runner unescapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::annotation;
    use crate::{Diagnostic, SourceMap, Span, index};

    #[test]
    fn what_the_runner_would_misread_is_escaped() {
        let mut sources = SourceMap::default();
        let file = sources.add("a,b:c.flow", "node x\nnode y\n");
        let found = Diagnostic::new(
            &index::DEAD_END,
            Span { file, start: 5, end: 6 },
            "100 % of `x` goes nowhere",
            "",
        )
        .help("one\nor two")
        .note("three");
        assert_eq!(
            annotation(&found, &sources),
            "::error file=a%2Cb%3Ac.flow,line=1,col=6,endLine=1,endColumn=7,title=FL0201 dead-end\
             ::100 %25 of `x` goes nowhere%0Ahelp: one%0Aor two%0Anote: three"
        );
    }

    #[test]
    fn hints_are_notices() {
        let mut sources = SourceMap::default();
        let file = sources.add("a.flow", "x");
        let found = Diagnostic::new(&index::UNTESTED_EDGE, Span { file, start: 0, end: 1 }, "m", "");
        assert!(annotation(&found, &sources).starts_with("::notice file=a.flow,line=1,"));
    }
}
