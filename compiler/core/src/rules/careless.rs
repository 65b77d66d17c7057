//! FL0707: a check makes something trusted that it never looks at.

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::ItemKind;
use flow_ir::CheckId;
use flow_ir::expr::{Expr, ExprKind};
use flow_ir::setup::Check;
use flow_ir::types::Type;

use crate::names::Item;
use crate::report;
use crate::trust::Places;

/// What the needs of a check read of its first parameter.
#[derive(Default)]
struct Looks {
    whole: bool,
    fields: Vec<u32>,
}

/// Reports such checks.
pub(super) fn check(places: &Places<'_>, out: &mut Vec<Diagnostic>) {
    for (index, check) in (0_u32..).zip(&places.bundle.checks).filter(|(_, check)| check.trusted) {
        let Some(first) = check.params.first() else { continue };
        let unread = unread(places, check, &looks(check));
        let Some((at, item)) = places.item(Item::Check(CheckId(index))) else { continue };
        let ItemKind::Check(ast) = &item.kind else { continue };
        let span = at.span(ast.params.first().map_or(ast.name.span, |param| param.name.span));
        for field in unread {
            let path =
                field.map_or_else(|| first.name.to_string(), |field| format!("{}.{field}", first.name));
            out.push(report::rules::careless_check(span, &check.name, &path));
        }
    }
}

/// Fields that nothing looks at; `None` is all of it.
fn unread<'a>(places: &Places<'a>, check: &'a Check, looks: &Looks) -> Vec<Option<&'a str>> {
    let Some(first) = check.params.first().filter(|_| !looks.whole) else { return Vec::new() };
    match places.bundle.ty(first.ty) {
        _ if looks.fields.is_empty() => vec![None],
        Type::Record(record) => (0_u32..)
            .zip(&record.fields)
            .filter(|(index, field)| !field.labels.trusted && !looks.fields.contains(index))
            .map(|(_, field)| Some(field.name.as_str()))
            .collect(),
        _ => Vec::new(),
    }
}

fn looks(check: &Check) -> Looks {
    let mut looks = Looks::default();
    check.needs.iter().for_each(|need| look(&need.condition, &mut looks));
    looks
}

fn look(expr: &Expr, out: &mut Looks) {
    match &expr.kind {
        ExprKind::Slot(slot) => out.whole |= slot.0 == 0,
        ExprKind::Field { base, field } => match &base.kind {
            ExprKind::Slot(slot) if slot.0 == 0 => out.fields.push(*field),
            _ => look(base, out),
        },
        _ => expr.children().into_iter().for_each(|part| look(part, out)),
    }
}
