//! The text of a prompt that says its version: what is sent, as it is written.

use std::fmt::Write as _;

use flow_grammar::ast::{ArgValue, ExprKind as Ast, Setup, Template, TemplatePart};
use flow_ir::Digest;
use smol_str::SmolStr;

/// The settings that are messages.
const MESSAGES: [&str; 4] = ["system", "user", "assistant", "turns"];

/// What a prompt of its own says its version is, and where.
pub(super) fn version(setup: &Setup) -> Option<(SmolStr, flow_grammar::Span)> {
    let setting = setup.settings.iter().find(|setting| setting.name.text == "version")?;
    match &setting.value {
        ArgValue::Expr(value) if setup.source.is_none() => match &value.kind {
            Ast::Text(text) => Some((text.as_plain()?, value.span)),
            _ => None,
        },
        _ => None,
    }
}

/// The digest of all messages. How a hole is laid out does not matter.
pub(super) fn digest(setup: &Setup, source: &str) -> String {
    let mut text = String::new();
    for setting in &setup.settings {
        let ArgValue::Expr(value) = &setting.value else { continue };
        if !MESSAGES.contains(&setting.name.text.as_str()) {
            continue;
        }
        let _ = write!(text, "{}: ", setting.name.text);
        match &value.kind {
            Ast::Text(template) => write_template(template, source, &mut text),
            _ => text.push_str(&on_one_line(source, value.span)),
        }
        text.push('\n');
    }
    Digest::of(text.as_bytes()).to_string()
}

fn write_template(template: &Template, source: &str, out: &mut String) {
    for part in &template.parts {
        let span = match part {
            TemplatePart::Text { value, .. } => {
                out.push_str(value);
                continue;
            }
            TemplatePart::Hole(hole) => hole.span,
            TemplatePart::Each { span, .. } | TemplatePart::If { span, .. } => *span,
        };
        let _ = write!(out, "{{{{{}}}}}", on_one_line(source, span));
    }
}

fn on_one_line(source: &str, span: flow_grammar::Span) -> String {
    let text = source.get(span.range()).unwrap_or("");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
