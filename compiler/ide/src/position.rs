//! Lines and columns as editors count them, to and from byte offsets. The one place that knows.

/// How a client counts columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Code units of UTF-16: what every client understands.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    fn width(self, c: char) -> u32 {
        let width = match self {
            Self::Utf8 => c.len_utf8(),
            Self::Utf16 => c.len_utf16(),
            Self::Utf32 => 1,
        };
        u32::try_from(width).unwrap_or(1)
    }
}

/// A line and a column, both from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Position {
    /// From 0; lines end at `\n`, `\r\n` or `\r`.
    pub line: u32,
    /// From 0, in the units of an [`Encoding`].
    pub column: u32,
}

/// Where the lines of a text begin.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    /// Finds the lines of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let is_end = *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            if is_end {
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        Self { starts }
    }

    /// The number of lines, the last empty one included.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// Where a line begins and ends, its line break excluded.
    fn range(&self, text: &str, line: u32) -> Option<(u32, u32)> {
        let start = *self.starts.get(line as usize)?;
        let end = self.starts.get(line as usize + 1).copied();
        let end = end.unwrap_or_else(|| u32::try_from(text.len()).unwrap_or(u32::MAX));
        let line = text.get(start as usize..end as usize)?.trim_end_matches(['\n', '\r']);
        Some((start, start + u32::try_from(line.len()).ok()?))
    }

    /// The byte offset of a position. A column behind the end of its line is its end, a line behind the last is
    /// the end of the text, and a column within a character is its beginning.
    #[must_use]
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> u32 {
        let Some((start, end)) = self.range(text, position.line) else {
            return u32::try_from(text.len()).unwrap_or(u32::MAX);
        };
        let mut column = 0;
        for (at, c) in text.get(start as usize..end as usize).unwrap_or("").char_indices() {
            column += encoding.width(c);
            if column > position.column {
                return start + u32::try_from(at).unwrap_or(0);
            }
        }
        end
    }

    /// The position of a byte offset; an offset within a character is its beginning.
    #[must_use]
    pub fn position(&self, text: &str, offset: u32, encoding: Encoding) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let mut end = (offset as usize).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = text.get(start as usize..end).unwrap_or("");
        let column = before.chars().map(|c| encoding.width(c)).sum();
        Position { line: u32::try_from(line).unwrap_or(u32::MAX), column }
    }
}

#[cfg(test)]
mod tests;
