//! Spans of time on the command line.

use jiff::{Span, SpanRelativeTo};

use crate::exit::Stop;

/// `90d`, `12h`, `2w` in ms.
///
/// # Errors
/// When it is none.
pub(crate) fn span_ms(text: &str) -> Result<i64, Stop> {
    let span: Result<Span, _> = text.parse();
    let ms = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    let ms = ms.ok().and_then(|span| i64::try_from(span.as_millis()).ok()).filter(|ms| *ms >= 0);
    ms.ok_or_else(|| Stop::usage(format!("`{text}` is no span of time: write `90d`, `12h` or `2w`")))
}
