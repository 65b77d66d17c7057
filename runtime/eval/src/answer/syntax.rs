//! One JSON value, in the forms that models write.
//!
//! One pass over the bytes, no backtracking, depth limited. Strict JSON is read as what it is.

use serde_json::{Map, Number, Value as Json};

use super::tolerance::{Tolerance, Tolerances};

/// Nesting beyond this is no answer.
const DEEPEST: usize = 128;

/// What was read, and where reading stopped.
pub(super) struct Parsed {
    pub(super) json: Json,
    pub(super) tolerances: Tolerances,
    /// Objects that were never closed, from the root inwards.
    pub(super) open: usize,
    /// The first byte after it.
    pub(super) end: usize,
}

/// Why it is no value. The path is built while the parser returns, so that a good text pays nothing for it.
#[derive(Debug)]
pub(super) struct Mistake {
    what: &'static str,
    pub(super) at: usize,
    /// Innermost first.
    path: Vec<String>,
    /// Behind the first field of an object, or in its value.
    inside: bool,
}

impl Mistake {
    /// A value, and more behind it.
    pub(super) const fn behind(at: usize) -> Self {
        Self { what: "something after the value", at, path: Vec::new(), inside: false }
    }

    /// Whether an object had begun for sure: then this is no brace among words.
    pub(super) const fn is_inside(&self) -> bool {
        self.inside
    }

    /// `a text without its end at $.reason, line 3 column 7`.
    pub(super) fn told(&self, text: &str) -> String {
        let before = text.as_bytes().get(..self.at).unwrap_or(text.as_bytes());
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(before.get(start..).unwrap_or_default()).chars().count() + 1;
        let path: String = self.path.iter().rev().map(String::as_str).collect();
        format!("it is no JSON: {} at `${path}`, line {line} column {column}", self.what)
    }
}

/// Reads the value that starts at a byte.
pub(super) fn parse(text: &str, start: usize) -> Result<Parsed, Mistake> {
    let mut parser =
        Parser { text, bytes: text.as_bytes(), at: start, tolerances: Tolerances::default(), open: 0 };
    parser.blank()?;
    let json = parser.value(0)?;
    Ok(Parsed { json, tolerances: parser.tolerances, open: parser.open, end: parser.at })
}

/// The first byte that is neither blank nor comment.
pub(super) fn skip(text: &str, start: usize) -> Result<(usize, Tolerances), Mistake> {
    let mut parser =
        Parser { text, bytes: text.as_bytes(), at: start, tolerances: Tolerances::default(), open: 0 };
    parser.blank()?;
    Ok((parser.at, parser.tolerances))
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    tolerances: Tolerances,
    open: usize,
}

type Read<T> = Result<T, Mistake>;

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn mistake(&self, what: &'static str) -> Mistake {
        Mistake { what, at: self.at, path: Vec::new(), inside: false }
    }

    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn blank(&mut self) -> Read<()> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b'/' | b'#') => self.comment()?,
                // U+FEFF and U+00A0: a byte order mark, and the blank of word processors.
                Some(0xef | 0xc2) if self.is_foreign_blank() => {
                    self.at += if self.peek() == Some(0xef) { 3 } else { 2 };
                }
                _ => return Ok(()),
            }
        }
    }

    fn is_foreign_blank(&self) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        rest.starts_with(b"\xef\xbb\xbf") || rest.starts_with(b"\xc2\xa0")
    }

    fn comment(&mut self) -> Read<()> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = match rest {
            [b'/', b'*', inner @ ..] => {
                let end = inner.windows(2).position(|pair| pair == b"*/");
                end.map(|end| end + 4).ok_or_else(|| self.mistake("a comment without its end"))?
            }
            [b'/', b'/', ..] | [b'#', ..] => {
                rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
            }
            _ => return Err(self.mistake("a `/` that starts no comment")),
        };
        self.at += length;
        self.tolerances.note(Tolerance::Comment);
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Read<Json> {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"' | b'\'') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(letter) if letter.is_ascii_alphabetic() => self.word(),
            Some(_) => Err(self.mistake("something that starts no value")),
            None => Err(self.mistake("it ends where a value is wanted")),
        }
    }

    fn enter(&mut self, depth: usize) -> Read<()> {
        self.at += 1;
        if depth < DEEPEST { Ok(()) } else { Err(self.mistake("more than 128 levels")) }
    }

    fn object(&mut self, depth: usize) -> Read<Json> {
        self.enter(depth)?;
        let mut object = Map::new();
        let read = self.fields(&mut object, depth);
        read.map_err(|mistake| Mistake { inside: mistake.inside || !object.is_empty(), ..mistake })?;
        Ok(Json::Object(object))
    }

    fn fields(&mut self, object: &mut Map<String, Json>, depth: usize) -> Read<()> {
        self.blank()?;
        loop {
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                None if object.is_empty() => return Err(self.mistake("an object without content or end")),
                None => return Err(self.mistake("it ends after a comma")),
                Some(_) => {}
            }
            let start = self.at;
            let key = self.key()?;
            self.colon()?;
            let value = self.value(depth + 1).map_err(|error| inside(error, &key))?;
            self.put(object, key, value, start)?;
            // Once an inner object was left open there is nothing behind it.
            if self.open > 0 {
                self.open += 1;
                return Ok(());
            }
            self.blank()?;
            match self.peek() {
                Some(b',') => self.comma(b'}')?,
                Some(b'}') => {}
                None => return self.left_open(object.values().next_back()),
                Some(_) => return Err(self.mistake("neither `,` nor `}` after a field")),
            }
        }
    }

    /// A number at the end of a text may lack digits; anything else is complete.
    fn left_open(&mut self, last: Option<&Json>) -> Read<()> {
        let ends_in_digit = self.bytes.last().is_some_and(u8::is_ascii_digit);
        if ends_in_digit && last.is_some_and(Json::is_number) {
            return Err(self.mistake("it ends in the middle of a number or an object"));
        }
        self.open = 1;
        self.tolerances.note(Tolerance::MissingBrace);
        Ok(())
    }

    fn put(&mut self, object: &mut Map<String, Json>, key: String, value: Json, start: usize) -> Read<()> {
        let Some(known) = object.get(&key) else {
            object.insert(key, value);
            return Ok(());
        };
        if *known == value {
            self.tolerances.note(Tolerance::RepeatedKey);
            return Ok(());
        }
        let mistake = Mistake {
            what: "a field twice with different values",
            at: start,
            path: Vec::new(),
            inside: false,
        };
        Err(inside(mistake, &key))
    }

    fn colon(&mut self) -> Read<()> {
        self.blank()?;
        if self.peek() != Some(b':') {
            return Err(self.mistake("no `:` after the name of a field"));
        }
        self.at += 1;
        self.blank()
    }

    /// Takes a comma; one right before the end is one too many.
    fn comma(&mut self, end: u8) -> Read<()> {
        self.at += 1;
        self.blank()?;
        if self.peek() == Some(end) {
            self.tolerances.note(Tolerance::TrailingComma);
        }
        Ok(())
    }

    fn key(&mut self) -> Read<String> {
        match self.peek() {
            Some(b'"' | b'\'') => self.string(),
            Some(letter) if letter.is_ascii_alphabetic() || letter == b'_' || letter == b'$' => {
                let start = self.at;
                while self.peek().is_some_and(is_name) {
                    self.at += 1;
                }
                self.tolerances.note(Tolerance::UnquotedKey);
                Ok(self.slice(start, self.at).to_owned())
            }
            _ => Err(self.mistake("no name of a field")),
        }
    }

    fn list(&mut self, depth: usize) -> Read<Json> {
        self.enter(depth)?;
        let mut items = Vec::new();
        self.blank()?;
        loop {
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    return Ok(Json::Array(items));
                }
                None => return Err(self.mistake("a list without its end")),
                Some(_) => {}
            }
            let index = items.len();
            items.push(self.value(depth + 1).map_err(|error| at_index(error, index))?);
            if self.open > 0 {
                return Err(self.mistake("a list without its end"));
            }
            self.blank()?;
            match self.peek() {
                Some(b',') => self.comma(b']')?,
                Some(b']') => {}
                None => return Err(self.mistake("a list without its end")),
                Some(_) => return Err(self.mistake("neither `,` nor `]` after an element")),
            }
        }
    }

    /// Most texts have no escape and are copied once.
    fn string(&mut self) -> Read<String> {
        let quote = self.peek().unwrap_or(b'"');
        if quote == b'\'' {
            self.tolerances.note(Tolerance::SingleQuotes);
        }
        self.at += 1;
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let stop = rest.iter().position(|byte| *byte == quote || *byte == b'\\' || *byte < 0x20);
        let Some(stop) = stop else { return Err(self.unended(start)) };
        self.at += stop;
        if self.peek() == Some(quote) {
            let text = self.slice(start, self.at).to_owned();
            self.at += 1;
            return Ok(text);
        }
        let so_far = self.slice(start, self.at).to_owned();
        self.escaped(so_far, quote, start)
    }

    fn unended(&self, start: usize) -> Mistake {
        Mistake {
            what: "a text without its end",
            at: start.saturating_sub(1),
            path: Vec::new(),
            inside: false,
        }
    }

    fn escaped(&mut self, mut text: String, quote: u8, start: usize) -> Read<String> {
        loop {
            let from = self.at;
            let rest = self.bytes.get(from..).unwrap_or_default();
            let stop = rest.iter().position(|byte| *byte == quote || *byte == b'\\' || *byte < 0x20);
            let Some(stop) = stop else { return Err(self.unended(start)) };
            self.at += stop;
            text.push_str(self.slice(from, self.at));
            match self.peek() {
                Some(b'\\') => {
                    let letter = self.escape(quote)?;
                    text.push(letter);
                }
                Some(control) if control < 0x20 => {
                    self.tolerances.note(Tolerance::RawControl);
                    text.push(char::from(control));
                    self.at += 1;
                }
                _ => {
                    self.at += 1;
                    return Ok(text);
                }
            }
        }
    }

    fn escape(&mut self, quote: u8) -> Read<char> {
        let letter = self.bytes.get(self.at + 1).copied();
        let found = match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'\'') => {
                if quote == b'"' {
                    self.tolerances.note(Tolerance::LooseEscape);
                }
                '\''
            }
            Some(b'u') => return self.unicode(),
            _ => return Err(self.mistake("a `\\` before a letter that needs none")),
        };
        self.at += 2;
        Ok(found)
    }

    fn unicode(&mut self) -> Read<char> {
        const HALF: &str = "half of a character";
        let high = self.hex(self.at + 2).ok_or_else(|| self.mistake("no four digits after `\\u`"))?;
        let is_high = (0xd800..0xdc00).contains(&high);
        if !is_high {
            let letter = char::from_u32(high).ok_or_else(|| self.mistake(HALF))?;
            self.at += 6;
            return Ok(letter);
        }
        let follows = self.slice(self.at + 6, self.at + 8) == "\\u";
        let low = self.hex(self.at + 8).filter(|low| follows && (0xdc00..0xe000).contains(low));
        let low = low.ok_or_else(|| self.mistake(HALF))?;
        let letter = char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
        self.at += 12;
        letter.ok_or_else(|| self.mistake(HALF))
    }

    fn hex(&self, start: usize) -> Option<u32> {
        let digits = self.text.get(start..start + 4)?;
        let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| are_digits)
    }

    fn number(&mut self) -> Read<Json> {
        let start = self.at;
        let is_part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
        while self.peek().is_some_and(is_part) {
            self.at += 1;
        }
        let text = self.slice(start, self.at);
        if let Some(small) = small_int(text) {
            return Ok(Json::Number(small.into()));
        }
        let number: Result<Number, _> = serde_json::from_str(text);
        number.map(Json::Number).map_err(|_| Mistake {
            what: "no number",
            at: start,
            path: Vec::new(),
            inside: false,
        })
    }

    fn word(&mut self) -> Read<Json> {
        let start = self.at;
        while self.peek().is_some_and(is_name) {
            self.at += 1;
        }
        let python = |json: Json, tolerances: &mut Tolerances| {
            tolerances.note(Tolerance::PythonWord);
            Ok(json)
        };
        match self.slice(start, self.at) {
            "true" => Ok(Json::Bool(true)),
            "false" => Ok(Json::Bool(false)),
            "null" => Ok(Json::Null),
            "True" => python(Json::Bool(true), &mut self.tolerances),
            "False" => python(Json::Bool(false), &mut self.tolerances),
            "None" => python(Json::Null, &mut self.tolerances),
            _ => Err(Mistake { what: "a word without quotes", at: start, path: Vec::new(), inside: false }),
        }
    }
}

/// Whole numbers of few digits: nearly all numbers of answers.
fn small_int(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let is_plain = (1..=18).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let leads_with_zero = digits.len() > 1 && digits.starts_with('0');
    // `-0` is a float of its own in JSON.
    if !is_plain || leads_with_zero || (is_negative && digits == "0") {
        return None;
    }
    let value = digits.bytes().fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(if is_negative { -value } else { value })
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

fn inside(mut mistake: Mistake, key: &str) -> Mistake {
    // A name that the model made up may be long; a name of the type is not.
    let short: String = key.chars().take(40).collect();
    mistake.path.push(format!(".{short}"));
    mistake.inside = true;
    mistake
}

fn at_index(mut mistake: Mistake, index: usize) -> Mistake {
    mistake.path.push(format!("[{index}]"));
    mistake
}
