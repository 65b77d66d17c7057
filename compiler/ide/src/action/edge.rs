//! A test that takes an edge: the answers that lead a flow from its start to the edge under the cursor.
//!
//! [`way`] finds the nodes on the way and what must be known of their results, [`sample`] writes values of which that
//! is known. What cannot be brought about by an answer (a function, a confidence) gives no test, and neither does what
//! would not compile.

mod sample;
mod want;
mod way;

use std::collections::BTreeSet;

use flow_grammar::Span;
use flow_grammar::ast::{Edge, Flow, Guard, Item, ItemKind, Node, Target};

use self::sample::Sampler;
use self::want::Wants;
use self::way::{Callee, Step};
use super::{Action, ActionKind, insert, names};
use crate::Change;
use crate::call::outgoing;
use crate::decl;
use crate::package::{Package, View};
use crate::resolve::Kind;

/// Offered on an edge.
pub(super) fn test_of(package: &Package, view: &View, range: Span) -> Option<Action> {
    let (item, flow, node, edge) = edge_at(view, range)?;
    let changes = way::ways(flow, node, edge).into_iter().find_map(|way| {
        let test = Written { package, view, item, flow, node, edge };
        let changes = test.changes(&way)?;
        package.is_right_with(&view.path, &changed(view.text(), &changes)?).then_some(changes)
    })?;
    let target = match &edge.target {
        Target::Node { name, .. } => name.text.as_str(),
        Target::Return(..) => "return",
        Target::Fail(..) => "fail",
        Target::Missing(_) => return None,
    };
    Some(Action {
        title: format!("Write a test that takes `{} -> {target}`", node.name.text),
        kind: ActionKind::Rewrite,
        mends: None,
        changes,
    })
}

fn edge_at(view: &View, range: Span) -> Option<(&Item, &Flow, &Node, &Edge)> {
    view.parsed.file.items.iter().find_map(|item| {
        let ItemKind::Flow(flow) = &item.kind else { return None };
        flow.nodes.iter().find_map(|node| {
            let is_it = |edge: &&Edge| edge.span.touches(range.start) && edge.span.touches(range.end);
            Some((item, flow, node, node.edges.iter().find(is_it)?))
        })
    })
}

/// A text with changes of it, which are sorted and apart.
fn changed(text: &str, changes: &[Change]) -> Option<String> {
    let mut new = String::with_capacity(text.len() + 512);
    let mut at = 0;
    for change in changes {
        new.push_str(text.get(at..change.span.start as usize)?);
        new.push_str(&change.text);
        at = change.span.end as usize;
    }
    new.push_str(text.get(at..)?);
    Some(new)
}

/// The test that is being written.
struct Written<'v> {
    package: &'v Package,
    view: &'v View,
    item: &'v Item,
    flow: &'v Flow,
    node: &'v Node,
    edge: &'v Edge,
}

impl Written<'_> {
    fn changes(&self, way: &[Step<'_>]) -> Option<Vec<Change>> {
        let wants = Wants::of(self.view, self.flow, way)?;
        let mut sampler = Sampler::new(self.package, self.view);
        let mut text = format!("\n\ntest {} {{\n", self.title());
        for (name, answer) in self.answers(way, &wants, &mut sampler)? {
            text.push_str(&format!("  given {name} = {answer}\n"));
        }
        let mut args = Vec::new();
        for param in &self.flow.params {
            args.push(sampler.value(&param.ty, &self.view.path, &wants.of_param(&param.name.text))?);
        }
        text.push_str(&format!("  when {}({})\n", self.flow.name.text, args.join(", ")));
        let seen = match &self.edge.target {
            Target::Node { name, .. } => &name.text,
            Target::Return(..) | Target::Fail(..) | Target::Missing(_) => &self.node.name.text,
        };
        text.push_str(&format!("  need visited({seen})\n}}"));
        let mut changes = sampler.imports();
        changes.push(insert(self.view, self.item.span.end, text));
        changes.sort();
        Some(changes)
    }

    /// What the title of no other test is.
    fn title(&self) -> String {
        let titles = self.view.parsed.file.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Test(test) => Some(self.view.slice(test.title.span)),
            _ => None,
        });
        let taken: Vec<&str> = titles.collect();
        let to = match &self.edge.target {
            Target::Node { name, .. } => format!("goes from {} to {}", self.node.name.text, name.text),
            Target::Return(..) => format!("returns behind {}", self.node.name.text),
            Target::Fail(..) | Target::Missing(_) => format!("fails behind {}", self.node.name.text),
        };
        let wanted = format!("{} {to}", self.flow.name.text);
        let free = names::numbered(&wanted, |title| !taken.contains(&format!("\"{title}\"").as_str()));
        format!("\"{free}\"")
    }

    /// What is asked on the way answers as wanted; what else would be asked of models and people answers something.
    fn answers(
        &self,
        way: &[Step<'_>],
        wants: &Wants,
        sampler: &mut Sampler<'_>,
    ) -> Option<Vec<(String, String)>> {
        let mut answers: Vec<(String, String)> = Vec::new();
        let mut known: BTreeSet<String> = BTreeSet::new();
        for callee in way.iter().flat_map(|step| way::callees(self.view, step.node)) {
            let answer = match wants.failure(callee.node) {
                Some(class) => Some(format!("fails({class})")),
                None => self.answer(&callee, wants, sampler)?,
            };
            match answer {
                Some(_) if known.contains(&callee.name) => return None,
                Some(answer) => answers.push((callee.name.clone(), answer)),
                None => continue,
            }
            known.insert(callee.name);
        }
        for call in outgoing(self.package, &self.view.here(self.flow.name.span)) {
            let asks = matches!(call.who.kind, Kind::Prompt | Kind::Human | Kind::Split | Kind::Flow);
            let is_other = asks && !known.contains(&call.who.name) && call.who.name != self.flow.name.text;
            if is_other && let Some(answer) = self.any_answer(&call.who.place, sampler) {
                answers.push((call.who.name, answer?));
            }
        }
        Some(answers)
    }

    /// The answer that a node's callee must give; `None` within if any does and the test's own will do.
    fn answer(
        &self,
        callee: &Callee<'_>,
        wants: &Wants,
        sampler: &mut Sampler<'_>,
    ) -> Option<Option<String>> {
        let wanted = wants.of_node(callee.node, callee.branch);
        let is_list = callee.branch == Some("");
        if is_list && !wanted.is_empty() {
            return None;
        }
        let Some(place) = &callee.place else {
            // The method of a resource: its type is not written here.
            return if wanted.is_empty() {
                Some(None)
            } else {
                wanted.only_none().then(|| Some("none".to_owned()))
            };
        };
        let asks = matches!(callee.kind, Kind::Prompt | Kind::Human | Kind::Split | Kind::Flow | Kind::Tool);
        // A tool that a test says nothing about answers something that fits.
        if !asks || (callee.kind == Kind::Tool && wanted.is_empty()) {
            return wanted.is_empty().then_some(None);
        }
        let ret = self.package.decl(place, |found, _| match found {
            decl::Decl::Item(item) => decl::result_of(item).cloned(),
            _ => None,
        })?;
        match ret {
            Some(ty) => {
                let value = sampler.value(&ty, &place.path, &wanted)?;
                Some(Some(match wants.is_sure(callee.node) {
                    Some(true) => format!("sure({value}, 0.99)"),
                    Some(false) => format!("sure({value}, 0.1)"),
                    None => value,
                }))
            }
            None => wanted.is_empty().then(|| Some("none".to_owned())),
        }
    }

    fn any_answer(&self, place: &crate::Place, sampler: &mut Sampler<'_>) -> Option<Option<String>> {
        let ret = self.package.decl(place, |found, _| match found {
            decl::Decl::Item(item) => decl::result_of(item).cloned(),
            _ => None,
        })?;
        match ret {
            Some(ty) => Some(sampler.value(&ty, &place.path, &want::Wanted::default())),
            None => Some(Some("none".to_owned())),
        }
    }
}

/// Whether an edge is taken on errors.
const fn is_error(edge: &Edge) -> bool {
    matches!(edge.guard, Some(Guard::On(_)))
}
