//! The symbols of a package by name.

use crate::outline::{Symbol, outline};
use crate::package::Package;

/// A symbol with its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The file.
    pub path: String,
    /// What it is in.
    pub container: String,
    /// The symbol.
    pub symbol: Symbol,
}

/// Symbols whose names hold the letters of `query` in order, in any case; exact beginnings first.
#[must_use]
pub fn search(package: &Package, query: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let paths: Vec<&str> = package.paths().filter(|path| may_hold(package, path, query)).collect();
    for view in paths.into_iter().filter_map(|path| package.view(path)) {
        for symbol in outline(&view) {
            let children = symbol.children.iter().filter(|child| fits(&child.name, query)).map(|child| {
                Found { path: view.path.clone(), container: symbol.name.clone(), symbol: child.clone() }
            });
            found.extend(children);
            if fits(&symbol.name, query) {
                let container = package.module(&view.path).unwrap_or("").to_owned();
                found.push(Found { path: view.path.clone(), container, symbol });
            }
        }
    }
    let start = query.to_lowercase();
    found.sort_by_key(|found| {
        let name = found.symbol.name.to_lowercase();
        (!name.starts_with(&start), name.len(), found.path.clone(), found.symbol.span)
    });
    found
}

/// Analyses only files that can hold a name that fits.
fn may_hold(package: &Package, path: &str, query: &str) -> bool {
    package.source(path).is_some_and(|source| fits(&source.text, query))
}

fn fits(name: &str, query: &str) -> bool {
    let mut letters = name.chars().flat_map(char::to_lowercase);
    query.chars().flat_map(char::to_lowercase).all(|wanted| letters.any(|letter| letter == wanted))
}
