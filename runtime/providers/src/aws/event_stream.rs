//! `application/vnd.amazon.eventstream`: frames with a length, headers, a payload and two checksums.
//!
//! ```text
//! u32 length of all | u32 length of headers | u32 crc of these 8 bytes | headers | payload | u32 crc of all before
//! ```

use bytes::{Buf, BytesMut};

use crate::sse::Event;

/// Length of all, length of headers, checksum.
const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;

/// As AWS allows.
const LONGEST: usize = 24 << 20;

/// What a stream cannot be read on after.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a frame of the event stream has an impossible length")]
    Length,
    #[error("the checksum of a frame of the event stream is wrong")]
    Checksum,
    #[error("the headers of a frame of the event stream cannot be read")]
    Headers,
}

/// Takes the complete frames off the front. The name of an event is its `:event-type`; of an error it is `exception:`
/// and its type.
pub(crate) fn take(bytes: &mut BytesMut) -> Result<Vec<Event>, FrameError> {
    let mut events = Vec::new();
    while let Some(event) = take_one(bytes)? {
        events.push(event);
    }
    Ok(events)
}

fn take_one(bytes: &mut BytesMut) -> Result<Option<Event>, FrameError> {
    let Some(prelude) = bytes.get(..PRELUDE) else { return Ok(None) };
    let total = number(prelude, 0);
    let headers = number(prelude, 4);
    // Before anything else is believed: the lengths themselves.
    if crc32fast::hash(prelude.get(..8).unwrap_or_default()) != u32_at(prelude, 8) {
        return Err(FrameError::Checksum);
    }
    if total < PRELUDE + headers + CHECKSUM || total > LONGEST {
        return Err(FrameError::Length);
    }
    if bytes.len() < total {
        return Ok(None);
    }
    let frame = bytes.split_to(total);
    let (before, checksum) = frame.split_at(total - CHECKSUM);
    if crc32fast::hash(before) != u32_at(checksum, 0) {
        return Err(FrameError::Checksum);
    }
    let head = before.get(PRELUDE..PRELUDE + headers).ok_or(FrameError::Length)?;
    let payload = before.get(PRELUDE + headers..).unwrap_or_default();
    let name = name_of(head)?;
    Ok(Some(Event { name, data: String::from_utf8_lossy(payload).into_owned() }))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let quad = bytes.get(at..at + 4).and_then(|quad| <[u8; 4]>::try_from(quad).ok());
    quad.map_or(0, u32::from_be_bytes)
}

fn number(bytes: &[u8], at: usize) -> usize {
    usize::try_from(u32_at(bytes, at)).unwrap_or(usize::MAX)
}

fn name_of(mut head: &[u8]) -> Result<String, FrameError> {
    let (mut message, mut event, mut exception) = (String::new(), String::new(), String::new());
    while head.has_remaining() {
        let (name, value) = header(&mut head).ok_or(FrameError::Headers)?;
        match name.as_str() {
            ":message-type" => message = value,
            ":event-type" => event = value,
            ":exception-type" | ":error-code" => exception = value,
            _ => {}
        }
    }
    Ok(if message == "event" { event } else { format!("exception:{exception}") })
}

/// Texts are read; other types are skipped by their sizes.
fn header(head: &mut &[u8]) -> Option<(String, String)> {
    let length = usize::from(head.try_get_u8().ok()?);
    let name = text(head, length)?;
    let value = match head.try_get_u8().ok()? {
        0 | 1 => String::new(),
        2 => text(head, 1)?,
        3 => text(head, 2)?,
        4 => text(head, 4)?,
        5 | 8 => text(head, 8)?,
        6 | 7 => {
            let length = usize::from(head.try_get_u16().ok()?);
            text(head, length)?
        }
        9 => text(head, 16)?,
        _ => return None,
    };
    Some((name, value))
}

fn text(head: &mut &[u8], length: usize) -> Option<String> {
    let (front, rest) = head.split_at_checked(length)?;
    *head = rest;
    Some(String::from_utf8_lossy(front).into_owned())
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::{FrameError, take};

    /// A frame as AWS writes it.
    fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
        let mut head = Vec::new();
        for (name, value) in headers {
            head.push(name.len() as u8);
            head.extend_from_slice(name.as_bytes());
            head.push(7);
            head.extend_from_slice(&(value.len() as u16).to_be_bytes());
            head.extend_from_slice(value.as_bytes());
        }
        let mut all = Vec::new();
        all.extend_from_slice(&((16 + head.len() + payload.len()) as u32).to_be_bytes());
        all.extend_from_slice(&(head.len() as u32).to_be_bytes());
        let crc = crc32fast::hash(&all);
        all.extend_from_slice(&crc.to_be_bytes());
        all.extend_from_slice(&head);
        all.extend_from_slice(payload);
        let crc = crc32fast::hash(&all);
        all.extend_from_slice(&crc.to_be_bytes());
        all
    }

    #[test]
    fn the_published_frame_without_headers_is_read() {
        // `empty_message` of the event stream test vectors.
        let bytes = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
        assert_eq!(take(&mut BytesMut::from(&bytes[..])).unwrap().len(), 1);
        assert_eq!(frame(&[], b""), bytes);
    }

    #[test]
    fn frames_are_read_wherever_they_are_cut_and_never_when_changed() {
        let event = [
            (":message-type", "event"),
            (":event-type", "messageStart"),
            (":content-type", "application/json"),
        ];
        let failed = [(":message-type", "exception"), (":exception-type", "throttlingException")];
        let mut all = frame(&event, "{\"a\":\"𝄞\"}".as_bytes());
        all.extend(frame(&failed, b"{}"));
        for cut in 0..=all.len() {
            let mut bytes = BytesMut::from(&all[..cut]);
            let mut events = take(&mut bytes).unwrap();
            bytes.extend_from_slice(&all[cut..]);
            events.extend(take(&mut bytes).unwrap());
            let read: Vec<(&str, &str)> =
                events.iter().map(|event| (event.name.as_str(), event.data.as_str())).collect();
            assert_eq!(
                read,
                [("messageStart", "{\"a\":\"𝄞\"}"), ("exception:throttlingException", "{}")],
                "{cut}"
            );
        }
        for at in 0..all.len() {
            let mut changed = all.clone();
            changed[at] ^= 1;
            let read = take(&mut BytesMut::from(&changed[..]));
            assert!(matches!(read, Err(FrameError::Checksum)), "byte {at}: {read:?}");
        }
    }
}
