//! Server-sent events, from bytes as they come.
//!
//! Reads the subset that model providers use: `event:` and `data:`. It never reconnects: what was lost of the
//! answer to a POST cannot be asked for again.

/// One event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Event {
    /// Empty if it has no name.
    pub name: String,
    /// The `data:` lines joined with line feeds.
    pub data: String,
}

/// Bytes of one line or event beyond this are an attack or a bug, not an answer.
const LONGEST: usize = 16 << 20;

/// The line or event is longer than any sane one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an event of the stream is longer than {LONGEST} bytes")]
pub struct TooLong;

/// The state between two pieces of a stream. Characters, lines and line ends may be cut anywhere.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    name: String,
    data: Option<String>,
    after_cr: bool,
    started: bool,
}

impl Parser {
    /// Takes the next bytes, and gives the events that they complete.
    ///
    /// # Errors
    /// [`TooLong`]
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        let mut rest = bytes;
        while let [first, after @ ..] = rest {
            if std::mem::take(&mut self.after_cr) && *first == b'\n' {
                rest = after;
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (line, behind) = rest.split_at(end.unwrap_or(rest.len()));
            if self.line.len() + line.len() > LONGEST {
                return Err(TooLong);
            }
            self.line.extend_from_slice(line);
            let [ending, behind @ ..] = behind else { break };
            self.after_cr = *ending == b'\r';
            events.extend(self.end_line()?);
            rest = behind;
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Result<Option<Event>, TooLong> {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let line = if std::mem::replace(&mut self.started, true) {
            text.as_ref()
        } else {
            text.strip_prefix('\u{feff}').unwrap_or(&text)
        };
        if line.is_empty() {
            return Ok(self.end_event());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => self.add_data(value)?,
            "event" => value.clone_into(&mut self.name),
            // Comments (an empty field), `id` and `retry` mean nothing for the answer to a POST.
            _ => {}
        }
        Ok(None)
    }

    fn add_data(&mut self, value: &str) -> Result<(), TooLong> {
        let data = match &mut self.data {
            Some(data) => {
                data.push('\n');
                data
            }
            None => self.data.insert(String::new()),
        };
        if data.len() + value.len() > LONGEST {
            return Err(TooLong);
        }
        data.push_str(value);
        Ok(())
    }

    fn end_event(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        self.data.take().map(|data| Event { name, data })
    }
}

#[cfg(test)]
mod tests;
