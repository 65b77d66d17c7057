//! FL0605: a role that `flow.toml` does not know.

use flow_diagnostics::{Diagnostic, Span};
use flow_grammar::ast;
use flow_ir::HumanId;

use crate::names::Item;
use crate::report;
use crate::trust::Places;

/// Reports people and triggers with such a role.
pub(super) fn check(places: &Places<'_>, out: &mut Vec<Diagnostic>) {
    if super::is_alone(places.pkg.manifest) {
        return;
    }
    for (index, human) in (0_u32..).zip(&places.bundle.humans) {
        let Some(role) = &human.role else { continue };
        if let Some((at, setup)) = places.setup(Item::Human(HumanId(index))) {
            let setting = setup.settings.iter().find(|setting| setting.name.text == "role");
            let span = at.span(setting.map_or(setup.name.span, |setting| value_span(&setting.value)));
            unknown(places, role, span, out);
        }
    }
    for (at, ast, trigger) in super::triggers(places) {
        for role in &trigger.allow {
            let span = super::setting(ast, "allow").map_or(ast.source.span, |arg| value_span(&arg.value));
            unknown(places, role, at.span(span), out);
        }
    }
}

fn unknown(places: &Places<'_>, role: &str, span: Span, out: &mut Vec<Diagnostic>) {
    let roles = &places.pkg.manifest.roles;
    if !role.is_empty() && !roles.iter().any(|known| known.name == role) {
        let known = report::names::plain(roles.iter().map(|known| known.name.as_str()));
        out.push(report::rules::unknown_role(span, role, &known));
    }
}

fn value_span(value: &ast::ArgValue) -> flow_grammar::Span {
    match value {
        ast::ArgValue::Expr(value) => value.span,
        ast::ArgValue::Lambda { span, .. } => *span,
    }
}
