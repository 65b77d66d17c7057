//! `split`.

use flow_grammar::ast::{self, SplitItem, Unit};
use flow_ir::expr::Const;
use flow_ir::setup::{Arm, Split};

use super::{Settings, gates, shadow};
use crate::callee;
use crate::expr::{Elab, Why};
use crate::package::Sig;
use crate::report;
use crate::types::{Fit, Ty, fit};

/// All calls, in hundredths of a percent.
const WHOLE: u32 = 10_000;

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
    let settings = Settings::new(elab, "split", &settings, &["key", "guard"]);
    let guard = gates::guard(elab, &settings);
    let key = key(elab, &settings, split, sig);
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
                shadow_only_watches(elab, call);
                shadows.extend(arm(elab, share, call, sig));
            }
            SplitItem::Setting(_) => {}
        }
    }
    shares(elab, split, &arms);
    Split {
        name: sig.name.clone(),
        params: elab.types.fields(&elab.pkg.defs, &sig.params),
        ret: elab.types.exact(&elab.pkg.defs, &sig.ret),
        key,
        arms,
        shadows,
        guard,
    }
}

/// FL0801.
fn shares(elab: &mut Elab<'_, '_>, split: &ast::Split, arms: &[Arm]) {
    let sum: u32 = arms.iter().map(|arm| arm.share).sum();
    if sum == WHOLE || arms.is_empty() {
        return;
    }
    let last = split.items.iter().rev().find_map(|item| match item {
        SplitItem::Arm { share, .. } => Some(elab.span(share.span)),
        SplitItem::Shadow { .. } | SplitItem::Setting(_) => None,
    });
    let others = sum - arms.last().map_or(0, |arm| arm.share);
    let rest = WHOLE.checked_sub(others).filter(|rest| *rest > 0).map(|rest| format!("{}%", percent(rest)));
    let span = elab.span(split.name.span);
    let sum = format!("{} %", percent(sum));
    elab.out.push(report::splits::shares(span, &split.name.text, &sum, last.zip(rest)));
}

/// FL0803.
fn shadow_only_watches(elab: &mut Elab<'_, '_>, call: &ast::Call) {
    let pkg = elab.pkg;
    let target = callee::target(&elab.names(), pkg, &call.expr);
    shadow::check(elab, call, target);
}

const fn item_span(item: &SplitItem) -> flow_grammar::Span {
    match item {
        SplitItem::Arm { share, .. } => share.span,
        SplitItem::Shadow { word, .. } => word.span,
        SplitItem::Setting(setting) => setting.span,
    }
}

fn percent(hundredths: u32) -> String {
    match hundredths % 100 {
        0 => (hundredths / 100).to_string(),
        rest => format!("{}.{rest:02}", hundredths / 100),
    }
}

fn key(
    elab: &mut Elab<'_, '_>,
    settings: &Settings<'_>,
    split: &ast::Split,
    sig: &Sig,
) -> flow_ir::expr::Expr {
    match settings.value("key") {
        Some(value) => {
            elab.scope.reset_locals();
            elab.check(value, &Ty::TEXT, Why::Setting("key"))
        }
        None => {
            if settings.get("key").is_none() {
                let span = elab.span(split.name.span);
                let first = split.items.first().map(|item| elab.span(item_span(item)));
                let likely = likely_key(elab, sig);
                elab.out.push(report::splits::no_key(span, &split.name.text, likely.as_deref(), first));
            }
            elab.constant(Ty::TEXT, Const::Text("".into()))
        }
    }
}

/// A text that may tell customers apart: a parameter, or a field of one, whose name says so, else the first there is.
fn likely_key(elab: &Elab<'_, '_>, sig: &Sig) -> Option<String> {
    let is_text = |ty: &Ty| matches!(ty, Ty::Text(_));
    let mut texts: Vec<String> = Vec::new();
    for param in &sig.params {
        if is_text(&param.ty) {
            texts.push(param.name.to_string());
        }
        let fields = elab.pkg.fields(&param.ty).unwrap_or(&[]);
        texts.extend(
            fields
                .iter()
                .filter(|field| is_text(&field.ty))
                .map(|field| format!("{}.{}", param.name, field.name)),
        );
    }
    let telling = ["customer", "user", "session", "tenant", "account", "id"];
    let by_name = telling.iter().find_map(|word| texts.iter().find(|text| text.contains(word)));
    by_name.or(texts.first()).cloned()
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
