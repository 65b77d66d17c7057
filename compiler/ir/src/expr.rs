//! Pure, total, typed expressions.
//!
//! A tree that has been checked: every node knows its type, names are slots, methods are built-ins, `case` is
//! `If` and `Let`. Evaluation ends always; what cannot be computed (division by zero, a bound exceeded, a
//! payload of another variant) raises `Invalid` with a message.
//!
//! An expression is evaluated in a frame of *slots* (a function's parameters, a flow's values) and *locals*
//! (binders of lambdas and `let` inside the expression).

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::ids::{FunctionId, LocalId, NodeId, SlotId, TypeId};
use crate::units::{Currency, ErrorClass};

/// An expression with its type.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expr {
    /// Of the value.
    pub ty: TypeId,
    /// How it is computed.
    #[serde(rename = "e")]
    pub kind: ExprKind,
}

/// The kinds of expressions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ExprKind {
    /// A literal.
    Const(Const),
    /// A slot of the frame.
    Slot(SlotId),
    /// A binder of this expression.
    Local(LocalId),
    /// A fact about a node of the flow.
    NodeFact(NodeFact, NodeId),
    /// A fact about the run so far.
    RunFact(RunFact),
    /// A fact about the error; only on error edges and in handlers.
    ErrorFact(ErrorFact),
    /// A field of a record, by position. On a `Partial` record the field may be `none`.
    Field {
        /// The record.
        base: Box<Expr>,
        /// Position.
        field: u32,
    },
    /// A payload field of a variant that is known on this path. Another variant raises `Invalid`.
    Payload {
        /// The variant.
        base: Box<Expr>,
        /// Which variant it must be.
        variant: u32,
        /// Position in the payload.
        field: u32,
    },
    /// A record of type `ty`, all fields in order. For `Partial` types absent fields are `none`.
    Record(Vec<Expr>),
    /// A variant of the enum `ty`.
    Variant {
        /// Which.
        variant: u32,
        /// Payload in order.
        fields: Vec<Expr>,
    },
    /// A list.
    List(Vec<Expr>),
    /// A call of a user's `fn`.
    Call {
        /// Which.
        function: FunctionId,
        /// In order.
        args: Vec<Expr>,
    },
    /// A call of the library.
    Builtin {
        /// Which.
        op: Builtin,
        /// The receiver first.
        args: Vec<Expr>,
        /// For those that take one.
        lambda: Option<Box<Lambda>>,
    },
    /// `-a` on int, float, money, duration.
    Neg(Box<Expr>),
    /// `not a`.
    Not(Box<Expr>),
    /// Both, the right side only if the left one holds.
    And(Box<Expr>, Box<Expr>),
    /// Either, the right side only if the left one does not hold.
    Or(Box<Expr>, Box<Expr>),
    /// Arithmetic; what it means follows from the operand types. Division of ints gives a float.
    Arith(Arith, Box<Expr>, Box<Expr>),
    /// A comparison of two values of one type.
    Compare(Compare, Box<Expr>, Box<Expr>),
    /// `a is V`.
    Is {
        /// What is tested.
        value: Box<Expr>,
        /// Against what.
        test: Test,
    },
    /// `case` and `{{if}}`: the first branch if the condition holds, else the second.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Binds a value for a body, so that a scrutinee is evaluated once.
    Let {
        /// The binder.
        local: LocalId,
        /// Its value.
        value: Box<Expr>,
        /// Where it is visible.
        body: Box<Expr>,
    },
    /// A text with holes.
    Template(Vec<Part>),
    /// The value as its type's subtype or wider type, checked at run time where the compiler could not:
    /// raises `Invalid` if it does not fit. Also turns an `int` into a `float`.
    Convert(Box<Expr>),
}

impl Expr {
    /// The expressions that it is made of, one level down, in the order written: holes of templates and bodies of
    /// lambdas too.
    #[must_use]
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            ExprKind::Const(_)
            | ExprKind::Slot(_)
            | ExprKind::Local(_)
            | ExprKind::NodeFact(..)
            | ExprKind::RunFact(_)
            | ExprKind::ErrorFact(_) => Vec::new(),
            ExprKind::Field { base: inner, .. }
            | ExprKind::Payload { base: inner, .. }
            | ExprKind::Is { value: inner, .. }
            | ExprKind::Neg(inner)
            | ExprKind::Not(inner)
            | ExprKind::Convert(inner) => vec![inner.as_ref()],
            ExprKind::Record(all)
            | ExprKind::List(all)
            | ExprKind::Variant { fields: all, .. }
            | ExprKind::Call { args: all, .. } => all.iter().collect(),
            ExprKind::Builtin { args, lambda, .. } => {
                args.iter().chain(lambda.iter().map(|lambda| &lambda.body)).collect()
            }
            ExprKind::And(left, right)
            | ExprKind::Or(left, right)
            | ExprKind::Arith(_, left, right)
            | ExprKind::Compare(_, left, right)
            | ExprKind::Let { value: left, body: right, .. } => vec![left.as_ref(), right.as_ref()],
            ExprKind::If(condition, then, otherwise) => {
                vec![condition.as_ref(), then.as_ref(), otherwise.as_ref()]
            }
            ExprKind::Template(parts) => parts.iter().flat_map(Part::exprs).collect(),
        }
    }
}

impl Part {
    fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::Text(_) => Vec::new(),
            Self::Hole(expr, _) => vec![expr],
            Self::Each { list, body, .. } => {
                std::iter::once(list).chain(body.iter().flat_map(Self::exprs)).collect()
            }
            Self::If { condition, then, otherwise } => {
                let parts = then.iter().chain(otherwise).flat_map(Self::exprs);
                std::iter::once(condition).chain(parts).collect()
            }
        }
    }
}

/// A literal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)]
pub enum Const {
    None,
    Nothing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(SmolStr),
    /// Millionths of a currency unit.
    Money(i64, Currency),
    /// Milliseconds.
    Duration(i64),
    Tokens(u64),
    Bytes(u64),
    /// Year, month, day.
    Date(i16, i8, i8),
    /// Hour, minute, second.
    Time(i8, i8, i8),
}

/// What is known about a node that has run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeFact {
    /// `confidence(n)`: float in 0..1.
    Confidence,
    /// `cost(n)`: money in USD.
    Cost,
    /// `latency(n)`: duration.
    Latency,
    /// `by(n)`: who decided, text.
    By,
    /// `degraded(n)`: whether `else` answered.
    Degraded,
    /// `messages(n)`: list(Message).
    Messages,
}

/// What is known about the run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunFact {
    /// Text.
    Id,
    /// Text.
    Tenant,
    /// Text; empty if nobody is known.
    User,
    /// Money in USD.
    Cost,
    /// Money in USD: the smallest budget that is left.
    Left,
    /// Duration.
    Elapsed,
    /// Tokens, input and output.
    Tokens,
    /// Text, RFC 3339 in UTC.
    Started,
    /// Text, RFC 3339 in UTC: when the node started.
    Now,
}

/// What is known about an error.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorFact {
    /// Text: the class's name.
    Class,
    /// Text.
    Message,
    /// Text: the node's name.
    Node,
    /// Int: attempts made.
    Attempt,
}

/// A function of one value: `s => s.length > 3`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lambda {
    /// Its parameter.
    pub param: LocalId,
    /// Its body.
    pub body: Expr,
}

/// `+ - * /`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Arith {
    /// Numbers, money, durations; texts and lists are joined.
    Add,
    Sub,
    Mul,
    Div,
}

/// `== != < <= > >=`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Compare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// The right side of `is`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Test {
    /// Is this variant.
    Variant(u32),
    /// Is `none`.
    None,
    /// Equals this literal.
    Equals(Const),
    /// An error of this class (tests only, on the `error` slot); `None` is `Error`, any of them.
    Class(Option<ErrorClass>),
}

/// A piece of a text.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Part {
    /// As it is.
    Text(SmolStr),
    /// A value, written for where it stands.
    Hole(Expr, Encoding),
    /// The parts once per element.
    Each {
        /// The element.
        local: LocalId,
        /// The list.
        list: Expr,
        /// Repeated.
        body: Vec<Part>,
    },
    /// One of two.
    If {
        /// The condition.
        condition: Expr,
        /// When it holds.
        then: Vec<Part>,
        /// When it does not.
        otherwise: Vec<Part>,
    },
}

/// How a hole is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// As text: prompts, titles, messages.
    Plain,
    /// Percent-encoded: URLs.
    Url,
    /// As a JSON value: bodies.
    Json,
    /// With line breaks refused: headers, command arguments.
    Line,
}

/// The library. Receivers are the first argument. All are total; those that can fail raise `Invalid`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Builtin {
    /// `list.length`, `text.length` (Unicode scalar values), `map.length`: int.
    Length,
    /// `list.first`: the element, or `none` of an empty list (never empty if the type says so).
    First,
    /// `list.last`.
    Last,
    /// `list.take(n)`: the first n.
    Take,
    /// `list.take(n tokens)`: whole items from the front while they fit.
    TakeTokens,
    /// `list.last(n)`: the last n, order kept.
    TakeLast,
    /// `list.last(n tokens)`: whole items from the back while they fit, order kept.
    TakeLastTokens,
    /// `list.drop(n)`: without the first n.
    Drop,
    /// `list.filter(x => bool)`.
    Filter,
    /// `list.map(x => y)`.
    Map,
    /// `list.any(x => bool)`.
    Any,
    /// `list.all(x => bool)`.
    All,
    /// `list.count(x => bool)`: int.
    Count,
    /// `list.unique`: first of equals, order kept.
    Unique,
    /// `list(text).join(separator)`.
    Join,
    /// `list.sort_by(x => key)`: stable, ascending.
    SortBy,
    /// `list.zip(other)`: list of `{ left, right }`, as long as the shorter.
    Zip,
    /// `list(T?).present`: without `none`.
    Present,
    /// `list.contains(x)`, `text.contains(text)`: bool.
    Contains,
    /// `list.at(i)`: `none` outside, unless the types exclude it.
    At,
    /// `list(list(T)).flat`.
    Flat,
    /// `list.sum` of int, float, money, duration.
    Sum,
    /// `list.min`: `none` of an empty list.
    Min,
    /// `list.max`: `none` of an empty list.
    Max,
    /// `list.reverse`.
    Reverse,
    /// `text.lower`.
    Lower,
    /// `text.upper`.
    Upper,
    /// `text.trim`.
    Trim,
    /// `text.split(separator)`: list(text); an empty separator gives the text alone.
    Split,
    /// `text.starts_with(text)`.
    StartsWith,
    /// `text.ends_with(text)`.
    EndsWith,
    /// `text.matches("regex")`: found anywhere. The pattern is a literal, compiled once.
    Matches,
    /// `text.replace(from, to)`: all.
    Replace,
    /// `text.cut(n)`: the first n Unicode scalar values.
    Cut,
    /// `text.cut(n tokens)`: the longest front that is within n tokens.
    CutTokens,
    /// `text.lines`: list(text).
    Lines,
    /// `map.get(key)`: `none` if absent.
    Get,
    /// `map.keys`: list(text).
    Keys,
    /// `map.values`: list(T).
    Values,
    /// `x.clamp(a, b)` of int, float, money, duration.
    Clamp,
    /// `x.round`: int; halves away from zero.
    Round,
    /// `x.floor`: int.
    Floor,
    /// `x.ceil`: int.
    Ceil,
    /// `x.abs`.
    Abs,
    /// `text.to_int`: `none` if it is none.
    ToInt,
    /// `text.to_float`: `none` if it is none.
    ToFloat,
    /// `x.text`: as a template would print it.
    ToText,
    /// `x.json`: as its wire JSON, a text.
    ToJson,
    /// `x.or(y)`: y if x is `none`.
    Or,
    /// The variant's `///` lines: `voice.doc`.
    VariantDoc,
    /// The variant's wire name.
    VariantName,
    /// `record.with(field: v)`: args are the record, then alternating position (int const) and value.
    With,
    /// `mean(list)`, for evals: float; `none` of an empty list raises `Invalid`.
    Mean,
    /// `date.plus(duration)`; only whole days count.
    DatePlus,
    /// `date.minus(date)`: duration.
    DateMinus,
}
