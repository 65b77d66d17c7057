//! One export: a POST, tried again where that may help.

use std::time::Duration;

use flow_model::Patience;
use flow_providers::http::{Egress, HttpRequest, Trust, Verb};
use prost::Message;

use crate::settings::Signal;

/// Tries of one export.
const TRIES: u32 = 4;

/// Before the second try; doubled after each.
const PAUSE: Duration = Duration::from_millis(500);

/// Longest that a collector may put us off: what piles up meanwhile is lost.
const LONGEST: Duration = Duration::from_secs(30);

/// Sends one message; the error is for the log and holds nothing of it.
pub(crate) async fn send<M: Message>(egress: &Egress, signal: &Signal, message: &M) -> Result<(), String> {
    let body = message.encode_to_vec();
    let mut pause = PAUSE;
    for attempt in 1.. {
        let (why, wait) = match once(egress, signal, &body).await {
            Ok(()) => return Ok(()),
            Err(Failed { why, again: Some(wait) }) if attempt < TRIES => (why, wait),
            Err(Failed { why, .. }) => return Err(why),
        };
        tracing::debug!(url = signal.url, why, attempt, "telemetry is sent again");
        tokio::time::sleep(wait.max(pause).min(LONGEST)).await;
        pause = pause.saturating_mul(2);
    }
    Ok(())
}

struct Failed {
    why: String,
    /// When it may be tried again, if it may.
    again: Option<Duration>,
}

async fn once(egress: &Egress, signal: &Signal, body: &[u8]) -> Result<(), Failed> {
    let patience = Patience::of_attempt(u64::try_from(signal.timeout.as_millis()).unwrap_or(u64::MAX));
    let mut request = HttpRequest::new(Verb::POST, &signal.url, Trust::Literal, patience);
    let final_ = |why: String| Failed { why, again: None };
    request.header("content-type", "application/x-protobuf").map_err(|error| final_(error.message))?;
    for (name, value) in &signal.headers {
        request.sensitive(name, value).map_err(|error| final_(error.message))?;
    }
    request.body = Some(body.to_vec().into());
    let lost = |why: String| Failed { why, again: Some(Duration::ZERO) };
    let mut response = egress.send(request).await.map_err(|error| lost(error.message))?;
    match response.status {
        // What a collector says of parts it did not take is not read: nothing could be done about it.
        200..300 => response.body().await.map(drop).map_err(|error| lost(error.message)),
        status @ (429 | 502 | 503 | 504) => {
            let seconds = response.header("retry-after").and_then(|text| text.trim().parse().ok());
            let wait = Duration::from_secs(seconds.unwrap_or(0));
            Err(Failed { why: format!("answered {status}"), again: Some(wait) })
        }
        status => Err(final_(format!("answered {status}"))),
    }
}
