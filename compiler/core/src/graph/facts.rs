//! Narrowing: what the way to a place says about values.
//!
//! Each edge carries facts: what its condition tests, and that the conditions above it did not hold. Facts at a
//! node are what all ways to it agree on; entering a node forgets what was known about its own result and
//! parameters, since they are about to change. A spent `max` edge is skipped, so it never removes anything from the
//! edges below it:
//!
//! ```text
//! -> send(draft) when ask is Approve
//! -> rewrite when ask is Reject max 2
//! -> escalate(ask)                    // not Approve, but `ask` may still be Reject
//! ```

use std::collections::BTreeSet;

use flow_grammar::ast::{BinaryOp, Expr, ExprKind, Guard, PatternKind, UnaryOp};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::trie::Trie;
use super::{Cases, EdgeIx, FlowGraph, NodeIx, Vertex};

/// A name with fields behind it: `sort.intent`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FactPath {
    /// The name.
    pub root: SmolStr,
    /// The fields, outermost first.
    pub fields: Vec<SmolStr>,
}

impl FactPath {
    /// The path an expression spells, if it is one.
    #[must_use]
    pub fn of(expr: &Expr) -> Option<Self> {
        let mut fields = Vec::new();
        let mut at = expr;
        loop {
            match &at.kind {
                ExprKind::Name(root) => {
                    fields.reverse();
                    return (!root.is_empty()).then(|| Self { root: root.clone(), fields });
                }
                ExprKind::Field { base, name } => {
                    fields.push(name.text.clone());
                    at = base;
                }
                ExprKind::Paren(inner) => at = inner,
                _ => return None,
            }
        }
    }
}

impl std::fmt::Display for FactPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.root)?;
        self.fields.iter().try_for_each(|field| write!(f, ".{field}"))
    }
}

/// What a condition says about values, if it holds or if it does not.
#[must_use]
pub fn constraints(condition: &Expr, holds: bool) -> Vec<(FactPath, Cases)> {
    match &condition.kind {
        ExprKind::Paren(inner) => constraints(inner, holds),
        ExprKind::Unary { op: UnaryOp::Not, operand } => constraints(operand, !holds),
        ExprKind::Is { value, negated, pattern } => atom(value, &pattern.kind, holds != *negated),
        ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right, .. } => {
            let (left, right) = (constraints(left, holds), constraints(right, holds));
            if (*op == BinaryOp::And) == holds { both(left, right) } else { agreed(&left, &right) }
        }
        _ => Vec::new(),
    }
}

fn atom(value: &Expr, pattern: &PatternKind, holds: bool) -> Vec<(FactPath, Cases)> {
    let case = match pattern {
        PatternKind::Variant(name) => name.clone(),
        PatternKind::None => SmolStr::new_static("none"),
        PatternKind::Bool(true) => SmolStr::new_static("true"),
        PatternKind::Bool(false) => SmolStr::new_static("false"),
        PatternKind::Text(_) | PatternKind::Number(_) | PatternKind::Any | PatternKind::Missing => {
            return Vec::new();
        }
    };
    let cases = if holds { Cases::only(case) } else { Cases::except(case) };
    FactPath::of(value).map(|path| (path, cases)).into_iter().collect()
}

fn both(mut left: Vec<(FactPath, Cases)>, right: Vec<(FactPath, Cases)>) -> Vec<(FactPath, Cases)> {
    for (path, cases) in right {
        match left.iter_mut().find(|(other, _)| *other == path) {
            Some((_, known)) => *known = known.and(&cases),
            None => left.push((path, cases)),
        }
    }
    left
}

fn agreed(left: &[(FactPath, Cases)], right: &[(FactPath, Cases)]) -> Vec<(FactPath, Cases)> {
    let other = |path: &FactPath| right.iter().find(|(other, _)| other == path);
    left.iter().filter_map(|(path, cases)| Some((path.clone(), cases.or(&other(path)?.1)))).collect()
}

type Map = Trie<Cases>;

/// What is known at every place of a flow.
#[derive(Debug, Default)]
pub struct Facts {
    paths: FxHashMap<FactPath, u32>,
    names: Vec<FactPath>,
    roots: FxHashMap<SmolStr, Vec<u32>>,
    conditions: Vec<Condition>,
    /// Per vertex, after its own names were forgotten; `None` where no sure way leads.
    nodes: Vec<Option<Map>>,
    /// Per edge, when its condition is looked at and when it held; `None` if it is never looked at or taken.
    before: Vec<Option<Map>>,
    taken: Vec<Option<Map>>,
    /// Per vertex, when no edge was taken; `None` if one surely is.
    rest: Vec<Option<Map>>,
}

/// An edge's condition as numbers of paths.
#[derive(Debug, Default)]
struct Condition {
    holds: Vec<(u32, Cases)>,
    fails: Vec<(u32, Cases)>,
}

impl Facts {
    /// Finds out what is known where.
    #[must_use]
    pub fn new(graph: &FlowGraph<'_>) -> Self {
        let mut facts = Self::default();
        let edges = graph.edges().count();
        facts.nodes = vec![None; graph.size()];
        facts.rest = vec![None; graph.size()];
        facts.before = vec![None; edges];
        facts.taken = vec![None; edges];
        for (_, edge) in graph.edges() {
            let condition = match &edge.ast.guard {
                Some(Guard::When(condition)) if edge.is_normal() => {
                    facts.number(condition, edge.ast.max.is_some())
                }
                _ => Condition::default(),
            };
            facts.conditions.push(condition);
        }
        facts.settle(graph);
        facts
    }

    fn number(&mut self, condition: &Expr, has_max: bool) -> Condition {
        let holds = constraints(condition, true);
        let fails = if has_max { Vec::new() } else { constraints(condition, false) };
        Condition { holds: self.intern(holds), fails: self.intern(fails) }
    }

    fn intern(&mut self, list: Vec<(FactPath, Cases)>) -> Vec<(u32, Cases)> {
        list.into_iter().map(|(path, cases)| (self.id(path), cases)).collect()
    }

    fn id(&mut self, path: FactPath) -> u32 {
        if let Some(id) = self.paths.get(&path) {
            return *id;
        }
        let id = self.names.len() as u32;
        self.roots.entry(path.root.clone()).or_default().push(id);
        self.names.push(path.clone());
        self.paths.insert(path, id);
        id
    }

    /// Walks the graph in its order, and again along loops, until nothing changes. Facts only get fewer.
    fn settle(&mut self, graph: &FlowGraph<'_>) {
        let mut place = vec![0_u32; graph.size()];
        for (at, vertex) in graph.order().iter().enumerate() {
            if let Some(slot) = place.get_mut(vertex.slot()) {
                *slot = at as u32;
            }
        }
        if let Some(entry) = self.nodes.first_mut() {
            *entry = Some(Map::default());
        }
        let mut todo = BTreeSet::from([0_u32]);
        while let Some(at) = todo.pop_first() {
            let Some(vertex) = graph.order().get(at as usize) else { continue };
            for target in self.leave(graph, *vertex) {
                todo.extend(place.get(target.slot()));
            }
        }
    }

    /// Computes what the edges of a vertex carry; gives the targets that know less than before.
    fn leave(&mut self, graph: &FlowGraph<'_>, vertex: Vertex) -> Vec<Vertex> {
        let Some(start) = self.nodes.get(vertex.slot()).cloned().flatten() else { return Vec::new() };
        let mut open = Some(start.clone());
        let mut changed = Vec::new();
        for (ix, edge) in graph.outgoing(vertex) {
            let slot = ix.0 as usize;
            let (before, taken) = if edge.is_normal() {
                let before = open.take();
                let taken = before.as_ref().and_then(|map| self.assume(slot, map, true));
                open = before
                    .as_ref()
                    .filter(|_| !edge.is_unconditional())
                    .and_then(|map| self.assume(slot, map, false));
                (before, taken)
            } else {
                (Some(start.clone()), Some(start.clone()))
            };
            let arrives = taken.clone().filter(|_| edge.certain);
            set(&mut self.before, slot, before);
            set(&mut self.taken, slot, taken);
            if let (Some(map), Some(to)) = (arrives, edge.to) {
                changed.extend(self.arrive(graph, to, map).then_some(to));
            }
        }
        set(&mut self.rest, vertex.slot(), open);
        changed
    }

    /// What is known when the condition of an edge held or did not; `None` if that cannot be.
    fn assume(&self, edge: usize, map: &Map, holds: bool) -> Option<Map> {
        let condition = self.conditions.get(edge)?;
        let mut map = map.clone();
        for (path, cases) in if holds { &condition.holds } else { &condition.fails } {
            let known = map.get(*path).map_or_else(|| cases.clone(), |known| known.and(cases));
            if known == Cases::In(Vec::new()) {
                return None;
            }
            map.insert(*path, known);
        }
        Some(map)
    }

    fn arrive(&mut self, graph: &FlowGraph<'_>, to: Vertex, mut map: Map) -> bool {
        let node = to.node().and_then(|ix| graph.node(ix));
        let params = node.iter().flat_map(|node| node.params.iter().flatten()).map(|param| &param.name.text);
        for root in node.iter().map(|node| &node.name.text).chain(params) {
            self.roots.get(root).into_iter().flatten().for_each(|path| map.remove(*path));
        }
        let Some(slot) = self.nodes.get_mut(to.slot()) else { return false };
        let joined = slot.as_ref().map_or_else(|| map.clone(), |old| old.common(&map, &agree));
        let is_news = slot.as_ref().is_none_or(|old| !old.same(&joined));
        *slot = Some(joined);
        is_news
    }

    /// What is known in the work of a node.
    #[must_use]
    pub fn at_node(&self, node: NodeIx) -> Known<'_> {
        self.known(self.nodes.get(Vertex::from(node).slot()))
    }

    /// What is known when the condition of an edge is looked at: those above did not hold.
    #[must_use]
    pub fn before_edge(&self, edge: EdgeIx) -> Known<'_> {
        self.known(self.before.get(edge.0 as usize))
    }

    /// What is known in the arguments or the result of an edge: its condition held.
    #[must_use]
    pub fn on_edge(&self, edge: EdgeIx) -> Known<'_> {
        self.known(self.taken.get(edge.0 as usize))
    }

    /// What is known when no edge of a vertex was taken.
    pub(super) fn at_the_end(&self, vertex: Vertex) -> Known<'_> {
        self.known(self.rest.get(vertex.slot()))
    }

    /// Paths that edges of a vertex test.
    pub(super) fn tested<'f>(
        &'f self,
        graph: &'f FlowGraph<'_>,
        vertex: Vertex,
    ) -> impl Iterator<Item = (EdgeIx, &'f FactPath, &'f Cases)> {
        graph.outgoing(vertex).flat_map(move |(ix, _)| {
            let condition = self.conditions.get(ix.0 as usize);
            let holds = condition.map_or(&[][..], |condition| condition.holds.as_slice());
            holds.iter().filter_map(move |(path, cases)| Some((ix, self.names.get(*path as usize)?, cases)))
        })
    }

    /// Of the sure edges into a node those on which `path` may be something that `suits` refuses, and how many
    /// edges there are. Where all of them are in the dark, looks further up, to where some of the ways know.
    #[must_use]
    pub fn unaware(
        &self,
        graph: &FlowGraph<'_>,
        node: NodeIx,
        path: &FactPath,
        suits: impl Fn(&Cases) -> bool,
    ) -> (NodeIx, usize, Vec<EdgeIx>) {
        let mut at = node;
        for _ in 0..64 {
            let edges: Vec<EdgeIx> =
                graph.incoming(at.into()).filter(|(_, edge)| edge.certain).map(|(ix, _)| ix).collect();
            let is_dark = |ix: &EdgeIx| !self.on_edge(*ix).cases(path).is_some_and(|cases| suits(&cases));
            let dark: Vec<EdgeIx> = edges.iter().copied().filter(is_dark).collect();
            let above = match edges.as_slice() {
                [only] if !dark.is_empty() => graph.edge(*only).and_then(|edge| edge.from.node()),
                _ => None,
            };
            match above.filter(|above| graph.name((*above).into()) != path.root) {
                Some(above) => at = above,
                None => return (at, edges.len(), dark),
            }
        }
        (node, 0, Vec::new())
    }

    fn known(&self, map: Option<&Option<Map>>) -> Known<'_> {
        Known { facts: self, map: map.cloned().flatten(), more: Vec::new() }
    }
}

fn set<T>(list: &mut [T], slot: usize, value: T) {
    if let Some(place) = list.get_mut(slot) {
        *place = value;
    }
}

fn agree(a: &Cases, b: &Cases) -> Option<Cases> {
    Some(a.or(b)).filter(|cases| !cases.is_anything())
}

/// What is known at one place; can be told more, for the parts of an expression behind an `and` or in a `case`.
#[derive(Clone, Debug)]
pub struct Known<'f> {
    facts: &'f Facts,
    map: Option<Map>,
    more: Vec<(FactPath, Cases)>,
}

impl Known<'_> {
    /// What the value of a path can be; `None` if nothing is known. At a place that no sure way leads to the
    /// answer is `In([])`, which suits everything: what is wrong there was reported elsewhere.
    #[must_use]
    pub fn cases(&self, path: &FactPath) -> Option<Cases> {
        let Some(map) = &self.map else { return Some(Cases::In(Vec::new())) };
        let base = self.facts.paths.get(path).and_then(|id| map.get(*id)).cloned();
        let more = self.more.iter().filter(|(other, _)| other == path).map(|(_, cases)| cases);
        more.fold(base, |known, cases| Some(known.map_or_else(|| cases.clone(), |known| known.and(cases))))
    }

    /// Every path of which something is known, with what is known.
    pub fn entries(&self) -> impl Iterator<Item = (&FactPath, Cases)> {
        let ids = self.map.iter().flat_map(Map::iter).map(|(id, _)| id);
        let base = ids.filter_map(|id| self.facts.names.get(id as usize));
        let is_known = |path: &FactPath| {
            self.map
                .as_ref()
                .is_some_and(|map| self.facts.paths.get(path).is_some_and(|id| map.get(*id).is_some()))
        };
        let mut added: Vec<&FactPath> =
            self.more.iter().map(|(path, _)| path).filter(|path| !is_known(path)).collect();
        added.dedup();
        base.chain(added).filter_map(|path| Some((path, self.cases(path)?)))
    }

    /// Adds what a condition says.
    pub fn assume(&mut self, condition: &Expr, holds: bool) {
        self.more.extend(constraints(condition, holds));
    }

    /// Adds what is known about a path.
    pub fn learn(&mut self, path: FactPath, cases: Cases) {
        self.more.push((path, cases));
    }

    /// Forgets what was added after there were `len` additions, as [`Known::additions`] said.
    pub fn forget(&mut self, len: usize) {
        self.more.truncate(len);
    }

    /// How many additions there are.
    #[must_use]
    pub fn additions(&self) -> usize {
        self.more.len()
    }

    /// Whether no sure way leads here.
    #[must_use]
    pub fn is_nowhere(&self) -> bool {
        self.map.is_none()
    }
}
