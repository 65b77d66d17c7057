//! How many tokens a text has, without a tokenizer.
//!
//! Exact tokenizers exist for few models and cost tens of megabytes; bounds and budgets need one number that
//! the compiler and every runtime agree on. This is that number: a deterministic estimate per class of
//! characters. A model's own count is this times its `token_factor`.

/// The estimate for a text.
///
/// Adding characters at the end never makes it smaller. The empty text has none.
#[must_use]
pub fn count(text: &str) -> u64 {
    let mut meter = Meter::default();
    text.chars().for_each(|letter| meter.push(letter));
    meter.tokens()
}

/// The longest front of a text with at most `max` tokens.
#[must_use]
pub fn front(text: &str, max: u64) -> &str {
    let mut meter = Meter::default();
    let end = text.char_indices().find_map(|(at, letter)| {
        meter.push(letter);
        (meter.tokens() > max).then_some(at)
    });
    end.and_then(|at| text.get(..at)).unwrap_or(text)
}

/// What a run of letters is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    /// `a-z A-Z`.
    Word,
    /// `0-9`.
    Digit,
    /// Blanks and tabs.
    Blank,
    /// Ends of lines.
    Line,
    /// The rest of ASCII.
    Mark,
    /// Chinese, Japanese, Korean.
    Ideograph,
    /// Letters of other alphabets.
    Letter,
    /// Emoji, symbols, private use.
    Symbol,
}

const fn class(letter: char) -> Class {
    match letter {
        'a'..='z' | 'A'..='Z' => Class::Word,
        '0'..='9' => Class::Digit,
        ' ' | '\t' => Class::Blank,
        '\n' | '\r' => Class::Line,
        '\0'..='\x7f' => Class::Mark,
        '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' => Class::Ideograph,
        '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}' => Class::Ideograph,
        '\u{80}'..='\u{1fff}' => Class::Letter,
        _ => Class::Symbol,
    }
}

/// Counts as letters come in: tokens of the runs before, and the run that is open.
#[derive(Default)]
struct Meter {
    /// In hundredths of a token.
    closed: u64,
    run: Option<(Class, u64)>,
}

impl Meter {
    fn push(&mut self, letter: char) {
        let class = class(letter);
        match &mut self.run {
            Some((open, length)) if *open == class => *length += 1,
            _ => {
                self.closed += self.open();
                self.run = Some((class, 1));
            }
        }
    }

    fn open(&self) -> u64 {
        self.run.map_or(0, |(class, length)| cost(class, length))
    }

    fn tokens(&self) -> u64 {
        (self.closed + self.open()).div_ceil(100)
    }
}

/// Hundredths of a token of one run.
const fn cost(class: Class, length: u64) -> u64 {
    match class {
        Class::Word if length <= 8 => 105,
        Class::Word => 105 + (length - 8) * 28,
        Class::Digit => 100 * length.div_ceil(3),
        // The blank before a word belongs to the word.
        Class::Blank if length == 1 => 0,
        Class::Blank => 60 + length * 4,
        Class::Line => 60 + length * 10,
        Class::Mark => 50 + length * 30,
        Class::Ideograph => length * 80,
        Class::Letter => 60 + length * 25,
        Class::Symbol => length * 180,
    }
}
