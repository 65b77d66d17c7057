//! The tree of one `.flow` file.
//!
//! Plain data with byte spans. It holds what was written, not what it means: names are not resolved, a
//! prompt and a tool differ only in their keyword, and a broken part is there as `Missing` or `Broken`, so
//! that later phases see everything that survived a typo. Comments and blank lines are in
//! [`Trivia`](crate::Trivia). Start reading at [`File`].

mod expr;

use smol_str::SmolStr;

pub use self::expr::{
    Arg, ArgValue, Arm, ArmTest, BinaryOp, Expr, ExprKind, Pattern, PatternKind, Template, TemplatePart,
    UnaryOp,
};
use crate::span::Span;

/// An identifier as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    /// The text; empty when recovery put the name in (see [`Name::is_missing`]).
    pub text: SmolStr,
    /// Where it stands; the empty range at the gap when it is missing.
    pub span: Span,
}

impl Name {
    /// A name put in by recovery, where the text has none.
    #[must_use]
    pub fn missing(at: Span) -> Self {
        Self { text: SmolStr::default(), span: at }
    }

    /// Whether recovery put this name in. Such a name is poisoned: nothing is reported about it again.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.text.is_empty()
    }
}

/// Names joined by dots: `fast`, `history.last`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// At least one segment.
    pub segments: Vec<Name>,
    /// From the first segment to the last.
    pub span: Span,
}

/// One line of `///` or `//!`, without the slashes and one blank after them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Doc {
    /// The text of the line.
    pub text: String,
    /// The whole comment, slashes included.
    pub span: Span,
}

/// A whole file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct File {
    /// The `//!` lines.
    pub docs: Vec<Doc>,
    /// Items in the order written, broken ones included.
    pub items: Vec<Item>,
}

/// One declaration, from its docs to its closing bracket.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// The `///` lines above.
    pub docs: Vec<Doc>,
    /// The `pub` keyword, if there is one.
    pub public: Option<Span>,
    /// What is declared.
    pub kind: ItemKind,
    /// From `pub` or the keyword to the end, docs excluded.
    pub span: Span,
}

/// What an item declares.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs)]
pub enum ItemKind {
    Import(Import),
    Type(TypeDecl),
    Enum(EnumDecl),
    Fn(FnDecl),
    Check(CheckDecl),
    Setup(Setup),
    Split(Split),
    Flow(Flow),
    Trigger(Trigger),
    Test(Test),
    /// An item that no recovery could read.
    Broken(Broken),
}

impl ItemKind {
    /// The name that it declares.
    #[must_use]
    pub fn name(&self) -> Option<&Name> {
        match self {
            Self::Type(decl) => Some(&decl.name),
            Self::Enum(decl) => Some(&decl.name),
            Self::Fn(decl) => Some(&decl.name),
            Self::Check(decl) => Some(&decl.name),
            Self::Setup(decl) => Some(&decl.name),
            Self::Split(decl) => Some(&decl.name),
            Self::Flow(decl) => Some(&decl.name),
            Self::Broken(broken) => broken.name.as_ref(),
            Self::Import(_) | Self::Trigger(_) | Self::Test(_) => None,
        }
    }
}

/// What is left of an unreadable item, so that uses of its name are not reported too.
#[derive(Clone, PartialEq, Debug)]
pub struct Broken {
    /// The keyword it began with, as written (`flow`, `prompt`); empty if it began with none.
    pub keyword: SmolStr,
    /// The name behind the keyword, if one could be read.
    pub name: Option<Name>,
}

/// `import shop/models.{fast, careful}`.
#[derive(Clone, PartialEq, Debug)]
pub struct Import {
    /// The module path: `shop`, `models`.
    pub path: Vec<Name>,
    /// The names in braces. `None` for a whole module: `import shop/models`, used as `models.fast`.
    pub names: Option<Vec<Name>>,
}

/// `type R { a: T }` or `type Score = float in 0..1`.
#[derive(Clone, PartialEq, Debug)]
pub struct TypeDecl {
    /// The new type's name.
    pub name: Name,
    /// Record or alias.
    pub body: TypeBody,
}

/// The right side of a `type`.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs)]
pub enum TypeBody {
    Record(Vec<Field>),
    Alias(Box<Ty>),
}

/// A field of a record.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// Becomes the description in JSON schemas.
    pub docs: Vec<Doc>,
    /// The field's name; keywords that read as names are allowed (`type`, `model`, `test`).
    pub name: Name,
    /// The name in JSON when it differs: `question_id "questionId": text`.
    pub wire: Option<WireName>,
    /// The field's type.
    pub ty: Ty,
    /// From the name to the end of the type.
    pub span: Span,
}

/// A name in JSON, written as a string without holes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WireName {
    /// The unescaped text.
    pub text: SmolStr,
    /// The string with its quotes.
    pub span: Span,
}

/// `enum Intent { Offer(amount: money)  Spam }`.
#[derive(Clone, PartialEq, Debug)]
pub struct EnumDecl {
    /// The new type's name.
    pub name: Name,
    /// `tag "kind"`: variants are told apart by this field in JSON instead of being wrapped.
    pub tag: Option<WireName>,
    /// At least one in a correct file.
    pub variants: Vec<Variant>,
}

/// One alternative of an enum.
#[derive(Clone, PartialEq, Debug)]
pub struct Variant {
    /// Becomes the description in JSON schemas.
    pub docs: Vec<Doc>,
    /// UpperCamel.
    pub name: Name,
    /// The name in JSON when it differs.
    pub wire: Option<WireName>,
    /// The payload. `None` and an empty list are both payload-free.
    pub params: Option<Vec<Param>>,
    /// From the name to the end of the payload.
    pub span: Span,
}

/// `name: type` between round brackets.
#[derive(Clone, PartialEq, Debug)]
pub struct Param {
    /// The parameter's name.
    pub name: Name,
    /// Name in JSON when it differs (payloads of variants only).
    pub wire: Option<WireName>,
    /// The parameter's type.
    pub ty: Ty,
    /// From the name to the end of the type.
    pub span: Span,
}

/// A type as written: labels, base, `?`, range.
#[derive(Clone, PartialEq, Debug)]
pub struct Ty {
    /// `trusted`, `pii`, `secret`, in the order written.
    pub labels: Vec<(Label, Span)>,
    /// `text`, `Triage`, `list`, … A missing name is poisoned.
    pub base: Name,
    /// `list(T)`: the arguments.
    pub args: Vec<Ty>,
    /// The `?`.
    pub optional: Option<Span>,
    /// `in a..b`.
    pub range: Option<Box<Range>>,
    /// From the first label to the end of the range.
    pub span: Span,
}

/// What a value may be shown to, or who vouches for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)]
pub enum Label {
    Trusted,
    Pii,
    Secret,
}

/// `a..b` with at least one end.
#[derive(Clone, PartialEq, Debug)]
pub struct Range {
    /// Inclusive lower end.
    pub low: Option<Bound>,
    /// Inclusive upper end.
    pub high: Option<Bound>,
    /// From the first bound or the dots to the last.
    pub span: Span,
}

/// One end of a range: a number, or a number with a unit.
#[derive(Clone, PartialEq, Debug)]
pub struct Bound {
    /// With its sign applied.
    pub number: Number,
    /// `None` takes the unit of the other end.
    pub unit: Option<Unit>,
    /// The bound with its sign.
    pub span: Span,
}

/// A number literal.
#[derive(Clone, PartialEq, Debug)]
pub struct Number {
    /// As written, without sign and unit: `1_000`, `128k`, `0.5`.
    pub text: SmolStr,
    /// The exact value times one million, saturated: literals have at most six decimals (more is an error).
    pub micros: i128,
}

impl Number {
    /// The whole number, if it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        if self.micros % 1_000_000 == 0 { i64::try_from(self.micros / 1_000_000).ok() } else { None }
    }

    /// The nearest float.
    #[must_use]
    pub fn as_float(&self) -> f64 {
        self.text_value().unwrap_or(self.micros as f64 / 1e6)
    }

    /// The float that the digits spell, so that `0.1` is exactly Rust's `0.1`.
    fn text_value(&self) -> Option<f64> {
        let digits: String = self.text.chars().filter(|c| *c != '_').collect();
        let (digits, scale) = match digits.strip_suffix('k') {
            Some(rest) => (rest, 1e3),
            None => digits.strip_suffix('M').map_or((digits.as_str(), 1.0), |rest| (rest, 1e6)),
        };
        let value: f64 = digits.parse().ok()?;
        let signed = if self.micros < 0 { -value } else { value };
        Some(signed * scale)
    }

    /// Whether it was written with a decimal point.
    #[must_use]
    pub fn is_decimal(&self) -> bool {
        self.text.contains('.')
    }
}

/// The unit of a quantity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Unit {
    Ms,
    S,
    Min,
    H,
    D,
    Percent,
    Tokens,
    Usd,
    Eur,
    Gbp,
    Kb,
    Mb,
    Gb,
}

impl Unit {
    /// Every unit with the text it is written as.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Ms, "ms"),
        (Self::S, "s"),
        (Self::Min, "min"),
        (Self::H, "h"),
        (Self::D, "d"),
        (Self::Percent, "%"),
        (Self::Tokens, "tokens"),
        (Self::Usd, "USD"),
        (Self::Eur, "EUR"),
        (Self::Gbp, "GBP"),
        (Self::Kb, "KB"),
        (Self::Mb, "MB"),
        (Self::Gb, "GB"),
    ];

    /// The unit as written.
    #[must_use]
    pub fn text(self) -> &'static str {
        Self::ALL.iter().find(|(unit, _)| *unit == self).map_or("", |(_, text)| text)
    }

    /// The unit that `text` names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(unit, _)| *unit)
    }
}

/// A number with a unit: `8s`, `0.05 USD`, `4k tokens`.
#[derive(Clone, PartialEq, Debug)]
pub struct Quantity {
    /// The number.
    pub number: Number,
    /// Its unit.
    pub unit: Unit,
    /// Number and unit.
    pub span: Span,
}

/// `fn facts(app: Application): Facts = …`.
#[derive(Clone, PartialEq, Debug)]
pub struct FnDecl {
    /// The function's name.
    pub name: Name,
    /// Parameters in order.
    pub params: Vec<Param>,
    /// The declared result.
    pub ret: Ty,
    /// The expression.
    pub body: Expr,
}

/// `check grounded(answer: Answer): Answer { need … }`.
#[derive(Clone, PartialEq, Debug)]
pub struct CheckDecl {
    /// The check's name.
    pub name: Name,
    /// Parameters in order; the first one is what the check returns.
    pub params: Vec<Param>,
    /// The declared result.
    pub ret: Ty,
    /// Rules in order; the first that fails raises `Invalid`.
    pub needs: Vec<Need>,
}

/// `need condition else "why not"`.
#[derive(Clone, PartialEq, Debug)]
pub struct Need {
    /// What must hold.
    pub condition: Expr,
    /// The message of the `Invalid` that is raised otherwise.
    pub message: Option<Template>,
    /// From `need` to the end.
    pub span: Span,
}

/// A declaration of something outside: `model`, `prompt`, `tool`, `human` or `resource`.
#[derive(Clone, PartialEq, Debug)]
pub struct Setup {
    /// Which of the five.
    pub kind: SetupKind,
    /// The declared name.
    pub name: Name,
    /// Parameters, for those that are called.
    pub params: Option<Vec<Param>>,
    /// The declared type.
    pub ty: Option<Ty>,
    /// Provider, transport or registry pointer: the expression behind `=`.
    pub source: Option<Expr>,
    /// Settings in the order written; message settings of prompts may repeat.
    pub settings: Vec<Setting>,
}

/// The five keywords of a [`Setup`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum SetupKind {
    Model,
    Prompt,
    Tool,
    Human,
    Resource,
}

/// `timeout: 3s`.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting {
    /// The `///` lines above.
    pub docs: Vec<Doc>,
    /// The setting's name.
    pub name: Name,
    /// Its value, an expression or (resources: `text: c => …`) a lambda.
    pub value: ArgValue,
    /// From the name to the end of the value.
    pub span: Span,
}

/// `split sort_ticket(ticket: Ticket): Triage { … }`.
#[derive(Clone, PartialEq, Debug)]
pub struct Split {
    /// The split's name.
    pub name: Name,
    /// Parameters in order.
    pub params: Vec<Param>,
    /// The declared result, equal for all arms.
    pub ret: Ty,
    /// Arms and settings in order.
    pub items: Vec<SplitItem>,
}

/// A line of a split.
#[derive(Clone, PartialEq, Debug)]
pub enum SplitItem {
    /// `95%: triage(ticket) using fast`.
    Arm {
        /// The share of calls.
        share: Quantity,
        /// What is called.
        call: Call,
    },
    /// `shadow 2%: …`. The word is kept: a typo in it is reported later.
    Shadow {
        /// `shadow`, as written.
        word: Name,
        /// The share of calls that are repeated in the shadow.
        share: Quantity,
        /// What is called.
        call: Call,
    },
    /// `key: ticket.customer`.
    Setting(Setting),
}

/// A graph.
#[derive(Clone, PartialEq, Debug)]
pub struct Flow {
    /// The flow's name.
    pub name: Name,
    /// Parameters in order.
    pub params: Vec<Param>,
    /// The declared result. `None` returns nothing.
    pub ret: Option<Ty>,
    /// Limits of the whole flow.
    pub within: Option<Within>,
    /// The edges before the first node: where the flow starts, where its errors go.
    pub entry: Vec<Edge>,
    /// Nodes in order.
    pub nodes: Vec<Node>,
    /// From `flow` to the `{`, for messages about the flow as a whole.
    pub head: Span,
}

/// One box of the graph.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// The `///` lines above.
    pub docs: Vec<Doc>,
    /// The node's name, which is also the name of its result.
    pub name: Name,
    /// What edges must pass.
    pub params: Option<Vec<Param>>,
    /// What it does. `None` for a pure router.
    pub work: Option<Work>,
    /// Outgoing edges, tried top to bottom.
    pub edges: Vec<Edge>,
    /// From `node` to the end of its work, edges excluded.
    pub head: Span,
    /// From `node` to the end of its last edge.
    pub span: Span,
}

/// What a node does: one call, or several at once.
#[derive(Clone, PartialEq, Debug)]
pub enum Work {
    /// One call, or a pure expression.
    Call(Call),
    /// `all { a = …  b = … }`.
    All {
        /// Branches in order; the result is a record of them.
        branches: Vec<Branch>,
        /// Limits of the whole node.
        within: Option<Within>,
        /// From `all` to the end.
        span: Span,
    },
    /// `each d in docs { … }`.
    Each {
        /// The element's name.
        var: Name,
        /// The list.
        list: Expr,
        /// What is done with each element.
        call: Call,
        /// Limits of the whole node.
        within: Option<Within>,
        /// From `each` to the end.
        span: Span,
    },
}

/// `a = full_view(app) using house_a` inside `all`.
#[derive(Clone, PartialEq, Debug)]
pub struct Branch {
    /// The field of the result.
    pub name: Name,
    /// What is called.
    pub call: Call,
    /// From the name to the end.
    pub span: Span,
}

/// A call with its clauses: `f(x) using m within 5s else none`.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// The call itself, or a pure expression.
    pub expr: Expr,
    /// `using fast`: the model.
    pub using: Option<Path>,
    /// Limits of this call.
    pub within: Option<Within>,
    /// `else value`: the answer on any error.
    pub otherwise: Option<Expr>,
    /// From the expression to the last clause.
    pub span: Span,
}

/// `within 0.02 USD, 20s, p95 2s`.
#[derive(Clone, PartialEq, Debug)]
pub struct Within {
    /// At least one.
    pub limits: Vec<Limit>,
    /// From `within` to the end.
    pub span: Span,
}

/// One limit: `5s`, `0.02 USD`, `p95 2s`.
#[derive(Clone, PartialEq, Debug)]
pub struct Limit {
    /// `p95`.
    pub label: Option<Name>,
    /// The amount.
    pub quantity: Quantity,
}

/// `-> target when condition max 2`.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    /// Where it leads.
    pub target: Target,
    /// When it is taken.
    pub guard: Option<Guard>,
    /// How often it may be taken per activation of the flow.
    pub max: Option<Max>,
    /// From the arrow to the end.
    pub span: Span,
}

/// `max 2`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Max {
    /// The number; 0 if it was missing or no whole number (reported by the parser).
    pub count: u32,
    /// From `max` to the number.
    pub span: Span,
}

/// Where an edge leads.
#[derive(Clone, PartialEq, Debug)]
pub enum Target {
    /// Another node, with arguments for its parameters.
    Node {
        /// The node's name.
        name: Name,
        /// The arguments; `None` without brackets.
        args: Option<Vec<Arg>>,
        /// Name and arguments.
        span: Span,
    },
    /// `return x`: the flow ends with this result.
    Return(Option<Expr>, Span),
    /// `fail "why"`: the flow raises `Failed`.
    Fail(Option<Expr>, Span),
    /// Recovery: an arrow without a target.
    Missing(Span),
}

/// The condition of an edge.
#[derive(Clone, PartialEq, Debug)]
pub enum Guard {
    /// `when condition`: a normal edge.
    When(Expr),
    /// `on Timeout, Overload`: an error edge.
    On(Vec<Name>),
}

/// `on http.post("/chat", key: event.session) -> hello(event.session, event.message)`.
#[derive(Clone, PartialEq, Debug)]
pub struct Trigger {
    /// What starts it.
    pub source: Expr,
    /// What is started.
    pub target: Expr,
}

/// `test "…" { … }` or `eval "…" { … }`.
#[derive(Clone, PartialEq, Debug)]
pub struct Test {
    /// Whether the keyword was `eval`.
    pub is_eval: bool,
    /// The title.
    pub title: Template,
    /// Steps in order.
    pub steps: Vec<Step>,
}

/// A line of a test.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// `given review = Approve`: how a callable answers.
    Given {
        /// The callable: `review`, `history.last`.
        callee: Path,
        /// The answer.
        call: Call,
        /// The whole line.
        span: Span,
    },
    /// `given row in labels`: repeat for each row.
    GivenIn {
        /// The row's name.
        var: Name,
        /// The dataset.
        list: Expr,
        /// The whole line.
        span: Span,
    },
    /// `when handle(sample("mail-1"))`.
    When {
        /// The call under test.
        call: Call,
        /// The whole line.
        span: Span,
    },
    /// `need result is Sent`.
    Need(Need),
    /// `gate: "support/triage@prod"`.
    Setting(Setting),
}
