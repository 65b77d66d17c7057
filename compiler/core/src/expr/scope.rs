//! What is visible where an expression stands.

use flow_ir::expr::Expr;
use flow_ir::testing::TestValue;
use flow_ir::{FlowId, LocalId, NodeId, SlotId};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::aggregate::EvalSlots;
use super::narrow::Fact;
use super::{Elab, Typed, describe};
use crate::graph::{self, Binding, Facts, FlowGraph, Known};
use crate::names::Item;
use crate::report;
use crate::types::Ty;
use flow_grammar::ast;
use flow_ir::expr::ExprKind;

/// Where an expression stands, which decides what it may do and how mistakes are worded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// Bodies of `fn` and `check`.
    Body,
    /// Messages of a prompt.
    Prompt,
    /// Settings and transports.
    Setting,
    Flow,
    Trigger,
    /// A `none` where a value is needed fails the test, so it needs no guard.
    Test,
}

/// A value that a name stands for.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) slot: SlotId,
    pub(crate) ty: Ty,
    /// The node that takes it as parameter, if it is one: siblings may share its name.
    pub(crate) owner: Option<NodeId>,
    /// Whether a model produced it.
    pub(crate) from_model: bool,
}

/// What node facts need to know about a node.
#[derive(Clone, Debug)]
pub(crate) struct NodeInfo {
    pub(crate) id: NodeId,
    /// The prompt that lacks a source of confidence; `Err` if the node asks no model at all.
    pub(crate) confidence: Result<Option<SmolStr>, ()>,
}

/// Slots that a test fills on demand.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestSlots {
    pub(crate) values: Vec<(TestValue, Ty)>,
    /// What there is besides in an `eval`.
    pub(crate) eval: Option<EvalSlots>,
}

/// The graph around a place of a flow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inside<'p> {
    pub(crate) graph: &'p FlowGraph<'p>,
    pub(crate) scope: &'p graph::Scope<'p>,
    pub(crate) facts: &'p Facts,
    pub(crate) place: graph::Place,
}

/// Everything visible at a place.
#[derive(Debug)]
pub(crate) struct Scope<'p> {
    pub(crate) place: Place,
    /// What messages call it: `triage`.
    pub(crate) owner: SmolStr,
    /// In the order of their owners: a name may be a parameter of thousands of nodes.
    pub(crate) values: FxHashMap<SmolStr, Vec<Value>>,
    pub(crate) locals: Vec<(SmolStr, LocalId, Ty)>,
    /// What the way to this place says.
    pub(crate) known: Option<Known<'p>>,
    /// What the expression itself says so far.
    pub(crate) facts: Vec<Fact>,
    pub(crate) nodes: FxHashMap<SmolStr, NodeInfo>,
    /// The graph around this place, in a flow.
    pub(crate) inside: Option<Inside<'p>>,
    /// Whether `error` exists here.
    pub(crate) has_error: bool,
    /// For tests.
    pub(crate) test: Option<TestSlots>,
    /// What the call under test gives.
    pub(crate) result: Option<Ty>,
    /// The flow under test.
    pub(crate) flow: Option<FlowId>,
    next_local: u32,
}

impl<'p> Scope<'p> {
    /// A scope with nothing in it.
    pub(crate) fn new(place: Place, owner: &str) -> Self {
        Self {
            place,
            owner: owner.into(),
            values: FxHashMap::default(),
            locals: Vec::new(),
            known: None,
            facts: Vec::new(),
            nodes: FxHashMap::default(),
            inside: None,
            result: None,
            flow: None,
            has_error: false,
            test: None,
            next_local: 0,
        }
    }

    /// A scope of parameters in slots 0, 1, ….
    pub(crate) fn of_params(place: Place, owner: &str, params: &[crate::types::FieldDef]) -> Self {
        let mut scope = Self::new(place, owner);
        for (slot, param) in (0u32..).zip(params) {
            scope.bind(&param.name, Value::plain(SlotId(slot), param.ty.clone()));
        }
        scope
    }

    /// Makes a name visible.
    pub(crate) fn bind(&mut self, name: &SmolStr, value: Value) {
        let values = self.values.entry(name.clone()).or_default();
        let at = values.partition_point(|other| other.owner <= value.owner);
        values.insert(at, value);
    }

    /// A binder that this scope has not used yet.
    pub(crate) fn fresh_local(&mut self) -> LocalId {
        self.next_local += 1;
        LocalId(self.next_local - 1)
    }

    /// Starts a new outermost expression: binders count from 0 again.
    pub(crate) fn reset_locals(&mut self) {
        self.next_local = 0;
        self.locals.clear();
    }

    /// The value of a name. Of several parameters of one name, the one that dominates this place.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        match self.values.get(name)?.as_slice() {
            [] => None,
            [only] => Some(only),
            several => {
                let binding = self.inside.and_then(|inside| inside.scope.resolve(name, inside.place));
                let owner = match binding {
                    Some(Binding::NodeParam(node, _)) => Some(NodeId(node.0)),
                    Some(Binding::FlowParam(_) | Binding::Result(_)) | None => None,
                };
                let at = several.partition_point(|value| value.owner < owner);
                several.get(at).filter(|value| value.owner == owner).or(several.first())
            }
        }
    }
}

impl Value {
    /// A parameter or another value that nothing more is known about.
    pub(crate) const fn plain(slot: SlotId, ty: Ty) -> Self {
        Self { slot, ty, owner: None, from_model: false }
    }
}

impl Elab<'_, '_> {
    /// A lower-case name as a value.
    pub(super) fn name(&mut self, expr: &ast::Expr, name: &SmolStr) -> Typed {
        let found = self.raw_name(expr, name);
        self.narrowed(expr, found)
    }

    /// The same without what is known at this place.
    pub(super) fn raw_name(&mut self, expr: &ast::Expr, name: &SmolStr) -> Typed {
        let local = self.scope.locals.iter().rev().find(|(bound, _, _)| bound == name);
        if let Some((_, id, ty)) = local.cloned() {
            self.pkg.record.declared(self.span(expr.span), &ty);
            return self.typed(ty, ExprKind::Local(id));
        }
        if let Some(value) = self.scope.value(name).cloned() {
            if self.pkg.is_unknown(&value.ty) {
                return self.poison();
            }
            self.pkg.record.declared(self.span(expr.span), &value.ty);
            return self.typed(value.ty, ExprKind::Slot(value.slot));
        }
        if let Some(found) = self.test_name(name) {
            return found;
        }
        self.no_value(expr, name);
        self.poison()
    }

    /// A name that is no value: says what it is instead.
    fn no_value(&mut self, expr: &ast::Expr, name: &SmolStr) {
        let span = self.span(expr.span);
        match self.names().find(name) {
            Some(Item::Broken) => {}
            Some(item @ Item::Fn(_)) => {
                let help = format!("call it: `{name}(…)`");
                self.out.push(report::types::not_a_value(span, name, item.noun(), &help));
            }
            Some(item) => {
                let help = "it can be called by a node, not passed on";
                self.out.push(report::types::not_a_value(span, name, item.noun(), help));
            }
            None if self.scope.nodes.contains_key(name) => {
                self.out.push(report::types::not_a_value(
                    span,
                    name,
                    "node without a result",
                    "use another node",
                ));
            }
            None => self.unknown_name(expr, name),
        }
    }

    fn unknown_name(&mut self, expr: &ast::Expr, name: &SmolStr) {
        if !self.reported.insert(name.clone()) {
            return;
        }
        let span = self.span(expr.span);
        if name == "error" {
            self.out.push(report::calls::no_error_here(span));
            return;
        }
        let mut candidates: Vec<report::names::Candidate> =
            self.scope.locals.iter().map(|(name, _, _)| (name.clone(), "")).collect();
        let mut values: Vec<_> = self.scope.values.keys().map(|name| (name.clone(), "")).collect();
        values.sort();
        candidates.extend(values);
        if self.scope.place == Place::Prompt {
            let owner = self.scope.owner.clone();
            self.out.push(report::prompts::unknown_in_template(span, name, &owner, &candidates));
            return;
        }
        candidates.extend(self.names().candidates(|item| matches!(item, Item::Resource(_) | Item::Fn(_))));
        self.out.push(report::names::unknown(span, name, &candidates));
    }

    /// FL0004 for a binder that hides a value.
    pub(super) fn shadowing(&mut self, name: &ast::Name) {
        let hidden = self.scope.locals.iter().any(|(bound, _, _)| *bound == name.text)
            || self.scope.values.contains_key(&name.text);
        if hidden && !name.is_missing() {
            let span = self.span(name.span);
            let place = format!("`{}`", self.scope.owner);
            self.out.push(report::names::hides(span, &name.text, &place));
        }
    }

    /// What an optional value is where it is known not to be `none`.
    pub(super) fn unwrapped(&mut self, found: Typed) -> Typed {
        let inner = found.ty.present().clone();
        self.typed(inner, ExprKind::Convert(Box::new(found.expr)))
    }

    /// Reports that a value may be `none`, or lets it pass in a test.
    pub(crate) fn demand_present(&mut self, found: Typed, expr: &ast::Expr) -> Typed {
        if !matches!(found.ty, Ty::Optional(_)) {
            return found;
        }
        if self.scope.place != Place::Test {
            let what = describe(expr);
            let help = self.none_help(&what);
            self.out.push(report::types::maybe_none(self.span(expr.span), &what, help));
            return self.poison();
        }
        self.unwrapped(found)
    }

    pub(super) fn none_help(&self, what: &str) -> String {
        let name = what.trim_matches('`');
        match self.scope.place {
            Place::Flow => format!("test it on the edge: `when {name} is not none`"),
            Place::Prompt => format!("`{{{{if {name} is not none}}}} … {{{{end}}}}`, or `{name}.or(…)`"),
            Place::Body | Place::Setting | Place::Trigger | Place::Test => {
                format!("test it first: `{name} is not none and …`, or `{name}.or(…)`")
            }
        }
    }

    /// A constant of the Bundle with its type, for callers that build expressions themselves.
    pub(crate) fn constant(&mut self, ty: Ty, value: flow_ir::expr::Const) -> Expr {
        self.typed(ty, ExprKind::Const(value)).expr
    }
}
