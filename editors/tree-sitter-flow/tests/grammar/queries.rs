//! The queries compile, and none of their patterns is dead.

use tree_sitter::{Query, QueryCursor, StreamingIterator as _};

use crate::programs;
use crate::{generation, parse};

fn query(source: &str) -> Query {
    Query::new(&tree_sitter_flow::LANGUAGE.into(), source).unwrap_or_else(|error| panic!("{error}"))
}

/// The captures that a query names.
pub fn captures(source: &str) -> Vec<String> {
    query(source).capture_names().iter().map(|name| (*name).to_owned()).collect()
}

/// Every pattern matches something in some program.
fn no_pattern_is_dead(name: &str) {
    let path = generation::root().join("queries").join(name);
    let source = std::fs::read_to_string(&path).expect(name);
    let query = query(&source);
    let mut used = vec![false; query.pattern_count()];
    let mut programs = [programs::sources(), programs::corpus(), programs::book()].into_iter().flatten();
    while let Some(program) = programs.next().filter(|_| used.contains(&false)) {
        let tree = parse(&program.text);
        let mut cursor = QueryCursor::new();
        let mut matches = cursor.matches(&query, tree.root_node(), program.text.as_bytes());
        while let Some(found) = matches.next() {
            used[found.pattern_index] = true;
        }
    }
    let dead = used.iter().enumerate().filter(|(_, used)| !**used);
    let dead: Vec<&str> = dead
        .map(|(at, _)| source[query.start_byte_for_pattern(at)..].lines().next().unwrap_or_default())
        .collect();
    assert!(dead.is_empty(), "{name}: nothing matches {dead:#?}");
}

#[test]
fn highlights() {
    no_pattern_is_dead("highlights.scm");
}

#[test]
fn folds() {
    no_pattern_is_dead("folds.scm");
}

#[test]
fn indents() {
    no_pattern_is_dead("indents.scm");
}

#[test]
fn indents_of_helix() {
    no_pattern_is_dead("helix/indents.scm");
}

#[test]
fn locals() {
    no_pattern_is_dead("locals.scm");
}

#[test]
fn injections() {
    no_pattern_is_dead("injections.scm");
}
