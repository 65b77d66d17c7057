//! Code actions: the compiler's fixes, and changes of shape.

mod approve;
mod bound;
mod edge;
mod extract;
mod missing;
mod names;
mod subflow;
mod test;

use std::collections::BTreeMap;

use flow_grammar::Span;

use crate::Change;
use crate::diagnose::Finding;
use crate::package::{Package, View};

/// What kind of change it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ActionKind {
    /// Mends a diagnostic.
    Fix,
    /// Moves code out.
    Extract,
    /// Any other change of shape.
    Rewrite,
}

/// A change that is offered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Action {
    /// As shown.
    pub title: String,
    /// What kind.
    pub kind: ActionKind,
    /// The code of the diagnostic that it mends, with its place.
    pub mends: Option<(&'static str, Span)>,
    /// All or none.
    pub changes: Vec<Change>,
}

/// Everything that can be done about a range. `findings` are those of the file.
#[must_use]
pub fn actions(package: &Package, view: &View, findings: &[Finding], range: Span) -> Vec<Action> {
    let mut found: Vec<Action> = Vec::new();
    let near = |span: Span| span.start <= range.end && range.start <= span.end;
    for finding in findings.iter().filter(|finding| near(finding.span)) {
        found.extend(fix(finding));
        found.extend(missing::edges(view, finding));
        found.extend(bound::edges(view, finding));
        found.extend(approve::insert_approval(package, view, finding));
    }
    found.extend(extract::node(view, range));
    found.extend(subflow::extract(view, range));
    found.extend(test::of_flow(package, view, range));
    found.extend(edge::test_of(package, view, range));
    found.extend(all_fixes(view, findings));
    found
}

fn fix(finding: &Finding) -> Option<Action> {
    let (title, changes) = finding.fix.clone()?;
    let mends = Some((finding.code.number, finding.span));
    Some(Action { title, kind: ActionKind::Fix, mends, changes })
}

/// All fixes of the file at once, if there are several and none touches another.
fn all_fixes(view: &View, findings: &[Finding]) -> Option<Action> {
    let fixes: Vec<&Vec<Change>> =
        findings.iter().filter_map(|found| found.fix.as_ref()).map(|fix| &fix.1).collect();
    let mut by_place: BTreeMap<(String, Span), Change> = BTreeMap::new();
    for change in fixes.iter().copied().flatten() {
        by_place.insert((change.path.clone(), change.span), change.clone());
    }
    let changes: Vec<Change> = by_place.into_values().collect();
    let apart = changes
        .iter()
        .zip(changes.iter().skip(1))
        .all(|(a, b)| a.path != b.path || a.span.end <= b.span.start);
    let title = format!("Apply all {} fixes in this file", fixes.len());
    let own = changes.iter().all(|change| change.path == view.path);
    (fixes.len() > 1 && apart && own).then_some(Action {
        title,
        kind: ActionKind::Rewrite,
        mends: None,
        changes,
    })
}

/// An insertion into the file of a view.
fn insert(view: &View, offset: u32, text: String) -> Change {
    Change { path: view.path.clone(), span: Span::new(offset, offset), text }
}
