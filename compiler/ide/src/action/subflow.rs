//! Extract a subflow: the selected nodes become a flow of their own, and one node calls it.
//!
//! Offered where it changes nothing that happens: all ways into the selection lead to one node, and all ways out either
//! end the flow or lead to one other node. What the nodes read becomes the flow's parameters.

use flow_grammar::Span;
use flow_grammar::ast::{Edge, Flow, Guard, Item, ItemKind, Node, Target};

use super::{Action, ActionKind, insert, names};
use crate::Change;
use crate::package::View;
use crate::resolve::{Kind, Occurrence};

/// Asked about a node itself, these do not ask for its result.
const FACTS: [&str; 7] = ["confidence(", "cost(", "latency(", "messages(", "by(", "degraded(", "visited("];

/// Nodes of a flow that are selected.
struct Selection<'v> {
    view: &'v View,
    item: &'v Item,
    flow: &'v Flow,
    inside: Vec<&'v Node>,
    /// Where all ways in lead.
    first: &'v Node,
}

/// How the selection is left.
enum Way<'v> {
    /// Every way out ends the flow.
    Ends,
    /// Every way out leads to this node; behind it, at most one result of the selection is read.
    To(&'v str, Option<&'v Node>),
}

/// A parameter of the new flow.
struct Taken<'v> {
    name: &'v str,
    ty: String,
}

/// Moves the selected nodes into a flow.
pub(super) fn extract(view: &View, range: Span) -> Option<Action> {
    let selection = Selection::of(view, range)?;
    let way = selection.way_out()?;
    let taken = selection.taken()?;
    let flow = selection.flow;
    let declared: Vec<String> = names::visible(view).map(str::to_owned).collect();
    let wanted = format!("{}_{}", flow.name.text, selection.first.name.text);
    let name = names::numbered(&wanted, |name| !declared.iter().any(|other| other == name));
    let node = match &way {
        Way::To(_, Some(node)) => names::fresh(flow, &format!("{}_result", node.name.text)),
        Way::Ends | Way::To(_, None) => names::fresh(flow, &format!("{}_result", selection.first.name.text)),
    };
    let mut changes = selection.replaced(&way, &taken, &name, &node);
    changes.push(insert(view, selection.item.span.end, selection.written(&way, &taken, &name)?));
    changes.extend(selection.renamed(&way, &node));
    changes.sort();
    let title = format!("Extract {} into a flow, `{name}`", count(selection.inside.len()));
    Some(Action { title, kind: ActionKind::Extract, mends: None, changes })
}

fn count(nodes: usize) -> String {
    if nodes == 1 { "this node".to_owned() } else { format!("{nodes} nodes") }
}

impl<'v> Selection<'v> {
    fn of(view: &'v View, range: Span) -> Option<Self> {
        let (item, flow) = view.parsed.file.items.iter().find_map(|item| match &item.kind {
            ItemKind::Flow(flow) if item.span.start <= range.start && range.end <= item.span.end => {
                Some((item, flow))
            }
            _ => None,
        })?;
        let is_inside = |node: &&Node| range.start <= node.name.span.start && node.name.span.end <= range.end;
        let inside: Vec<&Node> = flow.nodes.iter().filter(is_inside).collect();
        if inside.is_empty() || inside.len() == flow.nodes.len() || range.start == range.end {
            return None;
        }
        let names = |node: &&str| inside.iter().any(|other| other.name.text == *node);
        let outside = flow.nodes.iter().filter(|node| !is_inside(node)).flat_map(|node| &node.edges);
        let mut entries: Vec<&str> =
            flow.entry.iter().chain(outside).filter_map(target).filter(names).collect();
        entries.sort_unstable();
        entries.dedup();
        let [only] = entries.as_slice() else { return None };
        let first = inside.iter().copied().find(|node| node.name.text == *only)?;
        let selection = Self { view, item, flow, inside, first };
        selection.is_private().then_some(selection)
    }

    /// Whether nobody outside of the flow knows the nodes: a test says `visited(find)`.
    fn is_private(&self) -> bool {
        let known = |use_: &&Occurrence| {
            use_.kind == Kind::Node
                && !self.item.span.touches(use_.span.start)
                && self.holds(use_.target.span)
        };
        !self.view.occurrences.iter().any(|use_| known(&use_))
    }

    fn holds(&self, span: Span) -> bool {
        self.inside.iter().any(|node| node.span.start <= span.start && span.end <= node.span.end)
    }

    fn way_out(&self) -> Option<Way<'v>> {
        let edges: Vec<&Edge> = self.inside.iter().flat_map(|node| &node.edges).collect();
        let leaves = |name: &&str| !self.inside.iter().any(|node| node.name.text == *name);
        let mut out: Vec<&'v str> =
            self.inside.iter().flat_map(|node| &node.edges).filter_map(target).filter(leaves).collect();
        out.sort_unstable();
        out.dedup();
        let read = self.read_outside();
        match out.as_slice() {
            [] if read.is_empty() => Some(Way::Ends),
            [only] if read.len() <= 1 && edges.iter().all(|edge| self.is_plain(edge, only)) => {
                Some(Way::To(only, read.first().copied()))
            }
            _ => None,
        }
    }

    /// Whether an edge stays inside, or leads out on a way on which there is a result and nothing is passed.
    fn is_plain(&self, edge: &Edge, out: &str) -> bool {
        match &edge.target {
            Target::Node { name, args, .. } if name.text == out => {
                args.is_none() && !matches!(edge.guard, Some(Guard::On(_)))
            }
            Target::Node { .. } => true,
            Target::Return(..) | Target::Fail(..) | Target::Missing(_) => false,
        }
    }

    /// Nodes of the selection whose results are read behind it.
    fn read_outside(&self) -> Vec<&'v Node> {
        let outside = |use_: &&Occurrence| {
            use_.kind == Kind::Node && self.item.span.touches(use_.span.start) && !self.holds(use_.span)
        };
        let is_read = |node: &&'v Node| {
            let reads = |use_: &Occurrence| use_.target.span == node.name.span && !self.is_arrow(use_.span);
            self.view.occurrences.iter().filter(outside).any(reads)
        };
        self.inside.iter().copied().filter(is_read).collect()
    }

    /// Whether a name stands behind an arrow.
    fn is_arrow(&self, span: Span) -> bool {
        let edges = self.flow.entry.iter().chain(self.flow.nodes.iter().flat_map(|node| &node.edges));
        edges.into_iter().any(|edge| matches!(&edge.target, Target::Node { name, .. } if name.span == span))
    }

    /// What the nodes read of the rest of the flow; `None` if that cannot be passed.
    fn taken(&self) -> Option<Vec<Taken<'v>>> {
        let mut taken: Vec<(Span, Taken<'v>)> = Vec::new();
        for use_ in self.view.occurrences.iter().filter(|use_| self.is_taken(use_)) {
            let before = self.view.text().get(..use_.span.start as usize).unwrap_or("");
            if FACTS.iter().any(|fact| before.ends_with(fact)) {
                return None;
            }
            if !taken.iter().any(|(target, _)| *target == use_.target.span) {
                let name = self.view.slice(use_.span);
                taken.push((use_.target.span, Taken { name, ty: self.type_of(use_)? }));
            }
        }
        Some(taken.into_iter().map(|(_, taken)| taken).collect())
    }

    fn is_taken(&self, use_: &Occurrence) -> bool {
        matches!(use_.kind, Kind::Node | Kind::Param)
            && self.holds(use_.span)
            && *use_.target.path == *self.view.path
            && self.item.span.touches(use_.target.span.start)
            && !self.holds(use_.target.span)
            && !self.is_arrow(use_.span)
            && !is_label(self.view, use_)
    }

    /// As it was written, or as it is known to be at every use.
    fn type_of(&self, use_: &Occurrence) -> Option<String> {
        let knowledge = &self.view.analysis.knowledge;
        let inner = self.flow.nodes.iter().flat_map(|node| node.params.iter().flatten());
        let param = self.flow.params.iter().chain(inner).find(|param| param.name.span == use_.target.span);
        let same = |other: &&Occurrence| other.target.span == use_.target.span && self.is_taken(other);
        let mut uses = self.view.occurrences.iter().filter(same);
        let is_there = uses.all(|other| knowledge.type_at(other.span).is_some_and(|ty| !ty.is_optional()));
        let written = match param {
            Some(param) => self.view.slice(param.ty.span).to_owned(),
            None => knowledge.declared_at(use_.span)?.text(),
        };
        Some(if is_there { written.trim_end_matches('?').to_owned() } else { written })
    }

    /// The new flow.
    fn written(&self, way: &Way<'_>, taken: &[Taken<'_>], name: &str) -> Option<String> {
        let own = self.first.params.iter().flatten();
        let own: Vec<(String, &str)> =
            own.map(|param| (self.passed(&param.name.text), self.view.slice(param.ty.span))).collect();
        let params = own.iter().map(|(name, ty)| format!("{name}: {ty}"));
        let params: Vec<String> =
            params.chain(taken.iter().map(|taken| format!("{}: {}", taken.name, taken.ty))).collect();
        let ret = match way {
            Way::Ends => self.flow.ret.as_ref().map(|ty| self.view.slice(ty.span).to_owned()),
            Way::To(_, Some(node)) => Some(self.view.analysis.knowledge.declared_at(node.name.span)?.text()),
            Way::To(_, None) => None,
        };
        let ret = ret.map(|ty| format!(": {ty}")).unwrap_or_default();
        let start = match own.as_slice() {
            [] => self.first.name.text.to_string(),
            some => {
                let names: Vec<&str> = some.iter().map(|(name, _)| name.as_str()).collect();
                format!("{}({})", self.first.name.text, names.join(", "))
            }
        };
        let nodes: Vec<String> = self.inside.iter().map(|node| self.moved(node, way)).collect();
        Some(format!(
            "\n\n/// A part of `{}`.\nflow {name}({}){ret} {{\n  -> {start}\n\n  {}\n}}",
            self.flow.name.text,
            params.join(", "),
            nodes.join("\n\n  "),
        ))
    }

    /// The name under which the new flow takes a parameter of its first node.
    fn passed(&self, param: &str) -> String {
        names::fresh(self.flow, &format!("{}_{param}", self.first.name.text))
    }

    /// A node as written; what led out returns.
    fn moved(&self, node: &Node, way: &Way<'_>) -> String {
        let whole = whole(node);
        let Way::To(out, read) = way else { return self.view.slice(whole).to_owned() };
        let mut text = String::new();
        let mut at = whole.start;
        for edge in &node.edges {
            if let Target::Node { name, span, .. } = &edge.target
                && name.text == *out
            {
                text.push_str(self.view.slice(Span::new(at, span.start)));
                text.push_str("return");
                read.iter().for_each(|read| text.push_str(&format!(" {}", read.name.text)));
                at = span.end;
            }
        }
        text.push_str(self.view.slice(Span::new(at, whole.end)));
        text
    }

    /// One node in the place of those that go.
    fn replaced(&self, way: &Way<'_>, taken: &[Taken<'_>], name: &str, node: &str) -> Vec<Change> {
        let own: Vec<&str> =
            self.first.params.iter().flatten().map(|param| param.name.text.as_str()).collect();
        let args: Vec<&str> = own.iter().copied().chain(taken.iter().map(|taken| taken.name)).collect();
        let params = match self.first.params.as_deref() {
            None | Some([]) => String::new(),
            Some(some) => {
                let params: Vec<&str> = some.iter().map(|param| self.view.slice(param.span)).collect();
                format!("({})", params.join(", "))
            }
        };
        let on = match way {
            Way::Ends if self.flow.ret.is_some() => format!("return {node}"),
            Way::Ends => "return".to_owned(),
            Way::To(out, _) => (*out).to_owned(),
        };
        let call = format!("node {node}{params} = {name}({})\n    -> {on}", args.join(", "));
        let mut call = Some(call);
        let change = |node: &&Node| {
            let mut span = whole(node);
            let text = call.take().unwrap_or_default();
            if text.is_empty() {
                let before = self.view.text().get(..span.start as usize).unwrap_or("");
                span.start = u32::try_from(before.trim_end().len()).unwrap_or(span.start);
            }
            Change { path: self.view.path.clone(), span, text }
        };
        self.inside.iter().map(change).collect()
    }

    /// What led in, and what is read behind, has another name now.
    fn renamed(&self, way: &Way<'_>, node: &str) -> Vec<Change> {
        let read = match way {
            Way::To(_, Some(read)) => Some(read.name.span),
            Way::Ends | Way::To(_, None) => None,
        };
        let is_it = |use_: &&Occurrence| {
            let arrow = use_.target.span == self.first.name.span && self.is_arrow(use_.span);
            let value = Some(use_.target.span) == read && !self.is_arrow(use_.span);
            self.item.span.touches(use_.span.start) && !self.holds(use_.span) && (arrow || value)
        };
        let uses = self.view.occurrences.iter().filter(is_it);
        uses.map(|use_| Change { path: self.view.path.clone(), span: use_.span, text: node.to_owned() })
            .collect()
    }
}

/// A node with its docs.
fn whole(node: &Node) -> Span {
    node.docs.first().map_or(node.span, |doc| doc.span.to(node.span))
}

fn target(edge: &Edge) -> Option<&str> {
    match &edge.target {
        Target::Node { name, .. } => Some(name.text.as_str()),
        Target::Return(..) | Target::Fail(..) | Target::Missing(_) => None,
    }
}

/// `top` in `search(text, top: 1)`.
fn is_label(view: &View, use_: &Occurrence) -> bool {
    let behind = view.text().get(use_.span.end as usize..).unwrap_or("");
    behind.starts_with(':')
}
