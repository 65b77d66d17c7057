//! The kinds of tokens, with the shapes logos knows.

use logos::Logos;

use crate::span::Span;

/// One token of the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands; empty where recovery put it in.
    pub span: Span,
    /// Whether nothing but blanks stands before it on its line.
    pub first_on_line: bool,
}

/// What a token is.
///
/// Item keywords (`type`, `flow`, …) are keywords in column 0 only and names anywhere else; every other
/// keyword is a name before `:` and behind `.`, so that JSON's `type`, `in` and `max` can be written.
#[derive(Logos, Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[logos(skip r"[ \t\r\u{FEFF}]+")]
#[allow(missing_docs)]
pub enum TokenKind {
    // ---- names and literals
    #[regex(r"[a-z][A-Za-z0-9_]*|_[A-Za-z0-9_]+")]
    Lower,
    #[regex(r"[A-Z][A-Za-z0-9_]*")]
    Upper,
    #[token("_")]
    Underscore,
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?")]
    Number,
    /// A number with a unit, as one token.
    Quantity,

    // ---- strings
    /// `"`
    #[token("\"")]
    TextStart,
    /// `"""`
    #[token("\"\"\"")]
    BlockStart,
    /// Text up to the next hole or quote, escapes included.
    TextPiece,
    /// `{{`
    HoleOpen,
    /// `{{each`
    EachOpen,
    /// `{{if`
    IfOpen,
    /// `{{else}}`
    ElseTag,
    /// `{{end}}`
    EndTag,
    /// `}}`
    HoleClose,
    /// `"` or `"""`
    TextEnd,

    // ---- words that open an item
    #[token("import")]
    Import,
    #[token("pub")]
    Pub,
    #[token("type")]
    Type,
    #[token("enum")]
    Enum,
    #[token("fn")]
    Fn,
    #[token("check")]
    Check,
    #[token("model")]
    Model,
    #[token("prompt")]
    Prompt,
    #[token("tool")]
    Tool,
    #[token("human")]
    Human,
    #[token("resource")]
    Resource,
    #[token("split")]
    Split,
    #[token("flow")]
    Flow,
    #[token("test")]
    Test,
    #[token("eval")]
    Eval,
    /// Opens a trigger in column 0, an error edge elsewhere.
    #[token("on")]
    On,

    // ---- words inside items
    #[token("node")]
    Node,
    #[token("return")]
    Return,
    #[token("fail")]
    Fail,
    #[token("when")]
    When,
    #[token("max")]
    Max,
    #[token("using")]
    Using,
    #[token("within")]
    Within,
    #[token("all")]
    All,
    #[token("each")]
    Each,
    #[token("in")]
    In,
    #[token("case")]
    Case,
    #[token("is")]
    Is,
    #[token("and")]
    And,
    #[token("or")]
    Or,
    #[token("not")]
    Not,
    #[token("none")]
    None,
    #[token("true")]
    True,
    #[token("false")]
    False,
    #[token("else")]
    Else,
    #[token("given")]
    Given,
    #[token("need")]
    Need,
    #[token("trusted")]
    Trusted,
    #[token("pii")]
    Pii,
    #[token("secret")]
    Secret,

    // ---- signs
    #[token("{")]
    BraceOpen,
    #[token("}")]
    BraceClose,
    #[token("(")]
    ParenOpen,
    /// A `(` behind what it belongs to: `f(x)`, `list(text)`. A plain one groups: `(a + b)`.
    CallOpen,
    #[token(")")]
    ParenClose,
    #[token("[")]
    SquareOpen,
    #[token("]")]
    SquareClose,
    #[token(",")]
    Comma,
    #[token(":")]
    Colon,
    #[token(".")]
    Dot,
    #[token("..")]
    DotDot,
    #[token("->")]
    Arrow,
    #[token("=>")]
    FatArrow,
    #[token("=")]
    Equals,
    #[token("==")]
    EqualsEquals,
    #[token("!=")]
    NotEquals,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEquals,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEquals,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    /// A `-` with nothing before it to subtract from.
    PrefixMinus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("?")]
    Question,

    // ---- what other languages write; repaired and reported
    #[token(";")]
    Semicolon,
    /// `→`, `⇒`
    #[token("→")]
    #[token("⇒")]
    UnicodeArrow,
    #[token("&&")]
    AndAnd,
    #[token("||")]
    OrOr,
    #[token("!")]
    Bang,
    #[token("===")]
    StrictEquals,
    #[token("!==")]
    StrictNotEquals,
    #[token("≠")]
    #[token("≤")]
    #[token("≥")]
    UnicodeCompare,
    #[regex(r"/\*([^*]|\*[^/])*\*/")]
    BlockComment,
    #[token("??")]
    Coalesce,
    /// `'text'`
    #[regex(r"'[^'\n]*'")]
    SingleQuoted,
    /// `# …` up to the end of the line.
    #[regex(r"#[^\n]*", allow_greedy = true)]
    HashComment,
    /// Anything else; reported by the lexer, skipped by the parser.
    Bad,

    // ---- never in the token list of a file
    #[regex(r"//[^\n]*", allow_greedy = true)]
    Comment,
    #[regex(r"\n[ \t\r\n]*")]
    Newlines,
    /// Recovery: something is missing here.
    Missing,
    SelectItem,
    SelectField,
    SelectVariant,
    SelectParam,
    SelectTy,
    SelectNeed,
    SelectSetting,
    SelectSplitItem,
    SelectNode,
    SelectEdge,
    SelectWithin,
    SelectStep,
    SelectBranch,
    SelectExpr,
}

impl TokenKind {
    /// Whether an item may begin with it in column 0.
    #[must_use]
    pub const fn opens_item(self) -> bool {
        self.is_item_word() || matches!(self, Self::On)
    }

    /// Whether it is a keyword in column 0 only.
    pub(crate) const fn is_item_word(self) -> bool {
        matches!(
            self,
            Self::Import
                | Self::Pub
                | Self::Type
                | Self::Enum
                | Self::Fn
                | Self::Check
                | Self::Model
                | Self::Prompt
                | Self::Tool
                | Self::Human
                | Self::Resource
                | Self::Split
                | Self::Flow
                | Self::Test
                | Self::Eval
        )
    }

    /// Whether it is a keyword of any sort.
    #[must_use]
    pub const fn is_keyword(self) -> bool {
        self.opens_item()
            || matches!(
                self,
                Self::Node
                    | Self::Return
                    | Self::Fail
                    | Self::When
                    | Self::Max
                    | Self::Using
                    | Self::Within
                    | Self::All
                    | Self::Each
                    | Self::In
                    | Self::Case
                    | Self::Is
                    | Self::And
                    | Self::Or
                    | Self::Not
                    | Self::None
                    | Self::True
                    | Self::False
                    | Self::Else
                    | Self::Given
                    | Self::Need
                    | Self::Trusted
                    | Self::Pii
                    | Self::Secret
            )
    }

    /// Whether it is a name, whatever its case.
    #[must_use]
    pub const fn is_name(self) -> bool {
        matches!(self, Self::Lower | Self::Upper)
    }

    /// Whether it opens a bracket that a closing one must match.
    #[must_use]
    pub const fn opens(self) -> bool {
        matches!(self, Self::BraceOpen | Self::ParenOpen | Self::CallOpen | Self::SquareOpen)
    }

    /// Whether it closes a bracket.
    #[must_use]
    pub const fn closes(self) -> bool {
        matches!(self, Self::BraceClose | Self::ParenClose | Self::SquareClose)
    }

    /// Whether it begins a string.
    #[must_use]
    pub const fn starts_text(self) -> bool {
        matches!(self, Self::TextStart | Self::BlockStart)
    }
}
