//! Messages on their way in. One that is no message is left out here, because the transport would end the
//! conversation over it.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// Longer messages than this are nobody's source text.
const LONGEST: usize = 1 << 28;

/// Copies messages until either side ends.
pub(crate) async fn pass_on(input: impl AsyncRead + Unpin, mut output: impl AsyncWrite + Unpin) {
    let mut input = BufReader::new(input);
    while let Ok(Some(length)) = header(&mut input).await {
        let mut body = vec![0; length];
        if input.read_exact(&mut body).await.is_err() {
            return;
        }
        if !is_message(&body) {
            tracing::warn!(bytes = length, "left out what is no message");
            continue;
        }
        let head = format!("Content-Length: {length}\r\n\r\n");
        let written = async {
            output.write_all(head.as_bytes()).await?;
            output.write_all(&body).await?;
            output.flush().await
        };
        if written.await.is_err() {
            return;
        }
    }
}

/// The length of the next message; lines that say none are skipped. `None` at the end.
async fn header(input: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Option<usize>> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        match (text.trim(), length) {
            ("", Some(length)) => return Ok(Some(length)),
            ("", None) => {}
            (text, _) => {
                let (name, value) = text.split_once(':').unwrap_or((text, ""));
                if name.trim().eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().ok().filter(|length| *length <= LONGEST);
                }
            }
        }
    }
}

/// Whether the transport will understand it: a request, a notification or a response.
fn is_message(body: &[u8]) -> bool {
    let Ok(Value::Object(message)) = serde_json::from_slice::<Value>(body) else { return false };
    let is_id = |id: &Value| id.is_i64() || id.is_u64() || id.is_string() || id.is_null();
    let speaks = message.get("jsonrpc").and_then(Value::as_str) == Some("2.0");
    let params = message
        .get("params")
        .is_none_or(|params| params.is_object() || params.is_array() || params.is_null());
    let is_call = message.get("method").is_some_and(Value::is_string) && params;
    let is_answer =
        message.contains_key("id") && (message.contains_key("result") || message.contains_key("error"));
    let error = message.get("error").is_none_or(|error| {
        error.get("code").is_some_and(Value::is_i64) && error.get("message").is_some_and(Value::is_string)
    });
    speaks
        && message.get("id").is_none_or(is_id)
        && (is_call || (is_answer && error && !message.contains_key("method")))
}
