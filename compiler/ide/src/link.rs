//! Links: imports to files, files that tests read.

use flow_grammar::Span;
use flow_grammar::ast::{ArgValue, ExprKind, ItemKind};
use flow_grammar::visit;

use crate::package::{Package, View};

/// A range that leads to a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Link {
    /// A file of the package or the library.
    Module(Span, String),
    /// A path as written, relative to the package: `cassette("answers")`, `sample("mail-1")` with what it may be.
    File(Span, Vec<String>),
}

/// The links of a file.
#[must_use]
pub fn links(package: &Package, view: &View) -> Vec<Link> {
    let mut found = Vec::new();
    for item in &view.parsed.file.items {
        if let ItemKind::Import(import) = &item.kind {
            let module = import.path.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join("/");
            let span = import.path.first().zip(import.path.last()).map(|(a, b)| a.span.to(b.span));
            if let (Some(path), Some(span)) = (package.file_of(&module), span) {
                found.push(Link::Module(span, path));
            }
        }
        visit::exprs(item, &mut |expr| found.extend(file(expr)));
    }
    found
}

fn file(expr: &flow_grammar::ast::Expr) -> Option<Link> {
    let ExprKind::Call { callee, args } = &expr.kind else { return None };
    let ExprKind::Name(name) = &callee.kind else { return None };
    let [flow_grammar::ast::Arg { value: ArgValue::Expr(value), .. }] = args.as_slice() else { return None };
    let ExprKind::Text(text) = &value.kind else { return None };
    let written = text.as_plain()?;
    let paths = match name.as_str() {
        "sample" => vec![format!("samples/{written}.json"), written.to_string()],
        "cassette" => {
            vec![format!("cassettes/{written}.json"), format!("cassettes/{written}"), written.to_string()]
        }
        _ => return None,
    };
    Some(Link::File(value.span, paths))
}
