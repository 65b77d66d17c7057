//! The liberties that are taken with an answer.

/// One liberty. Each leaves no doubt about what is meant, and loses nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Tolerance {
    /// The JSON stands in a code fence.
    Fence,
    /// There are words before or after the JSON.
    Prose,
    /// The JSON is there more than once, or beside other JSON that does not fit.
    SeveralValues,
    /// A comma before a closing bracket.
    TrailingComma,
    /// Texts in single quotes.
    SingleQuotes,
    /// Field names without quotes.
    UnquotedKey,
    /// `// …`, `# …` or `/* … */`.
    Comment,
    /// Line breaks or tabs inside of texts, as they are.
    RawControl,
    /// `\'` in a text.
    LooseEscape,
    /// `True`, `False` and `None`.
    PythonWord,
    /// The last closing braces are missing.
    MissingBrace,
    /// A field twice, with equal values.
    RepeatedKey,
    /// `{"value": …}` was asked for, and the value came alone.
    NoWrapper,
    /// The name of a variant in another case: `offer`, `OFFER`, `not_found`.
    EnumCase,
    /// `"3"` for 3.
    NumberAsText,
    /// `"true"` for true.
    BoolAsText,
}

impl Tolerance {
    /// All of them, in the order of their reports.
    pub const ALL: [Self; 16] = [
        Self::Fence,
        Self::Prose,
        Self::SeveralValues,
        Self::TrailingComma,
        Self::SingleQuotes,
        Self::UnquotedKey,
        Self::Comment,
        Self::RawControl,
        Self::LooseEscape,
        Self::PythonWord,
        Self::MissingBrace,
        Self::RepeatedKey,
        Self::NoWrapper,
        Self::EnumCase,
        Self::NumberAsText,
        Self::BoolAsText,
    ];

    /// As traces write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fence => "fence",
            Self::Prose => "prose",
            Self::SeveralValues => "several_values",
            Self::TrailingComma => "trailing_comma",
            Self::SingleQuotes => "single_quotes",
            Self::UnquotedKey => "unquoted_key",
            Self::Comment => "comment",
            Self::RawControl => "raw_control",
            Self::LooseEscape => "loose_escape",
            Self::PythonWord => "python_word",
            Self::MissingBrace => "missing_brace",
            Self::RepeatedKey => "repeated_key",
            Self::NoWrapper => "no_wrapper",
            Self::EnumCase => "enum_case",
            Self::NumberAsText => "number_as_text",
            Self::BoolAsText => "bool_as_text",
        }
    }
}

/// A set of [`Tolerance`]s.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tolerances(u16);

impl Tolerances {
    /// Whether none was needed.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this one was needed.
    #[must_use]
    pub const fn holds(self, one: Tolerance) -> bool {
        self.0 & (1 << one as u16) != 0
    }

    /// Those that were needed, in a fixed order.
    pub fn iter(self) -> impl Iterator<Item = Tolerance> {
        Tolerance::ALL.into_iter().filter(move |one| self.holds(*one))
    }

    pub(super) const fn note(&mut self, one: Tolerance) {
        self.0 |= 1 << one as u16;
    }

    pub(super) const fn add(&mut self, others: Self) {
        self.0 |= others.0;
    }
}
