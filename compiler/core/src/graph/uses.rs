//! Which names an expression reads.

use flow_grammar::Span;
use flow_grammar::ast::{
    Arg, ArgValue, ArmTest, Call, Edge, Expr, ExprKind, Guard, Need, Target, Template, TemplatePart, Work,
};
use smol_str::SmolStr;

/// One mention of a name as a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Use {
    /// The name.
    pub name: SmolStr,
    /// The fields behind it: `sort.intent.address` has two. Method names are among them.
    pub fields: Vec<SmolStr>,
    /// Where the name stands, without the fields.
    pub span: Span,
    /// Whether it stands before a method, where the name of a resource may stand too: `history.last(…)`.
    pub before_method: bool,
    /// Whether only the count of visits is asked: `visits(ask)` needs no value.
    pub only_visits: bool,
    /// Whether the value itself is not read: `ask is Edit`, `by(ask)`.
    pub only_looks: bool,
}

/// Names that the work of a node reads.
#[must_use]
pub fn uses_of_work(work: &Work) -> Vec<Use> {
    let mut reader = Reader::default();
    match work {
        Work::Call(call) => reader.call(call),
        Work::All { branches, .. } => branches.iter().for_each(|branch| reader.call(&branch.call)),
        Work::Each { var, list, call, .. } => {
            reader.expr(list);
            reader.with(&var.text, |reader| reader.call(call));
        }
    }
    reader.uses
}

/// Names that a call with its clauses reads.
#[must_use]
pub fn uses_of_call(call: &Call) -> Vec<Use> {
    let mut reader = Reader::default();
    reader.call(call);
    reader.uses
}

/// Names that an edge reads: in its condition, its arguments, its result.
#[must_use]
pub fn uses_of_edge(edge: &Edge) -> Vec<Use> {
    let mut reader = Reader::default();
    if let Some(Guard::When(condition)) = &edge.guard {
        reader.expr(condition);
    }
    match &edge.target {
        Target::Node { args, .. } => args.iter().flatten().for_each(|arg| reader.arg(arg)),
        Target::Return(value, _) | Target::Fail(value, _) => {
            value.iter().for_each(|value| reader.expr(value))
        }
        Target::Missing(_) => {}
    }
    reader.uses
}

/// Names that an expression reads.
#[must_use]
pub fn uses_of_expr(expr: &Expr) -> Vec<Use> {
    let mut reader = Reader::default();
    reader.expr(expr);
    reader.uses
}

/// Everything that a `need` reads: its condition and its message.
#[must_use]
pub fn uses_of_need(need: &Need) -> Vec<Use> {
    let mut reader = Reader::default();
    reader.expr(&need.condition);
    need.message.iter().for_each(|message| reader.template(message));
    reader.uses
}

#[derive(Default)]
struct Reader {
    uses: Vec<Use>,
    locals: Vec<SmolStr>,
}

impl Reader {
    /// Reads something in which `local` hides an outer name.
    fn with(&mut self, local: &SmolStr, read: impl FnOnce(&mut Self)) {
        self.locals.push(local.clone());
        read(self);
        self.locals.pop();
    }

    fn call(&mut self, call: &Call) {
        self.expr(&call.expr);
        call.otherwise.iter().for_each(|value| self.expr(value));
    }

    fn arg(&mut self, arg: &Arg) {
        self.value(&arg.value);
    }

    fn value(&mut self, value: &ArgValue) {
        match value {
            ArgValue::Expr(expr) => self.expr(expr),
            ArgValue::Lambda { param, body, .. } => self.with(&param.text, |reader| reader.expr(body)),
        }
    }

    fn name(&mut self, name: &SmolStr, span: Span, fields: Vec<SmolStr>, before_method: bool) {
        if !name.is_empty() && !self.locals.contains(name) {
            let name = name.clone();
            self.uses.push(Use { name, fields, span, before_method, only_visits: false, only_looks: false });
        }
    }

    /// `a.b.c`: one use of `a`; `f(x).b`: whatever `f(x)` uses.
    fn field(&mut self, expr: &Expr, before_method: bool) {
        let mut fields = Vec::new();
        let mut base = expr;
        while let ExprKind::Field { base: inner, name } = &base.kind {
            fields.push(name.text.clone());
            base = inner;
        }
        fields.reverse();
        match &base.kind {
            ExprKind::Name(name) => {
                let directly = before_method && fields.len() == 1;
                self.name(name, base.span, fields, directly);
            }
            _ => self.expr(base),
        }
    }

    fn callee(&mut self, callee: &Expr, args: &[Arg]) {
        let from = self.uses.len();
        match &callee.kind {
            ExprKind::Field { .. } => self.field(callee, true),
            ExprKind::Name(_) | ExprKind::Upper(_) => {}
            _ => self.expr(callee),
        }
        args.iter().for_each(|arg| self.arg(arg));
        let ExprKind::Name(name) = &callee.kind else { return };
        let counts = matches!(name.as_str(), "visits" | "visited");
        let looks = matches!(name.as_str(), "confidence" | "cost" | "latency" | "by" | "degraded");
        for read in self.uses.iter_mut().skip(from) {
            read.only_visits |= counts;
            read.only_looks |= counts || (looks && read.fields.is_empty());
        }
    }

    /// `ask is Edit` looks at `ask`, `ask.reply is none` reads a field of it.
    fn tested(&mut self, value: &Expr) {
        let from = self.uses.len();
        self.expr(value);
        if let ExprKind::Name(_) = &value.kind {
            self.uses.iter_mut().skip(from).for_each(|read| read.only_looks = true);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name, expr.span, Vec::new(), false),
            ExprKind::Text(template) => self.template(template),
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Paren(inner) | ExprKind::Unary { operand: inner, .. } => self.expr(inner),
            ExprKind::Is { value, .. } => self.tested(value),
            ExprKind::Field { .. } => self.field(expr, false),
            ExprKind::Call { callee, args } => self.callee(callee, args),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Case { scrutinee, arms } => {
                scrutinee.iter().for_each(|value| self.expr(value));
                for arm in arms {
                    if let ArmTest::Condition(condition) = &arm.test {
                        self.expr(condition);
                    }
                    self.expr(&arm.body);
                }
            }
            ExprKind::Upper(_)
            | ExprKind::Number(_)
            | ExprKind::Quantity(_)
            | ExprKind::Bool(_)
            | ExprKind::None
            | ExprKind::Missing => {}
        }
    }

    fn template(&mut self, template: &Template) {
        self.parts(&template.parts);
    }

    fn parts(&mut self, parts: &[TemplatePart]) {
        for part in parts {
            match part {
                TemplatePart::Text { .. } => {}
                TemplatePart::Hole(expr) => self.expr(expr),
                TemplatePart::Each { var, list, body, .. } => {
                    self.expr(list);
                    self.with(&var.text, |reader| reader.parts(body));
                }
                TemplatePart::If { condition, then, otherwise, .. } => {
                    self.expr(condition);
                    self.parts(then);
                    self.parts(otherwise);
                }
            }
        }
    }
}
