//! What a provider will still take, as its headers say.

use flow_model::RateLimits;
use jiff::Timestamp;
use reqwest::header::HeaderMap;

use crate::http::Response;

pub(crate) fn limits_of(response: &Response) -> RateLimits {
    read(&response.headers, Timestamp::now())
}

fn read(headers: &HeaderMap, now: Timestamp) -> RateLimits {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let count = |names: [&str; 2]| names.iter().find_map(|name| text(name)?.trim().parse().ok());
    let reset = |names: [&str; 2]| names.iter().find_map(|name| reset_ms(text(name)?.trim(), now));
    RateLimits {
        requests_left: count(["x-ratelimit-remaining-requests", "anthropic-ratelimit-requests-remaining"]),
        requests_reset_ms: reset(["x-ratelimit-reset-requests", "anthropic-ratelimit-requests-reset"]),
        tokens_left: count(["x-ratelimit-remaining-tokens", "anthropic-ratelimit-tokens-remaining"]),
        tokens_reset_ms: reset(["x-ratelimit-reset-tokens", "anthropic-ratelimit-tokens-reset"]),
    }
}

/// `6m0s`, `12ms`, `1h2m3.5s` as Go writes durations, or a time as RFC 3339.
fn reset_ms(text: &str, now: Timestamp) -> Option<u64> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(u64::try_from(at.as_millisecond() - now.as_millisecond()).unwrap_or(0));
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, unit) = rest.split_at_checked(digits)?;
        let letters = unit.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(unit.len());
        let (unit, after) = unit.split_at_checked(letters)?;
        let size = match unit {
            "ms" => 1.0,
            "s" => 1_000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * size;
        rest = after;
    }
    (!text.is_empty()).then(|| total.ceil() as u64)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use reqwest::header::HeaderMap;

    use super::{read, reset_ms};

    #[test]
    fn every_form_of_a_reset_is_read() {
        let now: Timestamp = "2026-01-05T09:30:00Z".parse().unwrap();
        let cases = [
            ("6m0s", Some(360_000)),
            ("12ms", Some(12)),
            ("1h2m3.5s", Some(3_723_500)),
            ("2026-01-05T09:30:07Z", Some(7_000)),
            ("2026-01-05T09:29:00Z", Some(0)),
            ("", None),
            ("soon", None),
            ("5", None),
        ];
        for (text, expect) in cases {
            assert_eq!(reset_ms(text, now), expect, "{text}");
        }
        let mut headers = HeaderMap::new();
        headers.insert("anthropic-ratelimit-tokens-remaining", "900".parse().unwrap());
        headers.insert("x-ratelimit-remaining-requests", "3".parse().unwrap());
        let limits = read(&headers, now);
        assert_eq!(
            (limits.requests_left, limits.tokens_left, limits.tokens_reset_ms),
            (Some(3), Some(900), None)
        );
    }
}
