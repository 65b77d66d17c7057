//! `human`.

use flow_grammar::ast::ExprKind as Ast;
use flow_ir::setup::Human;
use flow_ir::units::Usd;

use super::{Decl, Settings};
use crate::expr::{Elab, Why};
use crate::package::doc_text;
use crate::report;
use crate::types::Ty;

pub(super) static SETTINGS: [&str; 7] = ["role", "who", "title", "approves", "quorum", "remind", "cost"];

/// Lowers a human.
pub(crate) fn lower(elab: &mut Elab<'_, '_>, decl: Decl<'_>) -> Human {
    let settings = Settings::new(elab, "human", &decl.setup.settings, &SETTINGS);
    let role = settings.name(elab, "role");
    let mut text = |name: &'static str| {
        let value = settings.value(name)?;
        elab.scope.reset_locals();
        Some(elab.check(value, &Ty::TEXT, Why::Setting(name)))
    };
    let (title, who) = (text("title"), text("who"));
    if settings.get("role").is_none() && settings.get("who").is_none() {
        let span = elab.span(decl.setup.name.span);
        elab.out.push(report::names::missing_setting(span, &decl.sig.name, "role", "role: agent"));
    }
    let quorum = settings.count(elab, "quorum").unwrap_or(1);
    if let (0, Some(value)) = (quorum, settings.value("quorum")) {
        let span = elab.span(value.span);
        elab.out.push(report::names::bad_setting(span, "quorum", "one person or more", "2"));
    }
    Human {
        name: decl.sig.name.clone(),
        doc: doc_text(&decl.item.docs),
        params: elab.types.fields(&elab.pkg.defs, &decl.sig.params),
        ret: elab.types.exact(&elab.pkg.defs, &decl.sig.ret),
        role,
        title,
        who,
        approves: approves(elab, &settings, &decl.sig.ret),
        quorum,
        remind_ms: settings.ms(elab, "remind"),
        cost: settings.usd(elab, "cost").unwrap_or(Usd(0)),
    }
}

/// Positions of the variants that approve.
fn approves(elab: &mut Elab<'_, '_>, settings: &Settings<'_>, ret: &Ty) -> Vec<u32> {
    let Some(value) = settings.value("approves") else { return Vec::new() };
    let span = elab.span(value.span);
    let Ast::List(items) = &value.kind else {
        elab.out.push(report::names::bad_setting(span, "approves", "a list of answers", "[Approve]"));
        return Vec::new();
    };
    if elab.pkg.is_unknown(ret) {
        return Vec::new();
    }
    let variants = elab.pkg.enum_variants(ret).unwrap_or_default();
    let known: Vec<report::names::Candidate> =
        variants.iter().map(|variant| (variant.name.clone(), "")).collect();
    let mut found = Vec::new();
    for item in items {
        let span = elab.span(item.span);
        let name = match &item.kind {
            Ast::Upper(name) | Ast::Name(name) => name.clone(),
            _ => continue,
        };
        match (0u32..).zip(variants).find(|(_, variant)| variant.name == name) {
            Some((index, _)) => found.push(index),
            None => elab.out.push(report::types::bad_pattern(span, &name, &ret.to_string(), &known)),
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}
