//! For a person at a terminal: source lines with the places underlined.

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity as Level, SourceSpan,
};

use crate::{Diagnostic, Severity, SourceMap, Span};

/// How much the terminal can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Box-drawing characters.
    pub unicode: bool,
    /// Columns to wrap at.
    pub width: usize,
}

/// The diagnostic as text with a line break at its end.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, style: Style) -> String {
    let theme = match (style.color, style.unicode) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => {
            GraphicalTheme { characters: miette::ThemeCharacters::ascii(), ..GraphicalTheme::unicode() }
        }
        (false, true) => GraphicalTheme::unicode_nocolor(),
        (false, false) => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(style.width).with_links(false);
    let mut text = String::new();
    match handler.render_report(&mut text, &Report::new(diagnostic, sources)) {
        Ok(()) => text,
        Err(_) => format!("{}: {}\n", diagnostic.code.number, diagnostic.message),
    }
}

/// A diagnostic in miette's terms. One report per file: labels in other files become related reports.
#[derive(Debug)]
struct Report<'a> {
    diagnostic: &'a Diagnostic,
    source: Option<NamedSource<String>>,
    labels: Vec<LabeledSpan>,
    help: Option<String>,
    elsewhere: Vec<Elsewhere>,
}

/// Longest line that is shown, in bytes: a longer one (minified, or an attack) would fill the screen.
const LONGEST_LINE: usize = 400;

impl<'a> Report<'a> {
    fn new(diagnostic: &'a Diagnostic, sources: &SourceMap) -> Self {
        if is_too_long(diagnostic, sources) {
            return Self::without_source(diagnostic, sources);
        }
        let file = diagnostic.primary.span.file;
        let primary = LabeledSpan::new_primary_with_span(
            text_of(&diagnostic.primary.text),
            span_of(diagnostic.primary.span),
        );
        let (here, away): (Vec<_>, Vec<_>) =
            diagnostic.secondary.iter().partition(|label| label.span.file == file);
        let here = here
            .into_iter()
            .map(|label| LabeledSpan::new_with_span(text_of(&label.text), span_of(label.span)));
        let elsewhere =
            away.into_iter().map(|label| Elsewhere::new(&label.text, label.span, sources)).collect();
        Self {
            diagnostic,
            source: named(file, sources),
            labels: std::iter::once(primary).chain(here).collect(),
            help: help_of(diagnostic),
            elsewhere,
        }
    }

    /// The place in words instead of the source.
    fn without_source(diagnostic: &'a Diagnostic, sources: &SourceMap) -> Self {
        let place = sources.line_column(diagnostic.primary.span);
        let path = sources.get(diagnostic.primary.span.file).map_or("", |file| &file.path);
        let at = format!("at {path}:{}:{}, in a line that is too long to show", place.line, place.column);
        let help = help_of(diagnostic).map_or_else(|| at.clone(), |help| format!("{at}\n{help}"));
        Self { diagnostic, source: None, labels: Vec::new(), help: Some(help), elsewhere: Vec::new() }
    }
}

/// Whether a line with a label in it is too long to be shown.
fn is_too_long(diagnostic: &Diagnostic, sources: &SourceMap) -> bool {
    let labels = std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary);
    labels.map(|label| label.span).any(|span| {
        let line = sources.line_column(span).line;
        sources.get(span.file).is_some_and(|file| file.line(line).len() > LONGEST_LINE)
    })
}

fn named(file: crate::FileId, sources: &SourceMap) -> Option<NamedSource<String>> {
    sources.get(file).map(|file| NamedSource::new(file.path.clone(), file.text.clone()))
}

fn text_of(text: &str) -> Option<String> {
    if text.is_empty() { None } else { Some(text.to_owned()) }
}

fn span_of(span: Span) -> SourceSpan {
    (span.start as usize, (span.end - span.start) as usize).into()
}

/// Notes and help together, since miette has one place for both.
fn help_of(diagnostic: &Diagnostic) -> Option<String> {
    let lines: Vec<&str> = diagnostic.help.iter().chain(&diagnostic.notes).map(String::as_str).collect();
    if lines.is_empty() { None } else { Some(lines.join("\n")) }
}

impl std::fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn std::fmt::Display + 'b>> {
        Some(Box::new(format!("{} {}", self.diagnostic.code.number, self.diagnostic.code.name)))
    }

    fn severity(&self) -> Option<Level> {
        Some(match self.diagnostic.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
            Severity::Hint => Level::Advice,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn std::fmt::Display + 'b>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source.as_ref().map(|source| source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn miette::Diagnostic> + 'b>> {
        if self.elsewhere.is_empty() {
            return None;
        }
        Some(Box::new(self.elsewhere.iter().map(|place| place as &dyn miette::Diagnostic)))
    }
}

/// A label in another file than the primary one.
#[derive(Debug)]
struct Elsewhere {
    text: String,
    source: Option<NamedSource<String>>,
    span: SourceSpan,
}

impl Elsewhere {
    fn new(text: &str, span: Span, sources: &SourceMap) -> Self {
        Self { text: text.to_owned(), source: named(span.file, sources), span: span_of(span) }
    }
}

impl std::fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Elsewhere {}

impl miette::Diagnostic for Elsewhere {
    fn severity(&self) -> Option<Level> {
        Some(Level::Advice)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source.as_ref().map(|source| source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(None, self.span))))
    }
}

#[cfg(test)]
mod tests;
