//! Strings: from text, holes and tags in a row to the nested parts of a [`Template`].

use super::Context;
use crate::ast::{Expr, Name, Template, TemplatePart};
use crate::error::{Edit, SyntaxErrorKind};
use crate::lexer::is_blank;
use crate::span::Span;

/// What stands between the quotes, in a row.
#[derive(Debug)]
pub(crate) enum Segment {
    Text(Span),
    Hole(Expr),
    Each { var: Name, list: Expr, tag: Span },
    If { condition: Expr, tag: Span },
    Else(Span),
    End(Span),
}

impl Segment {
    /// Whether it is a tag: a line that holds nothing else vanishes from the text.
    fn is_tag(&self) -> bool {
        !matches!(self, Self::Text(_) | Self::Hole(_))
    }
}

/// An `{{each}}` or `{{if}}` whose `{{end}}` has not come yet.
enum Opened {
    Each { var: Name, list: Expr, tag: Span },
    If { condition: Expr, tag: Span },
    Else { condition: Expr, tag: Span, then: Vec<TemplatePart> },
}

/// Text that is being put together, and the source it came from.
#[derive(Default)]
struct Run {
    value: String,
    span: Option<Span>,
}

struct Builder<'c, 's> {
    cx: &'c Context<'s>,
    parts: Vec<TemplatePart>,
    open: Vec<(Opened, Vec<TemplatePart>)>,
    run: Run,
}

impl Context<'_> {
    pub(crate) fn template(&self, segments: Vec<Segment>, is_block: bool, span: Span) -> Template {
        let segments = if is_block { self.strip(segments) } else { segments };
        let mut builder = Builder { cx: self, parts: Vec::new(), open: Vec::new(), run: Run::default() };
        for segment in segments {
            builder.push(segment);
        }
        Template { parts: builder.finish(), is_block, span }
    }

    /// Takes from a block what only lays it out: the line breaks beside the quotes, the common
    /// indentation, and lines that hold nothing but tags.
    fn strip(&self, segments: Vec<Segment>) -> Vec<Segment> {
        let mut lines = self.lines(segments);
        if lines.len() > 1 && lines.first().is_some_and(|line| self.is_blank(line)) {
            lines.remove(0);
            let indent = self.common_indent(&lines, 0);
            return self.join(lines, indent, 0);
        }
        let indent = self.common_indent(&lines, 1);
        self.join(lines, indent, 1)
    }

    /// The segments of each line; the text at the end of a line holds the line break.
    fn lines(&self, segments: Vec<Segment>) -> Vec<Vec<Segment>> {
        let mut lines = vec![Vec::new()];
        let mut add = |segment, ends: bool| {
            if let Some(line) = lines.last_mut() {
                line.push(segment);
            }
            if ends {
                lines.push(Vec::new());
            }
        };
        for segment in segments {
            let Segment::Text(span) = segment else {
                add(segment, false);
                continue;
            };
            let mut start = span.start;
            for line in self.slice(span).split_inclusive('\n') {
                let end = start + crate::lexer::offset(line.len());
                add(Segment::Text(Span::new(start, end)), line.ends_with('\n'));
                start = end;
            }
        }
        lines
    }

    fn is_blank(&self, line: &[Segment]) -> bool {
        line.iter().all(|segment| match segment {
            Segment::Text(span) => is_blank(self.slice(*span)),
            Segment::Hole(_)
            | Segment::Each { .. }
            | Segment::If { .. }
            | Segment::Else(_)
            | Segment::End(_) => false,
        })
    }

    fn is_tags_only(&self, line: &[Segment]) -> bool {
        line.iter().any(Segment::is_tag)
            && line.iter().all(|segment| match segment {
                Segment::Text(span) => is_blank(self.slice(*span)),
                other => other.is_tag(),
            })
    }

    /// The blanks that all lines from `first` on begin with; blank lines do not count.
    fn common_indent(&self, lines: &[Vec<Segment>], first: usize) -> usize {
        let counted = lines.iter().skip(first).filter(|line| !self.is_blank(line));
        let indents = counted.map(|line| match line.first() {
            Some(Segment::Text(span)) => {
                let text = self.slice(*span);
                text.get(..text.len() - text.trim_start_matches([' ', '\t']).len()).unwrap_or_default()
            }
            _ => "",
        });
        let common = indents.reduce(|left, right| {
            let same = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count();
            left.get(..same).unwrap_or_default()
        });
        common.map_or(0, str::len)
    }

    fn join(&self, mut lines: Vec<Vec<Segment>>, indent: usize, first: usize) -> Vec<Segment> {
        self.drop_last_break(&mut lines);
        let mut out = Vec::new();
        for (index, line) in lines.into_iter().enumerate() {
            if self.is_tags_only(&line) {
                out.extend(line.into_iter().filter(Segment::is_tag));
                continue;
            }
            let cut = if index >= first { indent } else { 0 };
            let blank = self.is_blank(&line);
            for (at, segment) in line.into_iter().enumerate() {
                match segment {
                    Segment::Text(span) if at == 0 => out.push(Segment::Text(self.outdent(span, cut, blank))),
                    other => out.push(other),
                }
            }
        }
        out
    }

    /// The quotes may stand on a line of their own: its indentation and the break before it go.
    fn drop_last_break(&self, lines: &mut Vec<Vec<Segment>>) {
        if lines.len() < 2 || !lines.last().is_some_and(|line| self.is_blank(line)) {
            return;
        }
        lines.pop();
        if let Some(Segment::Text(span)) = lines.last_mut().and_then(|line| line.last_mut()) {
            let text = self.slice(*span);
            let kept = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
            span.end = span.start + crate::lexer::offset(kept.len());
        }
    }

    /// A line without its indentation; a blank line keeps nothing but its break.
    fn outdent(&self, span: Span, indent: usize, blank: bool) -> Span {
        let text = self.slice(span);
        let blanks = text.len() - text.trim_start_matches([' ', '\t']).len();
        let cut = if blank { blanks } else { blanks.min(indent) };
        Span::new(span.start + crate::lexer::offset(cut), span.end)
    }
}

impl Builder<'_, '_> {
    fn push(&mut self, segment: Segment) {
        match segment {
            Segment::Text(span) => self.push_text(span),
            Segment::Hole(expr) => {
                self.flush();
                self.parts.push(TemplatePart::Hole(expr));
            }
            Segment::Each { var, list, tag } => self.begin(Opened::Each { var, list, tag }),
            Segment::If { condition, tag } => self.begin(Opened::If { condition, tag }),
            Segment::Else(tag) => self.turn(tag),
            Segment::End(tag) => self.end(tag),
        }
    }

    fn begin(&mut self, opened: Opened) {
        self.flush();
        let outer = std::mem::take(&mut self.parts);
        self.open.push((opened, outer));
    }

    fn turn(&mut self, tag: Span) {
        self.flush();
        let then = std::mem::take(&mut self.parts);
        match self.open.pop() {
            Some((Opened::If { condition, tag }, outer)) => {
                self.open.push((Opened::Else { condition, tag, then }, outer));
            }
            other => {
                // Not an `{{if}}`: go on as if the tag were not there.
                self.parts = then;
                self.open.extend(other);
                self.report("`{{else}}` belongs to an `{{if}}`, once", tag);
            }
        }
    }

    fn end(&mut self, tag: Span) {
        self.flush();
        let Some((opened, outer)) = self.open.pop() else {
            return self.report("this `{{end}}` ends nothing", tag);
        };
        let inner = std::mem::replace(&mut self.parts, outer);
        self.parts.push(close(opened, inner, tag.end));
    }

    fn report(&self, reason: &'static str, span: Span) {
        self.cx.report(SyntaxErrorKind::TemplateBlock { reason }, span, None);
    }

    fn finish(mut self) -> Vec<TemplatePart> {
        self.flush();
        while let Some((opened, outer)) = self.open.pop() {
            let (reason, tag) = match &opened {
                Opened::Each { tag, .. } => ("this `{{each}}` has no `{{end}}`", *tag),
                Opened::If { tag, .. } | Opened::Else { tag, .. } => ("this `{{if}}` has no `{{end}}`", *tag),
            };
            self.report(reason, tag);
            let inner = std::mem::replace(&mut self.parts, outer);
            self.parts.push(close(opened, inner, tag.end));
        }
        self.parts
    }

    // ---- text

    fn flush(&mut self) {
        let Run { value, span } = std::mem::take(&mut self.run);
        if let Some(span) = span
            && !value.is_empty()
        {
            self.parts.push(TemplatePart::Text { value: value.into(), span });
        }
    }

    fn push_text(&mut self, span: Span) {
        if span.range().is_empty() {
            return;
        }
        let raw = self.cx.slice(span);
        self.run.span = Some(self.run.span.map_or(span, |run| run.to(span)));
        if raw.contains(['\\', '\r']) {
            self.unescape(raw, span.start);
        } else {
            self.run.value.push_str(raw);
        }
    }

    fn unescape(&mut self, raw: &str, start: u32) {
        let mut rest = raw;
        while let Some(at) = rest.find(['\\', '\r']) {
            let (before, special) = rest.split_at(at);
            self.run.value.push_str(before);
            let taken = if let Some(line) = special.strip_prefix('\r') {
                // Line breaks of Windows are line breaks.
                if !line.starts_with('\n') {
                    self.run.value.push('\r');
                }
                1
            } else {
                self.escape(special, start + crate::lexer::offset(raw.len() - special.len()))
            };
            rest = special.get(taken..).unwrap_or_default();
        }
        self.run.value.push_str(rest);
    }

    /// Reads the escape that `text` begins with and returns its length.
    fn escape(&mut self, text: &str, start: u32) -> usize {
        let letter = text.chars().nth(1);
        let plain = match letter {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('0') => '\0',
            Some(sign @ ('"' | '\\' | '{' | '}')) => sign,
            Some('u') => return self.unicode(text, start),
            _ => return self.bad_escape(letter, start),
        };
        self.run.value.push(plain);
        2
    }

    /// `\u{1F600}`
    fn unicode(&mut self, text: &str, start: u32) -> usize {
        let body = text.strip_prefix("\\u{").and_then(|rest| rest.split_once('}'));
        let code = body.and_then(|(hex, _)| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        match (body, code) {
            (Some((hex, _)), Some(letter)) => {
                self.run.value.push(letter);
                hex.len() + 4
            }
            _ => {
                let reason = "write `\\u{1F600}`, with the number of a character in hexadecimal";
                self.cx.report(SyntaxErrorKind::BadLiteral { reason }, Span::new(start, start + 2), None);
                2
            }
        }
    }

    fn bad_escape(&mut self, letter: Option<char>, start: u32) -> usize {
        let length = 1 + letter.map_or(0, char::len_utf8);
        let span = Span::new(start, start + crate::lexer::offset(length));
        let reason = "this `\\` means nothing here; write `\\\\` for the sign itself";
        let fix = Edit { span: Span::new(start, start + 1), text: "\\\\".into() };
        self.cx.report(SyntaxErrorKind::BadLiteral { reason }, span, Some(fix));
        self.run.value.push('\\');
        1
    }
}

fn close(opened: Opened, inner: Vec<TemplatePart>, end: u32) -> TemplatePart {
    match opened {
        Opened::Each { var, list, tag } => {
            TemplatePart::Each { var, list, body: inner, span: Span::new(tag.start, end) }
        }
        Opened::If { condition, tag } => TemplatePart::If {
            condition,
            then: inner,
            otherwise: Vec::new(),
            span: Span::new(tag.start, end),
        },
        Opened::Else { condition, tag, then } => {
            TemplatePart::If { condition, then, otherwise: inner, span: Span::new(tag.start, end) }
        }
    }
}
