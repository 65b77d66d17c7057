//! FL0504 and FL0511: a model, or one it falls back to, cannot do what a prompt or resource asks of it.

use flow_diagnostics::{Diagnostic, Span};
use flow_grammar::ast::{self, ItemKind, SplitItem};
use flow_ir::bundle::Bundle;
use flow_ir::expr::{Expr, ExprKind, Part};
use flow_ir::setup::{Call, Callee, Capability, Confidence, MessageTemplate, Prompt};
use flow_ir::types::Type;
use flow_ir::{FlowId, ModelId, SplitId};

use crate::names::Item;
use crate::report;
use crate::trust::Places;

/// Something that a model must be able to do.
struct Need {
    capability: Capability,
    /// `` `triage` returns `Triage` ``.
    why: String,
}

/// Reports models that cannot do what they are used for.
pub(super) fn check(places: &Places<'_>, out: &mut Vec<Diagnostic>) {
    for Asked { at, call, ast, compared } in calls(places) {
        let (Callee::Prompt(id), Some(model)) = (call.callee, call.model) else { continue };
        let Some(prompt) = places.bundle.prompts.get(id.index()) else { continue };
        let span = at.span(ast.using.as_ref().map_or(ast.expr.span, |using| using.span));
        // Nobody reads the confidence of an answer that is only compared.
        let is_read = |need: &Need| !(compared && need.capability == Capability::Logprobs);
        for need in needs(places.bundle, prompt).into_iter().filter(is_read) {
            lacking(places, model, span, &need, out);
        }
    }
    for (index, resource) in (0_u32..).zip(&places.bundle.resources) {
        let (Some(model), Some(decl)) = (resource.embed, places.pkg.resources.get(index as usize)) else {
            continue;
        };
        let why = format!("`{}` finds by meaning", resource.name);
        lacking(places, model, decl.span, &Need { capability: Capability::Embed, why }, out);
    }
}

/// A call that is written.
struct Asked<'a> {
    at: report::At,
    call: &'a Call,
    ast: &'a ast::Call,
    /// Whether the answer is only compared with another one: the shadow of a split.
    compared: bool,
}

/// Every call that is written, of nodes and of arms.
fn calls<'a>(places: &Places<'a>) -> Vec<Asked<'a>> {
    let mut found = Vec::new();
    for (flow, id) in places.bundle.flows.iter().zip(0_u32..) {
        for (node, index) in flow.nodes.iter().zip(0_usize..) {
            for (at, call) in (0_u32..).zip(node.work.calls()) {
                let ast = places.call(FlowId(id), index, at);
                found.extend(ast.map(|(at, ast)| Asked { at, call, ast, compared: false }));
            }
        }
    }
    for (split, id) in places.bundle.splits.iter().zip(0_u32..) {
        let Some((at, ast::Item { kind: ItemKind::Split(ast), .. })) = places.item(Item::Split(SplitId(id)))
        else {
            continue;
        };
        let mut arms = split.arms.iter();
        let mut shadows = split.shadows.iter();
        for item in &ast.items {
            let lowered = match item {
                SplitItem::Arm { call, .. } => arms.next().map(|arm| (arm, call, false)),
                SplitItem::Shadow { call, .. } => shadows.next().map(|arm| (arm, call, true)),
                SplitItem::Setting(_) => None,
            };
            found.extend(lowered.map(|(arm, ast, compared)| Asked { at, call: &arm.call, ast, compared }));
        }
    }
    found
}

fn lacking(places: &Places<'_>, first: ModelId, span: Span, need: &Need, out: &mut Vec<Diagnostic>) {
    for (_, model, from) in super::chain(places.bundle, first) {
        if model.can.contains(&need.capability) {
            continue;
        }
        let from = from.map(|model| model.name.as_str());
        let found = match need.capability {
            Capability::Logprobs => report::rules::no_logprobs(span, &need.why, &model.name, from),
            capability => report::rules::cannot(span, &need.why, &model.name, capability, from),
        };
        out.push(found);
        return;
    }
}

fn needs(bundle: &Bundle, prompt: &Prompt) -> Vec<Need> {
    let mut needs = Vec::new();
    if !matches!(bundle.ty(prompt.ret), Type::Text { .. }) {
        let why = match bundle.ty(prompt.ret) {
            Type::Record(record) => format!("`{}` returns `{}`", prompt.name, record.name),
            Type::Enum(body) => format!("`{}` returns `{}`", prompt.name, body.name),
            _ => format!("`{}` returns more than text", prompt.name),
        };
        needs.push(Need { capability: Capability::Json, why });
    }
    if !prompt.tools.is_empty() {
        needs.push(Need { capability: Capability::Tools, why: format!("`{}` has tools", prompt.name) });
    }
    if matches!(prompt.confidence, Some(Confidence::Logprob(_))) {
        let why = format!("`{}` takes its confidence from `Logprob`", prompt.name);
        needs.push(Need { capability: Capability::Logprobs, why });
    }
    let mut media = Vec::new();
    for message in &prompt.messages {
        let (MessageTemplate::System(text)
        | MessageTemplate::User(text)
        | MessageTemplate::Assistant(text)
        | MessageTemplate::Turns(text)) = message;
        media_of(bundle, text, &mut media);
    }
    media.sort_unstable();
    media.dedup();
    for capability in media {
        let kind = format!("{capability:?}").to_lowercase();
        needs.push(Need {
            capability,
            why: format!("`{}` sends an {kind}", prompt.name).replace("an file", "a file"),
        });
    }
    needs
}

/// The media among the holes of a message.
fn media_of(bundle: &Bundle, text: &Expr, out: &mut Vec<Capability>) {
    match &text.kind {
        ExprKind::Template(parts) => media_of_parts(bundle, parts, out),
        _ => out.extend(media(bundle.ty(text.ty), bundle)),
    }
}

fn media_of_parts(bundle: &Bundle, parts: &[Part], out: &mut Vec<Capability>) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Hole(expr, _) => media_of(bundle, expr, out),
            Part::Each { body, .. } => media_of_parts(bundle, body, out),
            Part::If { then, otherwise, .. } => {
                media_of_parts(bundle, then, out);
                media_of_parts(bundle, otherwise, out);
            }
        }
    }
}

fn media(ty: &Type, bundle: &Bundle) -> Option<Capability> {
    match ty {
        Type::Image => Some(Capability::Image),
        Type::Audio => Some(Capability::Audio),
        Type::File => Some(Capability::File),
        Type::Optional { item } | Type::List { item, .. } => media(bundle.ty(*item), bundle),
        _ => None,
    }
}
