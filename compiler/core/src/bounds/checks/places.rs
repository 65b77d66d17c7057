//! Where things of the Bundle are written.

use flow_diagnostics::Span;
use flow_grammar::ast::{self, ItemKind};
use flow_ir::{FlowId, ModelId, NodeId, PromptId};
use rustc_hash::FxHashMap;

use crate::names::Item;
use crate::package::Package;
use crate::report::At;

/// The tree behind the ids of a Bundle.
pub(crate) struct Places<'p> {
    items: FxHashMap<Item, (At, &'p ast::Item)>,
}

impl<'p> Places<'p> {
    pub(crate) fn new(pkg: &Package<'p>) -> Self {
        let mut items = FxHashMap::default();
        for module in &pkg.modules {
            for (item, declared) in module.file.items.iter().zip(&module.items) {
                if let Some(declared) = declared {
                    items.insert(*declared, (module.at, item));
                }
            }
        }
        Self { items }
    }

    /// Of a Bundle whose tree is not there.
    pub(crate) fn nowhere() -> Self {
        Self { items: FxHashMap::default() }
    }

    pub(crate) fn flow(&self, id: FlowId) -> Option<(At, &'p ast::Flow)> {
        match self.items.get(&Item::Flow(id))? {
            (at, ast::Item { kind: ItemKind::Flow(flow), .. }) => Some((*at, flow)),
            _ => None,
        }
    }

    fn setup(&self, item: Item) -> Option<(At, &'p ast::Setup)> {
        match self.items.get(&item)? {
            (at, ast::Item { kind: ItemKind::Setup(setup), .. }) => Some((*at, setup)),
            _ => None,
        }
    }

    pub(crate) fn node(&self, flow: FlowId, node: NodeId) -> Option<(At, &'p ast::Node)> {
        let (at, flow) = self.flow(flow)?;
        Some((at, flow.nodes.get(node.index())?))
    }

    /// The amount of a `within` in one of these units, or the whole clause.
    pub(crate) fn limit(
        at: At,
        within: Option<&ast::Within>,
        is_meant: impl Fn(&ast::Limit) -> bool,
    ) -> Option<Span> {
        let within = within?;
        let found = within.limits.iter().find(|limit| is_meant(limit));
        Some(at.span(found.map_or(within.span, |limit| limit.quantity.span)))
    }

    /// The money limit of a flow.
    pub(crate) fn flow_money(&self, id: FlowId) -> Span {
        let found = self.flow(id).and_then(|(at, flow)| {
            Self::limit(at, flow.within.as_ref(), is_money).or_else(|| Some(at.span(flow.name.span)))
        });
        found.unwrap_or_default()
    }

    /// The clauses of a node: its own, and those of its calls in order.
    pub(crate) fn withins(node: &'p ast::Node) -> (Option<&'p ast::Within>, Vec<&'p ast::Call>) {
        match &node.work {
            None => (None, Vec::new()),
            Some(ast::Work::Call(call)) => (None, vec![call]),
            Some(ast::Work::All { branches, within, .. }) => {
                (within.as_ref(), branches.iter().map(|branch| &branch.call).collect())
            }
            Some(ast::Work::Each { call, within, .. }) => (within.as_ref(), vec![call]),
        }
    }

    /// Where a node calls something.
    pub(crate) fn call(&self, flow: FlowId, node: NodeId, index: usize) -> Span {
        let found = self.node(flow, node).map(|(at, node)| {
            let (_, calls) = Self::withins(node);
            at.span(calls.get(index).map_or(node.name.span, |call| call.expr.span))
        });
        found.unwrap_or_default()
    }

    pub(crate) fn node_name(&self, flow: FlowId, node: NodeId) -> Span {
        self.node(flow, node).map(|(at, node)| at.span(node.name.span)).unwrap_or_default()
    }

    pub(crate) fn model(&self, id: ModelId) -> Span {
        self.setup(Item::Model(id)).map(|(at, setup)| at.span(setup.name.span)).unwrap_or_default()
    }

    /// The declared result of a prompt.
    pub(crate) fn answer(&self, id: PromptId) -> Span {
        let found = self.setup(Item::Prompt(id));
        let span =
            |(at, setup): (At, &ast::Setup)| at.span(setup.ty.as_ref().map_or(setup.name.span, |ty| ty.span));
        found.map(span).unwrap_or_default()
    }

    /// The parameter of a prompt.
    pub(crate) fn param(&self, id: PromptId, index: u32) -> Option<Span> {
        let (at, setup) = self.setup(Item::Prompt(id))?;
        let param = setup.params.as_ref()?.get(index as usize)?;
        Some(at.span(param.span))
    }

    /// A setting of a prompt, or its name.
    pub(crate) fn setting(&self, id: PromptId, name: &str) -> Span {
        let found = self.setup(Item::Prompt(id));
        let span = |(at, setup): (At, &ast::Setup)| {
            let setting = setup.settings.iter().find(|setting| setting.name.text == name);
            at.span(setting.map_or(setup.name.span, |setting| setting.span))
        };
        found.map(span).unwrap_or_default()
    }
}

/// Whether a limit is one of money.
pub(crate) fn is_money(limit: &ast::Limit) -> bool {
    limit.label.is_none() && matches!(limit.quantity.unit, ast::Unit::Usd | ast::Unit::Eur | ast::Unit::Gbp)
}

/// Whether a limit is one of tokens.
pub(crate) fn is_tokens(limit: &ast::Limit) -> bool {
    limit.label.is_none() && limit.quantity.unit == ast::Unit::Tokens
}

/// Whether a limit is one of time.
pub(crate) fn is_time(limit: &ast::Limit) -> bool {
    limit.label.is_none() && crate::types::unit_ms(limit.quantity.unit).is_some()
}
