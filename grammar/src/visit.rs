//! Walks over the tree.

use crate::ast::{
    Arg, ArgValue, ArmTest, Call, Edge, Expr, ExprKind, Guard, Item, ItemKind, Node, SplitItem, Step, Target,
    Template, TemplatePart, Work,
};

/// Calls `see` for every expression of an item, outer ones first, in the order written.
pub fn exprs<'t>(item: &'t Item, see: &mut dyn FnMut(&'t Expr)) {
    match &item.kind {
        ItemKind::Import(_) | ItemKind::Type(_) | ItemKind::Enum(_) | ItemKind::Broken(_) => {}
        ItemKind::Fn(decl) => exprs_of(&decl.body, see),
        ItemKind::Check(decl) => decl.needs.iter().for_each(|need| in_need(need, see)),
        ItemKind::Setup(setup) => {
            setup.source.iter().for_each(|source| exprs_of(source, see));
            setup.settings.iter().for_each(|setting| in_value(&setting.value, see));
        }
        ItemKind::Split(split) => split.items.iter().for_each(|item| match item {
            SplitItem::Arm { call, .. } | SplitItem::Shadow { call, .. } => in_call(call, see),
            SplitItem::Setting(setting) => in_value(&setting.value, see),
        }),
        ItemKind::Flow(flow) => {
            flow.entry.iter().for_each(|edge| in_edge(edge, see));
            flow.nodes.iter().for_each(|node| in_node(node, see));
        }
        ItemKind::Trigger(trigger) => {
            exprs_of(&trigger.source, see);
            exprs_of(&trigger.target, see);
        }
        ItemKind::Test(test) => {
            in_template(&test.title, see);
            test.steps.iter().for_each(|step| in_step(step, see));
        }
    }
}

/// Calls `see` for `expr` and every expression in it, outer ones first, in the order written.
pub fn exprs_of<'t>(expr: &'t Expr, see: &mut dyn FnMut(&'t Expr)) {
    see(expr);
    match &expr.kind {
        ExprKind::Name(_)
        | ExprKind::Upper(_)
        | ExprKind::Number(_)
        | ExprKind::Quantity(_)
        | ExprKind::Bool(_)
        | ExprKind::None
        | ExprKind::Missing => {}
        ExprKind::Text(template) => in_template(template, see),
        ExprKind::List(items) => items.iter().for_each(|item| exprs_of(item, see)),
        ExprKind::Paren(inner) => exprs_of(inner, see),
        ExprKind::Field { base, .. } => exprs_of(base, see),
        ExprKind::Call { callee, args } => {
            exprs_of(callee, see);
            in_args(args, see);
        }
        ExprKind::Unary { operand, .. } => exprs_of(operand, see),
        ExprKind::Binary { left, right, .. } => {
            exprs_of(left, see);
            exprs_of(right, see);
        }
        ExprKind::Is { value, .. } => exprs_of(value, see),
        ExprKind::Case { scrutinee, arms } => {
            scrutinee.iter().for_each(|scrutinee| exprs_of(scrutinee, see));
            for arm in arms {
                if let ArmTest::Condition(condition) = &arm.test {
                    exprs_of(condition, see);
                }
                exprs_of(&arm.body, see);
            }
        }
    }
}

fn in_args<'t>(args: &'t [Arg], see: &mut dyn FnMut(&'t Expr)) {
    args.iter().for_each(|arg| in_value(&arg.value, see));
}

fn in_value<'t>(value: &'t ArgValue, see: &mut dyn FnMut(&'t Expr)) {
    match value {
        ArgValue::Expr(expr) => exprs_of(expr, see),
        ArgValue::Lambda { body, .. } => exprs_of(body, see),
    }
}

fn in_template<'t>(template: &'t Template, see: &mut dyn FnMut(&'t Expr)) {
    in_parts(&template.parts, see);
}

fn in_parts<'t>(parts: &'t [TemplatePart], see: &mut dyn FnMut(&'t Expr)) {
    for part in parts {
        match part {
            TemplatePart::Text { .. } => {}
            TemplatePart::Hole(expr) => exprs_of(expr, see),
            TemplatePart::Each { list, body, .. } => {
                exprs_of(list, see);
                in_parts(body, see);
            }
            TemplatePart::If { condition, then, otherwise, .. } => {
                exprs_of(condition, see);
                in_parts(then, see);
                in_parts(otherwise, see);
            }
        }
    }
}

fn in_call<'t>(call: &'t Call, see: &mut dyn FnMut(&'t Expr)) {
    exprs_of(&call.expr, see);
    call.otherwise.iter().for_each(|value| exprs_of(value, see));
}

fn in_need<'t>(need: &'t crate::ast::Need, see: &mut dyn FnMut(&'t Expr)) {
    exprs_of(&need.condition, see);
    need.message.iter().for_each(|message| in_template(message, see));
}

fn in_node<'t>(node: &'t Node, see: &mut dyn FnMut(&'t Expr)) {
    match &node.work {
        None => {}
        Some(Work::Call(call)) => in_call(call, see),
        Some(Work::All { branches, .. }) => branches.iter().for_each(|branch| in_call(&branch.call, see)),
        Some(Work::Each { list, call, .. }) => {
            exprs_of(list, see);
            in_call(call, see);
        }
    }
    node.edges.iter().for_each(|edge| in_edge(edge, see));
}

fn in_edge<'t>(edge: &'t Edge, see: &mut dyn FnMut(&'t Expr)) {
    match &edge.target {
        Target::Node { args, .. } => args.iter().for_each(|args| in_args(args, see)),
        Target::Return(value, _) | Target::Fail(value, _) => {
            value.iter().for_each(|value| exprs_of(value, see))
        }
        Target::Missing(_) => {}
    }
    if let Some(Guard::When(condition)) = &edge.guard {
        exprs_of(condition, see);
    }
}

fn in_step<'t>(step: &'t Step, see: &mut dyn FnMut(&'t Expr)) {
    match step {
        Step::Given { call, .. } | Step::When { call, .. } => in_call(call, see),
        Step::GivenIn { list, .. } => exprs_of(list, see),
        Step::Need(need) => in_need(need, see),
        Step::Setting(setting) => in_value(&setting.value, see),
    }
}
