//! Expressions and clauses of the Bundle, written as they look in `.flow`. For people: labels of pictures,
//! the live path, failing `need`s. The Bundle has forgotten some spelling, so this is no decompiler.

mod names;
mod types;
mod whole;
mod words;

use flow_ir::TypeId;
use flow_ir::expr::{Arith, Builtin, Expr, ExprKind, Lambda, Part, Test};
use flow_ir::setup::Callee;
use flow_ir::types::{Field, Type};
use flow_ir::units::ErrorClass;

pub use names::Names;
pub use types::ty;
pub use whole::whole;
pub use words::{callee, classes, decimal, duration, limits, run_fact, short};

/// The outermost word of a value: `Sent` of `Sent(send)`.
#[must_use]
pub fn head(names: &Names<'_>, value: &Expr) -> String {
    match &value.kind {
        ExprKind::Variant { variant, .. } => names.variant_name(value.ty, *variant),
        ExprKind::Convert(inner) => head(names, inner),
        _ => short(&expr(names, value), 32),
    }
}

/// The expression.
#[must_use]
pub fn expr(names: &Names<'_>, expr: &Expr) -> String {
    write(names, expr, 0)
}

/// How tightly operators bind: `or`, `and`, `not`, comparisons, sums, products, unary, the rest.
fn strength(kind: &ExprKind) -> u8 {
    match kind {
        ExprKind::Or(..) => 1,
        ExprKind::And(..) => 2,
        ExprKind::Not(_) => 3,
        ExprKind::Compare(..) | ExprKind::Is { .. } => 4,
        ExprKind::Arith(Arith::Add | Arith::Sub, ..) => 5,
        ExprKind::Arith(Arith::Mul | Arith::Div, ..) => 6,
        ExprKind::Neg(_) => 7,
        _ => 9,
    }
}

/// In parentheses if the context binds tighter than the expression does.
fn write(names: &Names<'_>, expr: &Expr, context: u8) -> String {
    let text = bare(names, expr);
    if strength(&expr.kind) < context { format!("({text})") } else { text }
}

fn bare(names: &Names<'_>, expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Const(value) => words::constant(value),
        ExprKind::Slot(slot) => names.slot(*slot),
        ExprKind::Local(local) => words::local(*local),
        ExprKind::NodeFact(fact, node) => format!("{}({})", words::node_fact(*fact), names.node(*node)),
        ExprKind::RunFact(fact) => format!("run.{}", words::run_fact(*fact)),
        ExprKind::ErrorFact(fact) => format!("error.{}", words::error_fact(*fact)),
        ExprKind::Field { base, field } => {
            format!("{}.{}", write(names, base, 8), names.field(base.ty, *field))
        }
        ExprKind::Payload { base, variant, field } => {
            format!("{}.{}", write(names, base, 8), names.payload(base.ty, *variant, *field))
        }
        ExprKind::Record(fields) => record(names, expr.ty, fields),
        ExprKind::Variant { variant, fields } => match fields.as_slice() {
            [] => names.variant_name(expr.ty, *variant),
            fields => format!("{}({})", names.variant_name(expr.ty, *variant), list(names, fields)),
        },
        ExprKind::List(items) => format!("[{}]", list(names, items)),
        ExprKind::Call { function, args } => {
            format!("{}({})", callee(names.bundle, Callee::Function(*function)), list(names, args))
        }
        ExprKind::Builtin { op, args, lambda } => builtin(names, *op, args, lambda.as_deref()),
        ExprKind::Convert(inner) => bare(names, inner),
        ExprKind::Template(parts) => {
            let parts: String = parts.iter().map(|part| piece(names, part)).collect();
            format!("\"{parts}\"")
        }
        ExprKind::If(condition, then, otherwise) => format!(
            "case {{ {} => {}  _ => {} }}",
            expr_of(names, condition),
            expr_of(names, then),
            expr_of(names, otherwise)
        ),
        ExprKind::Let { body, .. } => bare(names, body),
        ExprKind::Neg(_)
        | ExprKind::Not(_)
        | ExprKind::And(..)
        | ExprKind::Or(..)
        | ExprKind::Arith(..)
        | ExprKind::Compare(..)
        | ExprKind::Is { .. } => operator(names, &expr.kind),
    }
}

fn expr_of(names: &Names<'_>, inner: &Expr) -> String {
    write(names, inner, 0)
}

fn operator(names: &Names<'_>, kind: &ExprKind) -> String {
    let two = |left: &Expr, sign: &str, right: &Expr, strength: u8| {
        format!("{} {sign} {}", write(names, left, strength), write(names, right, strength + 1))
    };
    match kind {
        ExprKind::Neg(inner) => format!("-{}", write(names, inner, 8)),
        ExprKind::Not(inner) => match &inner.kind {
            ExprKind::Is { value, test } => {
                format!("{} is not {}", write(names, value, 5), tested(names, value, test))
            }
            _ => format!("not {}", write(names, inner, 4)),
        },
        ExprKind::And(left, right) => two(left, "and", right, 2),
        ExprKind::Or(left, right) => two(left, "or", right, 1),
        ExprKind::Arith(op, left, right) => match op {
            Arith::Add => two(left, "+", right, 5),
            Arith::Sub => two(left, "-", right, 5),
            Arith::Mul => two(left, "*", right, 6),
            Arith::Div => two(left, "/", right, 6),
        },
        ExprKind::Compare(op, left, right) => {
            format!("{} {} {}", write(names, left, 5), words::compare(*op), write(names, right, 5))
        }
        ExprKind::Is { value, test } => {
            format!("{} is {}", write(names, value, 5), tested(names, value, test))
        }
        _ => String::new(),
    }
}

fn tested(names: &Names<'_>, value: &Expr, test: &Test) -> String {
    match test {
        Test::Variant(variant) => names.variant_name(value.ty, *variant),
        Test::None => "none".to_owned(),
        Test::Equals(value) => words::constant(value),
        Test::Class(class) => class.map_or("Error", ErrorClass::name).to_owned(),
    }
}

fn list(names: &Names<'_>, items: &[Expr]) -> String {
    let items: Vec<String> = items.iter().map(|item| write(names, item, 0)).collect();
    items.join(", ")
}

fn record(names: &Names<'_>, ty: TypeId, values: &[Expr]) -> String {
    let (name, fields): (&str, &[Field]) = match names.inner(ty) {
        Type::Record(record) => (&record.name, &record.fields),
        _ => ("", &[]),
    };
    let field = |(value, field): (&Expr, &Field)| format!("{}: {}", field.name, write(names, value, 0));
    let parts: Vec<String> = values.iter().zip(fields).map(field).collect();
    format!("{name}({})", parts.join(", "))
}

fn builtin(names: &Names<'_>, op: Builtin, args: &[Expr], lambda: Option<&Lambda>) -> String {
    let name = words::builtin(op);
    let Some((receiver, rest)) = args.split_first() else {
        return name;
    };
    let mut given: Vec<String> = rest.iter().map(|arg| write(names, arg, 0)).collect();
    given.extend(
        lambda.map(|lambda| format!("{} => {}", words::local(lambda.param), write(names, &lambda.body, 0))),
    );
    let receiver = write(names, receiver, 8);
    if given.is_empty() {
        format!("{receiver}.{name}")
    } else {
        format!("{receiver}.{name}({})", given.join(", "))
    }
}

fn piece(names: &Names<'_>, part: &Part) -> String {
    match part {
        Part::Text(text) => text.replace('\n', " "),
        Part::Hole(value, _) => format!("{{{{{}}}}}", write(names, value, 0)),
        Part::Each { list, .. } => format!("{{{{each {}}}}}…", write(names, list, 0)),
        Part::If { condition, .. } => format!("{{{{if {}}}}}…", write(names, condition, 0)),
    }
}
