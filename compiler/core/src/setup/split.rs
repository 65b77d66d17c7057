//! `split`.

use flow_grammar::ast::{self, SplitItem, Unit};
use flow_ir::expr::Const;
use flow_ir::setup::{Arm, Split};

use super::Settings;
use crate::callee;
use crate::expr::{Elab, Why};
use crate::package::Sig;
use crate::report;
use crate::types::{Fit, Ty, fit};

/// Lowers a split.
pub(crate) fn lower(elab: &mut Elab<'_, '_>, split: &ast::Split, sig: &Sig) -> Split {
    let settings: Vec<ast::Setting> = split
        .items
        .iter()
        .filter_map(|item| match item {
            SplitItem::Setting(setting) => Some(setting.clone()),
            SplitItem::Arm { .. } | SplitItem::Shadow { .. } => None,
        })
        .collect();
    let settings = Settings::new(elab, "split", &settings, &["key"]);
    let key = key(elab, &settings, split);
    let mut arms = Vec::new();
    let mut shadows = Vec::new();
    for item in &split.items {
        match item {
            SplitItem::Arm { share, call } => arms.extend(arm(elab, share, call, sig)),
            SplitItem::Shadow { word, share, call } => {
                if word.text != "shadow" && !word.is_missing() {
                    let span = elab.span(word.span);
                    let known = report::names::plain(["shadow"]);
                    elab.out.push(report::names::unknown_setting(span, &word.text, "split", &known));
                }
                shadows.extend(arm(elab, share, call, sig));
            }
            SplitItem::Setting(_) => {}
        }
    }
    let sum: u32 = arms.iter().map(|arm: &Arm| arm.share).sum();
    if sum != 10_000 && !arms.is_empty() {
        let span = elab.span(split.name.span);
        let message = format!("the shares of `{}` add up to {} %", sig.name, percent(sum));
        elab.out.push(report::names::wrong_setting(span, message, "make them 100 % together"));
    }
    Split {
        name: sig.name.clone(),
        params: elab.types.fields(&elab.pkg.defs, &sig.params),
        ret: elab.types.exact(&elab.pkg.defs, &sig.ret),
        key,
        arms,
        shadows,
    }
}

fn percent(hundredths: u32) -> String {
    match hundredths % 100 {
        0 => (hundredths / 100).to_string(),
        rest => format!("{}.{rest:02}", hundredths / 100),
    }
}

fn key(elab: &mut Elab<'_, '_>, settings: &Settings<'_>, split: &ast::Split) -> flow_ir::expr::Expr {
    match settings.value("key") {
        Some(value) => {
            elab.scope.reset_locals();
            elab.check(value, &Ty::TEXT, Why::Setting("key"))
        }
        None => {
            if settings.get("key").is_none() {
                let span = elab.span(split.name.span);
                let example = "key: ticket.customer";
                elab.out.push(report::names::missing_setting(span, &split.name.text, "key", example));
            }
            elab.constant(Ty::TEXT, Const::Text("".into()))
        }
    }
}

fn arm(elab: &mut Elab<'_, '_>, share: &ast::Quantity, call: &ast::Call, sig: &Sig) -> Option<Arm> {
    let span = elab.span(share.span);
    let hundredths = match share.unit {
        Unit::Percent => u32::try_from(share.number.micros / 10_000).ok().filter(|share| *share <= 10_000),
        _ => None,
    };
    if hundredths.is_none() {
        elab.out.push(report::names::wrong_setting(span, "a share is a percentage", "for example `95%`"));
    }
    elab.scope.reset_locals();
    let pkg = elab.pkg;
    let target = callee::target(&elab.names(), pkg, &call.expr);
    let (lowered, ty) = elab.work_call(call, target);
    if fit(&ty, &sig.ret) > Fit::Convert && !pkg.is_unknown(&ty) {
        let span = elab.span(call.span);
        let subject = format!("an arm of `{}` gives", sig.name);
        elab.out.push(report::types::mismatch(span, &subject, &sig.ret.to_string(), &ty.to_string()));
    }
    Some(Arm { share: hundredths?, call: lowered })
}
