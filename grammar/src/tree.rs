//! What the grammar's actions call: one constructor for each shape that is more than a struct literal.
//!
//! A name of the wrong case or a number out of range is accepted here and reported, because the tree is
//! still worth checking. Start reading at [`Context`].

mod number;
mod template;

use std::cell::RefCell;

use smol_str::SmolStr;

pub(crate) use self::template::Segment;
use crate::ast::{
    Arg, BinaryOp, Bound, Doc, Expr, ExprKind, Field, Item, ItemKind, Max, Name, Node, Number, Param, Path,
    Pattern, PatternKind, Quantity, Setting, SplitItem, Step, Target, Template, Ty, UnaryOp, Unit, Variant,
    WireName, Within,
};
use crate::ast::{Branch, Edge, Need};
use crate::error::{Edit, SyntaxError, SyntaxErrorKind};
use crate::lexer::Lexed;
use crate::span::Span;

/// What one run of the generated parser returns: the shape that its selector asked for.
#[derive(Debug)]
pub(crate) enum Piece {
    Item(Box<Item>),
    Field(Box<Field>),
    Variant(Box<Variant>),
    Param(Box<Param>),
    Ty(Ty),
    Need(Need),
    Setting(Box<Setting>),
    SplitItem(Box<SplitItem>),
    Node(Box<Node>),
    Edge(Box<Edge>),
    Within(Within),
    Step(Box<Step>),
    Branch(Box<Branch>),
    Expr(Expr),
}

/// What the actions see of the file.
pub(crate) struct Context<'s> {
    source: &'s str,
    docs: Vec<PlacedDoc>,
    errors: RefCell<Vec<SyntaxError>>,
}

/// A `///` line and the token it stands above.
struct PlacedDoc {
    span: Span,
    /// Offset of the next token.
    above: u32,
    claimed: std::cell::Cell<bool>,
}

impl<'s> Context<'s> {
    pub(crate) fn new(source: &'s str, lexed: &Lexed) -> Self {
        let end = crate::lexer::offset(source.len());
        let docs = lexed.docs.iter().filter(|doc| !doc.is_inner).map(|doc| PlacedDoc {
            span: doc.span,
            above: lexed.tokens.get(doc.next).map_or(end, |token| token.span.start),
            claimed: std::cell::Cell::new(false),
        });
        Self { source, docs: docs.collect(), errors: RefCell::default() }
    }

    /// The mistakes reported since the last call.
    pub(crate) fn take_errors(&self) -> Vec<SyntaxError> {
        self.errors.take()
    }

    /// The `///` lines that stand above nothing that can have any.
    pub(crate) fn stray_docs(&self) -> impl Iterator<Item = Span> + '_ {
        self.docs.iter().filter(|doc| !doc.claimed.get()).map(|doc| doc.span)
    }

    pub(crate) fn slice(&self, span: Span) -> &'s str {
        self.source.get(span.range()).unwrap_or_default()
    }

    /// How far into its line `at` is, in bytes.
    pub(crate) fn column(&self, at: u32) -> u32 {
        let before = self.source.get(..at as usize).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |line_break| line_break + 1);
        crate::lexer::offset(before.len() - line)
    }

    /// Whether nothing but blanks stands behind `at`.
    pub(crate) fn is_end(&self, at: u32) -> bool {
        self.source.get(at as usize..).unwrap_or_default().trim_start().is_empty()
    }

    /// The line that holds `at`, without its break.
    pub(crate) fn line(&self, at: u32) -> Span {
        let start = at - self.column(at).min(at);
        let behind = self.source.get(at as usize..).unwrap_or_default();
        let length = behind.find('\n').unwrap_or(behind.len());
        Span::new(start, at + crate::lexer::offset(length))
    }

    pub(crate) fn report(&self, kind: SyntaxErrorKind, span: Span, fix: Option<Edit>) {
        self.errors.borrow_mut().push(SyntaxError { kind, span, fix });
    }

    pub(crate) fn text(&self, span: Span) -> SmolStr {
        self.slice(span).into()
    }

    pub(crate) fn name(&self, start: u32, end: u32) -> Name {
        let span = Span::new(start, end);
        Name { text: self.text(span), span }
    }

    /// The docs that stand directly above the token at `at`.
    pub(crate) fn docs(&self, at: u32) -> Vec<Doc> {
        let first = self.docs.partition_point(|doc| doc.above < at);
        let docs = self.docs.get(first..).unwrap_or_default().iter().take_while(|doc| doc.above == at);
        docs.map(|doc| {
            doc.claimed.set(true);
            Doc { text: doc_text(self.slice(doc.span)), span: doc.span }
        })
        .collect()
    }

    pub(crate) fn item(&self, span: Span, public: Option<Span>, kind: ItemKind) -> Item {
        Item { docs: self.docs(span.start), public, kind, span }
    }

    // ---- names

    /// A name that must be lower_case.
    pub(crate) fn lower(&self, name: Name) -> Name {
        let good = name.text.starts_with(|c: char| c.is_ascii_lowercase())
            && !name.text.contains(|c: char| c.is_ascii_uppercase());
        self.check_case(&name, good, false);
        name
    }

    /// A name that must be UpperCamel.
    pub(crate) fn upper(&self, name: Name) -> Name {
        let good = name.text.starts_with(|c: char| c.is_ascii_uppercase()) && !name.text.contains('_');
        self.check_case(&name, good, true);
        name
    }

    fn check_case(&self, name: &Name, good: bool, wants_upper: bool) {
        // A name with other letters has been reported by the lexer.
        if good || name.is_missing() || !name.text.is_ascii() {
            return;
        }
        let suggestion = if wants_upper { upper_camel(&name.text) } else { lower_snake(&name.text) };
        let fix = Edit { span: name.span, text: suggestion.clone() };
        let kind = SyntaxErrorKind::WrongCase { name: name.text.clone(), suggestion, wants_upper };
        self.report(kind, name.span, Some(fix));
    }

    /// An error class behind `on`.
    pub(crate) fn class(&self, mut name: Name) -> Name {
        if name.text == "error" {
            let fix = Edit { span: name.span, text: "Error".into() };
            let kind = SyntaxErrorKind::ForeignHabit { found: name.text, wanted: "Error" };
            self.report(kind, name.span, Some(fix));
            name.text = "Error".into();
            return name;
        }
        self.upper(name)
    }

    /// `tag "kind"` of an enum; any other word there is a mistake.
    pub(crate) fn tag(&self, word: Name, wire: WireName) -> WireName {
        if word.text != "tag" && !word.is_missing() {
            let kind = SyntaxErrorKind::Unexpected {
                found: format!("`{}`", word.text).into(),
                expected: vec!["`tag`".into(), "`{`".into()],
                context: "an enum",
            };
            self.report(kind, word.span, None);
        }
        wire
    }

    pub(crate) fn wire(&self, text: Template) -> WireName {
        let plain = self.plain(&text, "a name in JSON has no holes");
        WireName { text: plain, span: text.span }
    }

    pub(crate) fn text_pattern(&self, text: Template) -> Pattern {
        let plain = self.plain(&text, "a pattern has no holes; compare with `==` in a condition");
        pattern(PatternKind::Text(plain), text.span)
    }

    fn plain(&self, text: &Template, reason: &'static str) -> SmolStr {
        text.as_plain().unwrap_or_else(|| {
            self.report(SyntaxErrorKind::BadLiteral { reason }, text.span, None);
            SmolStr::default()
        })
    }

    // ---- numbers

    fn number(&self, span: Span, negative: bool) -> Number {
        let (number, problem) = number::decode(self.slice(span), negative);
        if let Some(reason) = problem {
            self.report(SyntaxErrorKind::BadLiteral { reason }, span, None);
        }
        number
    }

    pub(crate) fn number_expr(&self, span: Span) -> Expr {
        Expr { kind: ExprKind::Number(Box::new(self.number(span, false))), span }
    }

    pub(crate) fn quantity_expr(&self, span: Span) -> Expr {
        Expr { kind: ExprKind::Quantity(Box::new(self.quantity(span))), span }
    }

    pub(crate) fn number_pattern(&self, span: Span, negative: bool) -> Pattern {
        let number = self.number(digits(self.slice(span), span), negative);
        pattern(PatternKind::Number(Box::new(number)), span)
    }

    pub(crate) fn quantity(&self, span: Span) -> Quantity {
        let (number, unit) = number::parts(self.slice(span));
        let length = crate::lexer::offset(number.len());
        Quantity {
            number: self.number(Span::new(span.start, span.start + length), false),
            // Poisoned by the error that the lexer has reported.
            unit: unit.unwrap_or(Unit::S),
            span,
        }
    }

    pub(crate) fn bound(&self, span: Span, negative: bool) -> Bound {
        let amount = digits(self.slice(span), span);
        let (number, unit) = number::parts(self.slice(amount));
        let length = crate::lexer::offset(number.len());
        let number = self.number(Span::new(amount.start, amount.start + length), negative);
        Bound { number, unit, span }
    }

    pub(crate) fn max(&self, start: u32, at: Span) -> Max {
        let text = self.slice(at);
        let count = number::decode(text, false).0.as_int().and_then(|count| u32::try_from(count).ok());
        let is_number = !text.is_empty() && number::parts(text).1.is_none();
        if !at.range().is_empty() && (count.is_none() || !is_number) {
            let reason = "`max` counts how often the arrow may be taken: a whole number";
            self.report(SyntaxErrorKind::BadLiteral { reason }, at, None);
        }
        Max { count: count.unwrap_or_default(), span: Span::new(start, at.end) }
    }
}

/// The part of `span` without a sign and the blanks behind it.
fn digits(text: &str, span: Span) -> Span {
    let rest = text.trim_start_matches(|c: char| c == '-' || c.is_whitespace());
    Span::new(span.end - crate::lexer::offset(rest.len()), span.end)
}

/// The text of a `///` or `//!` line without the slashes and one blank.
pub(crate) fn doc_text(comment: &str) -> String {
    let text = comment.get(3..).unwrap_or_default();
    text.strip_prefix(' ').unwrap_or(text).trim_end().to_owned()
}

fn upper_camel(text: &str) -> SmolStr {
    let words = text.split('_').filter(|word| !word.is_empty());
    let joined: String = words
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        })
        .collect();
    joined.into()
}

fn lower_snake(text: &str) -> SmolStr {
    let mut out = String::new();
    let mut after_lower = false;
    for letter in text.trim_start_matches('_').chars() {
        if letter.is_ascii_uppercase() && after_lower {
            out.push('_');
        }
        after_lower = !letter.is_ascii_uppercase() && letter != '_';
        out.push(letter.to_ascii_lowercase());
    }
    out.into()
}

// ---- shapes that need no file

/// An item as the generated parser passes it on.
pub(crate) fn item(kind: ItemKind) -> Box<ItemKind> {
    Box::new(kind)
}

/// A list as the tree holds it, from one as the generated parser builds it.
pub(crate) fn unbox<T>(list: Vec<Box<T>>) -> Vec<T> {
    list.into_iter().map(|element| *element).collect()
}

pub(crate) fn path(segments: Vec<Name>) -> Path {
    let span = segments.iter().map(|name| name.span).reduce(Span::to).unwrap_or_default();
    Path { segments, span }
}

pub(crate) fn target(name: Name, args: Option<Vec<Arg>>, span: Span) -> Target {
    if name.is_missing() { Target::Missing(span) } else { Target::Node { name, args, span } }
}

pub(crate) fn binary(op: BinaryOp, left: Expr, op_span: Span, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    Expr { kind: ExprKind::Binary { op, op_span, left: Box::new(left), right: Box::new(right) }, span }
}

pub(crate) fn unary(op: UnaryOp, start: u32, operand: Expr) -> Expr {
    let span = Span::new(start, operand.span.end);
    Expr { kind: ExprKind::Unary { op, operand: Box::new(operand) }, span }
}

pub(crate) fn is(value: Expr, negated: bool, pattern: Pattern) -> Expr {
    let span = value.span.to(pattern.span);
    Expr { kind: ExprKind::Is { value: Box::new(value), negated, pattern }, span }
}

pub(crate) fn field(base: Expr, name: Name) -> Expr {
    let span = base.span.to(name.span);
    Expr { kind: ExprKind::Field { base: Box::new(base), name }, span }
}

pub(crate) fn call(callee: Expr, args: Vec<Arg>, end: u32) -> Expr {
    let span = Span::new(callee.span.start, end);
    Expr { kind: ExprKind::Call { callee: Box::new(callee), args }, span }
}

pub(crate) fn text(template: Template) -> Expr {
    let span = template.span;
    Expr { kind: ExprKind::Text(template), span }
}

pub(crate) fn pattern(kind: PatternKind, span: Span) -> Pattern {
    Pattern { kind, span }
}
