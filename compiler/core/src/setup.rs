//! Set-ups: models, prompts, tools, people, resources, splits; one file per kind.
//!
//! Each kind has a closed list of settings. [`Settings`] reports what is unknown, repeated or missing and reads
//! values; a kind's file says what they mean.

mod gates;
mod human;
mod model;
mod prompt;
mod resource;
mod settings;
mod shadow;
mod split;
mod tool;

pub(crate) use human::lower as human;
pub(crate) use model::lower as model;
pub(crate) use prompt::lower as prompt;
pub(crate) use resource::lower as resource;
pub(crate) use settings::Settings;
pub(crate) use split::lower as split;
pub(crate) use tool::lower as tool;
pub(crate) use tool::method as http_method;

use flow_grammar::ast::{self, ExprKind as Ast};

use crate::expr::Elab;
use crate::package::Sig;
use crate::report;

/// A declaration that is being lowered.
#[derive(Clone, Copy)]
pub(crate) struct Decl<'a> {
    pub(crate) setup: &'a ast::Setup,
    pub(crate) item: &'a ast::Item,
    pub(crate) sig: &'a Sig,
}

/// A call as it stands behind `=`: `http.get("…")` is `["http", "get"]` with its arguments.
struct Source<'a> {
    path: Vec<&'a str>,
    args: &'a [ast::Arg],
    span: flow_grammar::Span,
}

fn source_call(source: &ast::Expr) -> Option<Source<'_>> {
    let Ast::Call { callee, args } = &source.kind else { return None };
    let path = match &callee.kind {
        Ast::Name(name) => vec![name.as_str()],
        Ast::Field { base, name } => match &base.kind {
            Ast::Name(root) => vec![root.as_str(), name.text.as_str()],
            _ => return None,
        },
        _ => return None,
    };
    Some(Source { path, args, span: callee.span })
}

impl Source<'_> {
    /// The argument at a position, if it is a value without a label.
    fn value(&self, index: usize) -> Option<&ast::Expr> {
        match self.args.get(index) {
            Some(ast::Arg { label: None, value: ast::ArgValue::Expr(value), .. }) => Some(value),
            _ => None,
        }
    }

    /// A plain text at a position; anything else is reported.
    fn text(&self, elab: &mut Elab<'_, '_>, index: usize, what: &str) -> smol_str::SmolStr {
        match self.value(index).map(|value| (&value.kind, value.span)) {
            Some((Ast::Text(text), span)) => match text.as_plain() {
                Some(plain) => plain,
                None => {
                    let span = elab.span(span);
                    let message = format!("{what} must be written out, without holes");
                    elab.out.push(report::names::wrong_setting(span, message, "write the text itself"));
                    smol_str::SmolStr::default()
                }
            },
            Some((Ast::Missing, _)) => smol_str::SmolStr::default(),
            _ => {
                let span = elab.span(self.span);
                let name = self.path.join(".");
                let message = format!("`{name}` wants {what} as a text");
                elab.out.push(report::names::wrong_setting(span, message, format!("`{name}(\"…\")`")));
                smol_str::SmolStr::default()
            }
        }
    }
}

/// FL0005 for a provider or transport that does not exist.
fn unknown_source(elab: &mut Elab<'_, '_>, source: &ast::Expr, known: &[&str]) {
    let (name, span) = match source_call(source) {
        Some(call) => (call.path.join("."), call.span),
        None => (crate::expr::describe(source).trim_matches('`').to_owned(), source.span),
    };
    let span = elab.span(span);
    let known = report::names::plain(known.iter().copied());
    elab.out.push(report::names::unknown(span, &name, &known));
}

/// The settings of a kind.
pub(crate) fn known(kind: ast::SetupKind) -> &'static [&'static str] {
    match kind {
        ast::SetupKind::Model => &model::SETTINGS,
        ast::SetupKind::Prompt => &prompt::SETTINGS,
        ast::SetupKind::Tool => &tool::SETTINGS,
        ast::SetupKind::Human => &human::SETTINGS,
        ast::SetupKind::Resource => &resource::SETTINGS,
    }
}

/// What may stand behind the `=` of a kind.
pub(crate) fn sources(kind: ast::SetupKind) -> Vec<&'static str> {
    match kind {
        ast::SetupKind::Model => model::providers(),
        ast::SetupKind::Prompt => vec!["registry"],
        ast::SetupKind::Tool => tool::TRANSPORTS.to_vec(),
        ast::SetupKind::Human | ast::SetupKind::Resource => Vec::new(),
    }
}
