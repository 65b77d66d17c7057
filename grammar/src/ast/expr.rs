//! Expressions, patterns and templates.

use smol_str::SmolStr;

use super::{Name, Number, Quantity};
use crate::span::Span;

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// `mail`, a lower-case name.
    Name(SmolStr),
    /// `Spam`, `Reply`: a variant, a constructor or an error class.
    Upper(SmolStr),
    /// `12`, `0.5`.
    Number(Box<Number>),
    /// `8s`.
    Quantity(Box<Quantity>),
    /// A string with or without holes.
    Text(Template),
    /// `true`, `false`.
    Bool(bool),
    /// `none`.
    None,
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `(a)`, kept for the formatter.
    Paren(Box<Expr>),
    /// `mail.body`.
    Field {
        /// What is looked into.
        base: Box<Expr>,
        /// The field.
        name: Name,
    },
    /// `f(x, y: 1)`; `a.f(b)` is a call whose callee is a `Field`.
    Call {
        /// What is called.
        callee: Box<Expr>,
        /// Arguments in order.
        args: Vec<Arg>,
    },
    /// `-a`, `not a`.
    Unary {
        /// Which.
        op: UnaryOp,
        /// On what.
        operand: Box<Expr>,
    },
    /// `a + b`.
    Binary {
        /// Which.
        op: BinaryOp,
        /// Where the operator stands.
        op_span: Span,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// `ask is not Reject`.
    Is {
        /// What is tested.
        value: Box<Expr>,
        /// `is not`.
        negated: bool,
        /// Against what.
        pattern: Pattern,
    },
    /// `case x { A => 1  _ => 2 }`, or `case { a > 1 => x  _ => y }` without a scrutinee.
    Case {
        /// What is looked at; `None` for conditions.
        scrutinee: Option<Box<Expr>>,
        /// Arms in order.
        arms: Vec<Arm>,
    },
    /// Recovery: an operand that is not there. Poisoned.
    Missing,
}

/// `-` and `not`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum UnaryOp {
    Neg,
    Not,
}

/// Operators between two operands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum BinaryOp {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
}

impl BinaryOp {
    /// As written.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
        }
    }
}

/// One argument of a call or an edge.
#[derive(Clone, PartialEq, Debug)]
pub struct Arg {
    /// `top:`.
    pub label: Option<Name>,
    /// The value.
    pub value: ArgValue,
    /// Label and value.
    pub span: Span,
}

/// An expression or a lambda.
#[derive(Clone, PartialEq, Debug)]
pub enum ArgValue {
    /// A value.
    Expr(Expr),
    /// `s => s.length > 3`.
    Lambda {
        /// The parameter.
        param: Name,
        /// The body.
        body: Box<Expr>,
        /// Parameter and body.
        span: Span,
    },
}

/// One arm of a `case`.
#[derive(Clone, PartialEq, Debug)]
pub struct Arm {
    /// What must match.
    pub test: ArmTest,
    /// The result.
    pub body: Expr,
    /// Test and body.
    pub span: Span,
}

/// The left side of an arm.
#[derive(Clone, PartialEq, Debug)]
pub enum ArmTest {
    /// In a `case` with a scrutinee, and `_` in one without.
    Pattern(Pattern),
    /// In a `case` without a scrutinee.
    Condition(Expr),
}

/// A pattern: it tests, it never binds.
#[derive(Clone, PartialEq, Debug)]
pub struct Pattern {
    /// What is tested.
    pub kind: PatternKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of patterns.
#[derive(Clone, PartialEq, Debug)]
pub enum PatternKind {
    /// A variant.
    Variant(SmolStr),
    /// `none`.
    None,
    /// `true`, `false`.
    Bool(bool),
    /// A string without holes.
    Text(SmolStr),
    /// A number, with its sign.
    Number(Box<Number>),
    /// `_`.
    Any,
    /// Recovery.
    Missing,
}

/// A string: literal text and holes.
#[derive(Clone, PartialEq, Debug)]
pub struct Template {
    /// Pieces in order, empty for `""`. Common indentation of a block is stripped already.
    pub parts: Vec<TemplatePart>,
    /// Written with `"""`.
    pub is_block: bool,
    /// With the quotes.
    pub span: Span,
}

impl Template {
    /// The text, if there are no holes.
    #[must_use]
    pub fn as_plain(&self) -> Option<SmolStr> {
        match self.parts.as_slice() {
            [] => Some(SmolStr::default()),
            [TemplatePart::Text { value, .. }] => Some(value.clone()),
            _ => None,
        }
    }
}

/// A piece of a template.
#[derive(Clone, PartialEq, Debug)]
pub enum TemplatePart {
    /// Text between holes, unescaped. Neighbouring texts are merged.
    Text {
        /// The unescaped text.
        value: SmolStr,
        /// The source it came from.
        span: Span,
    },
    /// `{{ expr }}`.
    Hole(Expr),
    /// `{{each x in xs}} … {{end}}`.
    Each {
        /// The element's name.
        var: Name,
        /// The list.
        list: Expr,
        /// Repeated once per element.
        body: Vec<TemplatePart>,
        /// From the opening hole to the closing one.
        span: Span,
    },
    /// `{{if c}} … {{else}} … {{end}}`.
    If {
        /// The condition.
        condition: Expr,
        /// When it holds.
        then: Vec<TemplatePart>,
        /// When it does not.
        otherwise: Vec<TemplatePart>,
        /// From the opening hole to the closing one.
        span: Span,
    },
}
