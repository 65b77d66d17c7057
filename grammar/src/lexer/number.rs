//! Numbers and what is glued to them: `128k`, `8s`, `4k tokens`, `0.05 USD`, and `8 seconds` gone wrong.
//!
//! A unit belongs to the number's token, with at most one blank between. logos cannot look ahead, so the
//! word behind the digits is read here.

use super::{Lexer, TokenKind, offset};
use crate::ast::Unit;
use crate::error::{Edit, SyntaxError, SyntaxErrorKind};
use crate::span::Span;

impl Lexer<'_> {
    pub(super) fn take_number(&mut self, digits: Span) {
        let rest = self.logos.remainder();
        let scale = rest.starts_with(['k', 'M']) && !continues_word(rest.get(1..).unwrap_or_default());
        let number = usize::from(scale);
        let behind = rest.get(number..).unwrap_or_default();
        let blank = usize::from(behind.starts_with(' '));
        let unit = word(behind.get(blank..).unwrap_or_default());
        let end = number + blank + unit.len();
        if Unit::parse(unit).is_some() {
            self.push_number(TokenKind::Quantity, digits, end);
        } else if let Some(suggestion) = habit(unit).filter(|_| blank == 1 || !scale) {
            self.push_number(TokenKind::Quantity, digits, end);
            self.report_unit(unit, Some(suggestion), blank);
        } else if blank == 0 && !unit.is_empty() {
            self.push_number(TokenKind::Quantity, digits, end);
            self.report_unit(unit, None, 0);
        } else {
            self.push_number(TokenKind::Number, digits, number);
        }
    }

    fn push_number(&mut self, kind: TokenKind, digits: Span, more: usize) {
        self.logos.bump(more);
        self.push(kind, Span::new(digits.start, digits.end + offset(more)));
    }

    fn report_unit(&mut self, unit: &str, suggestion: Option<&'static str>, blank: usize) {
        let end = offset(self.logos.span().end);
        let length = offset(unit.len());
        let span = Span::new(end - length, end);
        let fix = suggestion.map(|text| {
            let glued = matches!(text, "ms" | "s" | "min" | "h" | "d" | "%");
            let start = if glued { span.start - offset(blank) } else { span.start };
            let text = if glued || blank == 1 { text.into() } else { format!(" {text}").into() };
            Edit { span: Span::new(start, end), text }
        });
        let kind = SyntaxErrorKind::UnknownUnit { unit: unit.into(), suggestion };
        self.out.errors.push(SyntaxError { kind, span, fix });
    }
}

/// The word at the start of `text`; `%` is one.
fn word(text: &str) -> &str {
    let end = if text.starts_with('%') {
        1
    } else if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
    } else {
        0
    };
    text.get(..end).unwrap_or_default()
}

fn continues_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

/// What people write for a unit elsewhere.
pub(crate) fn habit(word: &str) -> Option<&'static str> {
    Some(match word {
        "millis" | "msec" | "millisecond" | "milliseconds" => "ms",
        "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "mins" | "minute" | "minutes" => "min",
        "hr" | "hrs" | "hour" | "hours" => "h",
        "day" | "days" => "d",
        "percent" | "pct" => "%",
        "tok" | "token" | "Tokens" => "tokens",
        "usd" | "Usd" | "dollar" | "dollars" => "USD",
        "eur" | "Eur" | "euro" | "euros" => "EUR",
        "gbp" | "Gbp" | "pound" | "pounds" => "GBP",
        "kb" | "Kb" | "kB" | "KiB" => "KB",
        "mb" | "Mb" | "MiB" => "MB",
        "gb" | "Gb" | "GiB" => "GB",
        _ => return None,
    })
}
