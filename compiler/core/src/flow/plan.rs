//! What each node calls, by name alone, and what that means for the graph.

use flow_grammar::ast;
use flow_ir::units::ErrorClass;
use smol_str::SmolStr;

use super::fallible::{arguments_may_fail, may_fail};
use crate::callee::{self, FlowClasses, Target};
use crate::expr::Scope;
use crate::graph::{self, AnswerField, Callees, ClassSet, FactPath, FlowGraph, NodeIx};
use crate::names::{Item, Names};
use crate::package::Package;
use crate::types::Ty;

/// What is known about a node before anything has a type.
#[derive(Clone, Debug)]
pub(crate) struct NodePlan {
    /// What its calls call, in order.
    pub(crate) targets: Vec<Target>,
    /// The classes that leave its work; `None` if nobody knows.
    pub(crate) raises: Option<ClassSet>,
    pub(crate) effect: Option<graph::Effect>,
    /// Whether there is a value to read.
    pub(crate) has_value: bool,
    /// Whether its value comes from a model.
    pub(crate) from_model: bool,
    /// Like [`crate::expr::NodeInfo::confidence`].
    pub(crate) confidence: Result<Option<SmolStr>, ()>,
}

/// Plans all nodes of a flow.
pub(super) fn plan(
    names: &mut Names<'_, '_>,
    pkg: &Package<'_>,
    flows: &FlowClasses,
    flow: &ast::Flow,
) -> Vec<NodePlan> {
    flow.nodes.iter().map(|node| plan_node(names, pkg, flows, node)).collect()
}

fn plan_node(
    names: &mut Names<'_, '_>,
    pkg: &Package<'_>,
    flows: &FlowClasses,
    node: &ast::Node,
) -> NodePlan {
    let (calls, list): (Vec<&ast::Call>, Option<&ast::Expr>) = match &node.work {
        None => (Vec::new(), None),
        Some(ast::Work::Call(call)) => (vec![call], None),
        Some(ast::Work::All { branches, .. }) => (branches.iter().map(|branch| &branch.call).collect(), None),
        Some(ast::Work::Each { call, list, .. }) => (vec![call], Some(list)),
    };
    let targets: Vec<Target> = calls.iter().map(|call| callee::target(names, pkg, &call.expr)).collect();
    let one_call = matches!(node.work, Some(ast::Work::Call(_)));
    let mut raises = Some(ClassSet::NONE);
    let mut effect = Some(graph::Effect::Pure);
    let mut has_value = !calls.is_empty();
    for (call, target) in calls.iter().zip(&targets) {
        raises = raises.zip(call_raises(pkg, flows, call, *target)).map(|(all, more)| all.and(more));
        effect = effect.zip(callee::effect(pkg, *target)).map(|(a, b)| stronger(a, b));
        let gives_nothing = callee::signature(pkg, *target).is_some_and(|(_, ret)| ret == Ty::Nothing);
        has_value &= !(one_call && (gives_nothing || matches!(target, Target::Sleep | Target::Tell)));
    }
    if list.is_some_and(may_fail) {
        raises = raises.map(|all| all.and(ClassSet::of(ErrorClass::Invalid)));
    }
    let only = if one_call { targets.first().copied() } else { None };
    NodePlan {
        raises,
        effect,
        has_value,
        from_model: matches!(only, Some(Target::Item(Item::Prompt(_) | Item::Split(_)))),
        confidence: confidence(pkg, only),
        targets,
    }
}

/// What a call raises: nothing that its `else` answers for.
fn call_raises(pkg: &Package<'_>, flows: &FlowClasses, call: &ast::Call, target: Target) -> Option<ClassSet> {
    if call.otherwise.is_some() {
        return Some(ClassSet::NONE);
    }
    let base = callee::raises(pkg, flows, target)?;
    let computed = if target == Target::Pure { may_fail(&call.expr) } else { arguments_may_fail(&call.expr) };
    if computed { Some(base.and(ClassSet::of(ErrorClass::Invalid))) } else { Some(base) }
}

fn stronger(a: graph::Effect, b: graph::Effect) -> graph::Effect {
    let rank = |effect| match effect {
        graph::Effect::Pure => 0,
        graph::Effect::Read => 1,
        graph::Effect::Check => 2,
        graph::Effect::Model => 3,
        graph::Effect::Human => 4,
        graph::Effect::Write => 5,
    };
    if rank(a) >= rank(b) { a } else { b }
}

fn confidence(pkg: &Package<'_>, target: Option<Target>) -> Result<Option<SmolStr>, ()> {
    let Some(Target::Item(item)) = target else {
        return if target == Some(Target::Broken) { Ok(None) } else { Err(()) };
    };
    match item {
        Item::Prompt(_) => {
            let says = callee::settings(pkg, item).iter().any(|setting| setting.name.text == "confidence");
            let name = pkg.sig(item).map(|sig| sig.name.clone());
            Ok(name.filter(|_| !says))
        }
        Item::Split(_) => {
            let mut lacking =
                callee::arms(pkg, item).filter_map(|arm| confidence(pkg, Some(arm)).ok().flatten());
            Ok(lacking.next())
        }
        _ => Err(()),
    }
}

/// What the graph asks about callables.
pub(super) struct Known<'a> {
    pub(super) pkg: &'a Package<'a>,
    pub(super) plans: &'a [NodePlan],
    pub(super) graph: &'a FlowGraph<'a>,
    pub(super) scope: &'a Scope<'a>,
}

impl Known<'_> {
    fn plan(&self, node: NodeIx) -> Option<&NodePlan> {
        self.plans.get(node.0 as usize)
    }

    /// The declared type of a path, narrowed to payloads where only one variant has the field.
    fn type_of(&self, path: &FactPath) -> Option<Ty> {
        let value = self.scope.values.get(&path.root)?.first()?;
        let mut ty = value.ty.clone();
        for field in &path.fields {
            ty = self.field_of(ty.present(), field)?;
        }
        Some(ty)
    }

    fn field_of(&self, ty: &Ty, field: &str) -> Option<Ty> {
        if let Ty::Anon(anon) = ty {
            return anon.fields.iter().find(|(name, _)| name == field).map(|(_, ty)| ty.clone());
        }
        if let Some(fields) = self.pkg.fields(ty) {
            let found = fields.iter().find(|other| other.name == field)?.ty.clone();
            return Some(if matches!(ty, Ty::Partial(_, _)) { found.optional() } else { found });
        }
        let variants = self.pkg.enum_variants(ty)?;
        let mut owners = variants.iter().flat_map(|variant| &variant.fields).filter(|f| f.name == field);
        let first = owners.next()?.ty.clone();
        if owners.next().is_some() { None } else { Some(first) }
    }
}

impl Callees for Known<'_> {
    fn raises(&self, node: NodeIx) -> Option<ClassSet> {
        self.plan(node)?.raises
    }

    fn effect(&self, node: NodeIx) -> Option<graph::Effect> {
        self.plan(node)?.effect
    }

    fn has_value(&self, node: NodeIx) -> bool {
        self.plan(node).is_some_and(|plan| plan.has_value)
    }

    fn cases(&self, path: &FactPath) -> Option<Vec<SmolStr>> {
        let ty = self.type_of(path)?;
        let mut cases: Vec<SmolStr> = match ty.present() {
            Ty::Bool => vec!["true".into(), "false".into()],
            inner => {
                let variants = self.pkg.enum_variants(inner);
                if variants.is_none() && !matches!(ty, Ty::Optional(_)) {
                    return None;
                }
                variants.unwrap_or_default().iter().map(|variant| variant.name.clone()).collect()
            }
        };
        if matches!(ty, Ty::Optional(_)) {
            // A value that is there has no name of its own unless it is an enum.
            if cases.is_empty() {
                return None;
            }
            cases.push("none".into());
        }
        Some(cases)
    }

    fn answer_fields(&self, node: NodeIx) -> Vec<AnswerField> {
        let Some(plan) = self.plan(node) else { return Vec::new() };
        let [Target::Item(item @ Item::Human(_))] = plan.targets.as_slice() else { return Vec::new() };
        if !matches!(self.graph.node(node).map(|node| &node.work), Some(Some(ast::Work::Call(_)))) {
            return Vec::new();
        }
        let ret = self.pkg.sig(*item).map(|sig| sig.ret.clone()).unwrap_or(Ty::Poison);
        let variants = self.pkg.enum_variants(&ret).unwrap_or_default();
        let fields = variants.iter().flat_map(|variant| {
            variant
                .fields
                .iter()
                .map(|field| AnswerField { variant: variant.name.clone(), field: field.name.clone() })
        });
        fields.collect()
    }
}
