//! `resource`.

use flow_grammar::ast::{self, ArgValue, ExprKind as Ast};
use flow_ir::expr::Expr;
use flow_ir::setup::{Resource, ResourceKind, SearchMode};
use flow_ir::{LocalId, ModelId};

use super::{Settings, model};
use crate::expr::{Elab, Typed, Why};
use crate::package::ResourceDecl;
use crate::report;
use crate::types::Ty;

pub(super) static SETTINGS: [&str; 7] = ["keep", "match", "embed", "mode", "text", "shared", "region"];

/// Lowers a resource.
pub(crate) fn lower(elab: &mut Elab<'_, '_>, setup: &ast::Setup, decl: &ResourceDecl) -> Resource {
    let settings = Settings::new(elab, "resource", &setup.settings, &SETTINGS);
    let kind = decl.kind.unwrap_or(ResourceKind::Memory);
    let embed = settings.value("embed").and_then(|value| model::model_name(elab, value));
    let modes =
        [("Keyword", SearchMode::Keyword), ("Vector", SearchMode::Vector), ("Hybrid", SearchMode::Hybrid)];
    let mode = settings.choice(elab, "mode", &modes).unwrap_or_default();
    let similar = similar(elab, &settings);
    if decl.kind.is_some() {
        needs_embedding(elab, setup, &settings, (kind, mode, similar, embed));
    }
    Resource {
        name: setup.name.text.clone(),
        kind,
        item: elab.types.exact(&elab.pkg.defs, &decl.item),
        keep_ms: settings.ms(elab, "keep"),
        similar,
        embed,
        mode,
        text: text(elab, &settings, &decl.item),
        shared: settings.flag(elab, "shared").unwrap_or(false),
        region: settings.text(elab, "region"),
    }
}

/// FL0022: what compares meanings needs a model that turns text into vectors.
fn needs_embedding(
    elab: &mut Elab<'_, '_>,
    setup: &ast::Setup,
    settings: &Settings<'_>,
    (kind, mode, similar, embed): (ResourceKind, SearchMode, Option<u32>, Option<ModelId>),
) {
    let by_meaning = match kind {
        ResourceKind::Index => mode != SearchMode::Keyword,
        ResourceKind::Cache => similar.is_some(),
        ResourceKind::Memory
        | ResourceKind::Slots
        | ResourceKind::Queue
        | ResourceKind::Topic
        | ResourceKind::Events
        | ResourceKind::Dataset => false,
    };
    if by_meaning && embed.is_none() && settings.get("embed").is_none() {
        let span = elab.span(setup.name.span);
        elab.out.push(report::names::missing_setting(span, &setup.name.text, "embed", "embed: small"));
    }
}

/// `match: Similar(0.96)`, in millionths; `match: Exact` is `None`.
fn similar(elab: &mut Elab<'_, '_>, settings: &Settings<'_>) -> Option<u32> {
    let value = settings.value("match")?;
    let share = match &value.kind {
        Ast::Upper(name) if name == "Exact" => return None,
        Ast::Call { callee, args } => match (&callee.kind, args.first().map(|arg| &arg.value)) {
            (Ast::Upper(name), Some(ArgValue::Expr(ast::Expr { kind: Ast::Number(number), .. })))
                if name == "Similar" && args.len() == 1 =>
            {
                u32::try_from(number.micros).ok().filter(|micros| *micros <= 1_000_000)
            }
            _ => None,
        },
        _ => None,
    };
    if share.is_none() {
        let span = elab.span(value.span);
        let wants = "`Exact`, or `Similar` with a share in 0..1";
        elab.out.push(report::names::bad_setting(span, "match", wants, "Similar(0.96)"));
    }
    share
}

/// `text: c => "{{c.title}} {{c.body}}"`.
fn text(elab: &mut Elab<'_, '_>, settings: &Settings<'_>, item: &Ty) -> Option<(LocalId, Expr)> {
    let setting = settings.get("text")?;
    match &setting.value {
        ArgValue::Lambda { param, body, .. } => {
            elab.scope.reset_locals();
            let (lambda, ty) = elab.lambda(param, body, item, Some(&Ty::TEXT));
            let found = Typed { expr: lambda.body, ty };
            Some((lambda.param, elab.coerce(found, &Ty::TEXT, body, Why::Setting("text"))))
        }
        ArgValue::Expr(value) => {
            let span = elab.span(value.span);
            elab.out.push(report::types::lambda_argument(span, "text", true));
            None
        }
    }
}
