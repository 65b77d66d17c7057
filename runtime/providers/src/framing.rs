//! How the pieces of a streamed answer are told apart: server-sent events, lines of JSON, AWS event streams.

use bytes::BytesMut;

use crate::aws::event_stream;
use crate::sse::{Event, Parser};

/// Bytes of one line beyond this are an attack or a bug, not an answer.
const LONGEST: usize = 16 << 20;

/// The state between two pieces of a stream.
#[derive(Debug)]
pub(crate) enum Framing {
    /// `text/event-stream`.
    Sse(Parser),
    /// `application/x-ndjson`.
    Lines(Vec<u8>),
    /// `application/vnd.amazon.eventstream`.
    Amazon(BytesMut),
}

impl Framing {
    pub(crate) fn sse() -> Self {
        Self::Sse(Parser::default())
    }

    pub(crate) const fn lines() -> Self {
        Self::Lines(Vec::new())
    }

    pub(crate) fn amazon() -> Self {
        Self::Amazon(BytesMut::new())
    }

    /// Whether a reply of this type is such a stream.
    pub(crate) fn fits(&self, content_type: &str) -> bool {
        match self {
            Self::Sse(_) => content_type == "text/event-stream",
            Self::Lines(_) => matches!(content_type, "application/x-ndjson" | "application/ndjson"),
            Self::Amazon(_) => content_type == "application/vnd.amazon.eventstream",
        }
    }

    /// Takes the next bytes, and gives the events that they complete. On an error the events before it are lost,
    /// which is right: the answer is unusable.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, String> {
        match self {
            Self::Sse(parser) => parser.push(bytes).map_err(|error| error.to_string()),
            Self::Lines(rest) => lines(rest, bytes),
            Self::Amazon(rest) => {
                rest.extend_from_slice(bytes);
                event_stream::take(rest).map_err(|error| error.to_string())
            }
        }
    }
}

/// Complete lines; a last one without its end waits.
fn lines(rest: &mut Vec<u8>, bytes: &[u8]) -> Result<Vec<Event>, String> {
    let mut events = Vec::new();
    for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
        if rest.len() + piece.len() > LONGEST {
            return Err(format!("a line of the stream is longer than {LONGEST} bytes"));
        }
        rest.extend_from_slice(piece);
        if piece.ends_with(b"\n") {
            let line = std::mem::take(rest);
            let data = String::from_utf8_lossy(&line).trim().to_owned();
            if !data.is_empty() {
                events.push(Event { name: String::new(), data });
            }
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::Framing;

    #[test]
    fn lines_are_complete_wherever_they_are_cut() {
        let text = "{\"a\":\"𝄞\"}\n\r\n{\"b\":1}\r\n{\"cut";
        for cut in 0..=text.len() {
            let mut framing = Framing::lines();
            let (left, right) = text.as_bytes().split_at(cut);
            let mut events = framing.push(left).unwrap();
            events.extend(framing.push(right).unwrap());
            let data: Vec<&str> = events.iter().map(|event| event.data.as_str()).collect();
            assert_eq!(data, ["{\"a\":\"𝄞\"}", "{\"b\":1}"], "cut at {cut}");
        }
    }
}
