//! A file is going to move: the imports that must follow.

use flow_grammar::ast::ItemKind;

use crate::Change;
use crate::package::Package;

/// The edits that make every import of the module of `path` one of `module` (`shop/models`).
#[must_use]
pub fn moved(package: &Package, path: &str, module: &str) -> Vec<Change> {
    let Some(before) = package.module(path).map(str::to_owned) else { return Vec::new() };
    let mut changes = Vec::new();
    for other in package.paths() {
        let Some(parsed) = package.parsed(other) else { continue };
        for item in &parsed.file.items {
            let ItemKind::Import(import) = &item.kind else { continue };
            let written = import.path.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join("/");
            let span = import.path.first().zip(import.path.last()).map(|(a, b)| a.span.to(b.span));
            if let (true, Some(span)) = (written == before, span) {
                changes.push(Change { path: other.to_owned(), span, text: module.to_owned() });
            }
        }
    }
    changes
}
