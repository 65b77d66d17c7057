//! Signature help: the parameters of the call that is being typed.

use flow_grammar::Span;
use flow_grammar::ast::Param;
use flow_grammar::lexer::{self, Token, TokenKind};

use crate::decl::{self, Decl};
use crate::hover;
use crate::package::{Package, View};

/// A callable with the parameter at hand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    /// `triage(mail: Email): Triage`.
    pub label: String,
    /// What was written about it.
    pub docs: String,
    /// Each parameter's range in the label, in bytes.
    pub params: Vec<(usize, usize)>,
    /// Which parameter the cursor is at.
    pub active: usize,
}

/// The signature of the innermost call around an offset.
#[must_use]
pub fn signature(package: &Package, view: &View, offset: u32) -> Option<Signature> {
    let lexed = lexer::lex(view.text());
    let end = lexed.tokens.partition_point(|token| token.span.start < offset);
    let (open, commas) = opening(lexed.tokens.get(..end)?)?;
    let callee = lexed.tokens.get(open.checked_sub(1)?)?;
    let found = view.occurrences.iter().find(|found| found.span == callee.span)?;
    let label = label_before(view, lexed.tokens.get(open + 1..end)?);
    package.decl(&found.target, |decl, source| {
        let (params, docs) = match decl {
            Decl::Item(item) => (decl::params_of(item), decl::doc_text(&item.docs)),
            Decl::Variant(_, variant) => {
                (variant.params.as_deref().unwrap_or_default(), decl::doc_text(&variant.docs))
            }
            Decl::Node(node) => (node.params.as_deref().unwrap_or_default(), decl::doc_text(&node.docs)),
            _ => return None,
        };
        let name = view.slice(callee.span);
        let mut made = written(name, params, source, result(decl, source));
        let labelled = params.iter().position(|param| Some(param.name.text.as_str()) == label.as_deref());
        made.active = labelled.unwrap_or(commas);
        made.docs = docs;
        match decl {
            Decl::Item(item) if params.is_empty() => {
                fields(item, source).map(|fields| Signature { active: made.active, ..fields })
            }
            _ => Some(made),
        }
    })?
}

fn result(decl: Decl<'_>, source: &str) -> Option<String> {
    let ty = hover::written_type(decl)?;
    Some(source.get(ty.span.range())?.to_owned())
}

fn written(name: &str, params: &[Param], source: &str, result: Option<String>) -> Signature {
    let spans = params.iter().map(|param| param.span);
    assemble(name, spans, source, result)
}

/// A record's constructor takes its fields.
fn fields(item: &flow_grammar::ast::Item, source: &str) -> Option<Signature> {
    let flow_grammar::ast::ItemKind::Type(found) = &item.kind else { return None };
    let flow_grammar::ast::TypeBody::Record(fields) = &found.body else { return None };
    Some(assemble(&found.name.text, fields.iter().map(|field| field.span), source, None))
}

fn assemble(
    name: &str,
    spans: impl Iterator<Item = Span>,
    source: &str,
    result: Option<String>,
) -> Signature {
    let mut label = format!("{name}(");
    let mut params = Vec::new();
    for span in spans {
        if !params.is_empty() {
            label.push_str(", ");
        }
        let start = label.len();
        let text = source.get(span.range()).unwrap_or("");
        label.push_str(&text.split_whitespace().collect::<Vec<_>>().join(" "));
        params.push((start, label.len()));
    }
    label.push(')');
    if let Some(result) = result {
        label.push_str(&format!(": {result}"));
    }
    Signature { label, docs: String::new(), params, active: 0 }
}

/// The bracket that is still open at the end, and the commas behind it.
fn opening(tokens: &[Token]) -> Option<(usize, usize)> {
    let mut depth = 0_i32;
    let mut commas = 0;
    for (at, token) in tokens.iter().enumerate().rev() {
        match token.kind {
            TokenKind::ParenClose | TokenKind::SquareClose => depth += 1,
            TokenKind::CallOpen | TokenKind::ParenOpen if depth == 0 => return Some((at, commas)),
            TokenKind::CallOpen | TokenKind::ParenOpen | TokenKind::SquareOpen => depth -= 1,
            TokenKind::Comma if depth == 0 => commas += 1,
            TokenKind::BraceOpen | TokenKind::BraceClose | TokenKind::Arrow if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The label of the argument at hand: `top` in `search(text, top: 1`.
fn label_before(view: &View, tokens: &[Token]) -> Option<String> {
    let last = tokens.iter().rposition(|token| token.kind == TokenKind::Comma).map_or(0, |at| at + 1);
    match tokens.get(last..)? {
        [name, colon, ..] if colon.kind == TokenKind::Colon => Some(view.slice(name.span).to_owned()),
        _ => None,
    }
}
