//! How long a server wants us to wait.

use jiff::Timestamp;
use reqwest::header::HeaderMap;

/// Reads `retry-after-ms`, else `retry-after` in seconds or as a date, in ms.
#[must_use]
pub fn retry_after_ms(headers: &HeaderMap, now: Timestamp) -> Option<u64> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|ms| to_ms(ms, 1.0)) {
        return Some(ms);
    }
    let value = text("retry-after")?;
    to_ms(value, 1000.0).or_else(|| until(value, now))
}

fn to_ms(text: &str, scale: f64) -> Option<u64> {
    let value: f64 = text.parse().ok()?;
    let fits = value.is_finite() && value >= 0.0;
    fits.then(|| (value * scale).ceil() as u64)
}

fn until(date: &str, now: Timestamp) -> Option<u64> {
    let at = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    u64::try_from(at.as_millisecond() - now.as_millisecond()).ok().or(Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let now: Timestamp = "2026-01-05T09:30:00Z".parse().unwrap();
        let cases = [
            ("retry-after-ms", "250", Some(250)),
            ("retry-after", "2", Some(2_000)),
            ("retry-after", "0.5", Some(500)),
            ("retry-after", "Mon, 05 Jan 2026 09:30:07 GMT", Some(7_000)),
            ("retry-after", "Mon, 05 Jan 2026 09:29:00 GMT", Some(0)),
            ("retry-after", "soon", None),
            ("retry-after", "-1", None),
        ];
        for (name, value, expect) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(retry_after_ms(&headers, now), expect, "{name}: {value}");
        }
    }
}
