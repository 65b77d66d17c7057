//! What must be known of results so that a way is taken.

use std::collections::BTreeMap;

use flow_compiler::vocabulary;
use flow_grammar::ast::{Arg, ArgValue, BinaryOp, Expr, ExprKind, Flow, Guard, PatternKind, Target, UnaryOp};

use super::is_error;
use super::way::Step;
use crate::package::View;

/// What is wanted of one value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Want {
    /// `is Spam`, `is none`, `is true`, as written.
    Is(Pattern),
    /// `is not Spam`.
    Not(Pattern),
}

/// What can be tested.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Pattern {
    None,
    Bool(bool),
    Variant(String),
    /// A number or a string as written.
    Literal(String),
}

/// What is wanted of a value and of its parts, by the names that lead to them.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    rows: Vec<(Vec<String>, Want)>,
}

impl Wanted {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether all that is wanted is that there is no value.
    pub(super) fn only_none(&self) -> bool {
        self.here().all(|want| *want == Want::Is(Pattern::None))
            && self.rows.iter().all(|(at, _)| at.is_empty())
    }

    /// What is wanted of the value itself.
    pub(super) fn here(&self) -> impl Iterator<Item = &Want> {
        self.rows.iter().filter(|(at, _)| at.is_empty()).map(|(_, want)| want)
    }

    /// What is wanted of a part.
    pub(super) fn part(&self, name: &str) -> Self {
        let inside = self.rows.iter().filter(|(at, _)| at.first().is_some_and(|first| first == name));
        Self { rows: inside.map(|(at, want)| (at.iter().skip(1).cloned().collect(), want.clone())).collect() }
    }

    /// The parts of which something is wanted.
    pub(super) fn parts(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(|(at, _)| at.first().map(String::as_str))
    }

    /// Whether it is wanted that there is a value.
    pub(super) fn is_there(&self) -> bool {
        self.here().any(|want| *want != Want::Is(Pattern::None)) || self.parts().next().is_some()
    }
}

/// A value that a flow can look at.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Root {
    Param(String),
    Node(String),
}

/// What is wanted of all values, and who must fail.
pub(super) struct Wants {
    of: BTreeMap<Root, Wanted>,
    failures: BTreeMap<String, String>,
    /// Whether a model must be sure of what it says, by node.
    sure: BTreeMap<String, bool>,
}

impl Wants {
    /// What must be known so that a way is taken; `None` if answers cannot bring that about.
    pub(super) fn of(view: &View, flow: &Flow, way: &[Step<'_>]) -> Option<Self> {
        let mut wants = Self { of: BTreeMap::new(), failures: BTreeMap::new(), sure: BTreeMap::new() };
        let first = way.first()?;
        for (at, step) in way.iter().enumerate() {
            let here = Here { flow, way: way.get(..=at)? };
            if at == 0 {
                let entry = Here { flow, way: &[] };
                wants.leaves(&entry, flow.entry.iter().filter(|edge| !is_error(edge)), first.by)?;
            }
            if let Some(Guard::On(classes)) = &step.on.guard {
                let classes: Vec<&str> = classes.iter().map(|name| name.text.as_str()).collect();
                wants.fails(view, step, &classes)?;
            } else {
                wants.leaves(&here, step.node.edges.iter().filter(|edge| !is_error(edge)), step.on)?;
            }
        }
        Some(wants)
    }

    pub(super) fn of_param(&self, name: &str) -> Wanted {
        self.of.get(&Root::Param(name.to_owned())).cloned().unwrap_or_default()
    }

    /// Of what a node gives, or one of its branches.
    pub(super) fn of_node(&self, name: &str, branch: Option<&str>) -> Wanted {
        let all = self.of.get(&Root::Node(name.to_owned())).cloned().unwrap_or_default();
        match branch {
            None => all,
            // A result of `each` is a list; what is wanted of one cannot be wanted of an element.
            Some("") => all,
            Some(branch) => all.part(branch),
        }
    }

    /// The class that a node must fail with.
    pub(super) fn failure(&self, node: &str) -> Option<&str> {
        self.failures.get(node).map(String::as_str)
    }

    /// Whether a model must be sure, or must not be.
    pub(super) fn is_sure(&self, node: &str) -> Option<bool> {
        self.sure.get(node).copied()
    }

    fn fails(&mut self, view: &View, step: &Step<'_>, classes: &[&str]) -> Option<()> {
        let raises = view.analysis.knowledge.raises(step.node.name.span)?;
        let names: Vec<&str> = raises.iter().map(flow_ir::units::ErrorClass::name).collect();
        let before = step.node.edges.iter().take_while(|edge| edge.span != step.on.span);
        let earlier: Vec<&str> = before
            .filter_map(|edge| match &edge.guard {
                Some(Guard::On(names)) => Some(names),
                Some(Guard::When(_)) | None => None,
            })
            .flatten()
            .map(|name| name.text.as_str())
            .collect();
        let fits = |class: &&str| {
            names.contains(class)
                && !earlier.contains(class)
                && (classes.contains(class) || classes.contains(&"Error"))
                && *class != "Budget"
        };
        let class = vocabulary::error_classes().find(fits)?;
        self.failures.insert(step.node.name.text.to_string(), class.to_owned());
        Some(())
    }

    /// Of edges that are tried from the top, this one is taken.
    fn leaves<'e>(
        &mut self,
        here: &Here<'_>,
        edges: impl Iterator<Item = &'e flow_grammar::ast::Edge>,
        taken: &flow_grammar::ast::Edge,
    ) -> Option<()> {
        for edge in edges {
            let is_taken = edge.span == taken.span;
            match &edge.guard {
                Some(Guard::When(condition)) => self.holds(here, condition, is_taken)?,
                // An edge above that is always taken.
                Some(Guard::On(_)) | None if !is_taken => return None,
                Some(Guard::On(_)) | None => {}
            }
            if is_taken {
                return Some(());
            }
        }
        None
    }

    /// A condition is true, or false.
    fn holds(&mut self, here: &Here<'_>, condition: &Expr, wanted: bool) -> Option<()> {
        match &condition.kind {
            ExprKind::Paren(inner) => self.holds(here, inner, wanted),
            ExprKind::Unary { op: UnaryOp::Not, operand } => self.holds(here, operand, !wanted),
            ExprKind::Binary { op: BinaryOp::And, left, right, .. } if wanted => {
                self.holds(here, left, true)?;
                self.holds(here, right, true)
            }
            ExprKind::Binary { op: BinaryOp::Or, left, right, .. } if !wanted => {
                self.holds(here, left, false)?;
                self.holds(here, right, false)
            }
            ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, left, right, .. } => {
                self.either(here, (left, right), wanted)
            }
            ExprKind::Binary { op: BinaryOp::Eq | BinaryOp::Ne, left, right, .. } => {
                let equal = matches!(&condition.kind, ExprKind::Binary { op: BinaryOp::Eq, .. }) == wanted;
                let literal = literal(right)?;
                self.add(here.path(left)?, if equal { Want::Is(literal) } else { Want::Not(literal) })
            }
            ExprKind::Binary { op, left, right, .. } => self.compares(here, *op, (left, right), wanted),
            ExprKind::Is { value, negated, pattern } => {
                let pattern = match &pattern.kind {
                    PatternKind::Variant(name) => Pattern::Variant(name.to_string()),
                    PatternKind::None => Pattern::None,
                    PatternKind::Bool(value) => Pattern::Bool(*value),
                    _ => return None,
                };
                let want = if wanted == *negated { Want::Not(pattern) } else { Want::Is(pattern) };
                self.add(here.path(value)?, want)
            }
            ExprKind::Bool(value) => (*value == wanted).then_some(()),
            ExprKind::Name(_) | ExprKind::Field { .. } => {
                self.add(here.path(condition)?, Want::Is(Pattern::Bool(wanted)))
            }
            _ => None,
        }
    }

    /// `confidence(sort) >= 0.9`, `score < 3`.
    fn compares(
        &mut self,
        here: &Here<'_>,
        op: BinaryOp,
        (left, right): (&Expr, &Expr),
        wanted: bool,
    ) -> Option<()> {
        let is_high = match op {
            BinaryOp::Ge | BinaryOp::Gt => wanted,
            BinaryOp::Le | BinaryOp::Lt => !wanted,
            _ => return None,
        };
        let ExprKind::Number(number) = &right.kind else { return None };
        if let ExprKind::Call { callee, args } = &left.kind {
            let is_confidence = matches!(&callee.kind, ExprKind::Name(name) if name == "confidence");
            let [Arg { value: ArgValue::Expr(of), .. }] = args.as_slice() else { return None };
            let (Root::Node(node), path) = here.path(of)? else { return None };
            let known = self.sure.insert(node, is_high);
            return (is_confidence && path.is_empty() && known.is_none_or(|known| known == is_high))
                .then_some(());
        }
        // One more or one less is on the right side, whether the number itself is or not.
        let step = if is_high { 1_000_000 } else { -1_000_000 };
        let whole = (number.micros + step) / 1_000_000;
        self.add(here.path(left)?, Want::Is(Pattern::Literal(whole.to_string())))
    }

    fn either(&mut self, here: &Here<'_>, (left, right): (&Expr, &Expr), wanted: bool) -> Option<()> {
        let before = (self.of.clone(), self.sure.clone());
        if self.holds(here, left, wanted).is_some() {
            return Some(());
        }
        (self.of, self.sure) = before;
        self.holds(here, right, wanted)
    }

    fn add(&mut self, (root, path): (Root, Vec<String>), want: Want) -> Option<()> {
        let known = self.of.entry(root).or_default();
        let same = |row: &&(Vec<String>, Want)| row.0 == path;
        let clashes = known.rows.iter().filter(same).any(|(_, other)| match (&want, other) {
            (Want::Is(a), Want::Is(b)) => a != b,
            (Want::Is(a), Want::Not(b)) | (Want::Not(b), Want::Is(a)) => a == b,
            (Want::Not(_), Want::Not(_)) => false,
        });
        known.rows.push((path, want));
        (!clashes).then_some(())
    }
}

/// A string or a number without a sign, as written.
fn literal(expr: &Expr) -> Option<Pattern> {
    match &expr.kind {
        ExprKind::Text(text) => Some(Pattern::Literal(format!("{:?}", text.as_plain()?.as_str()))),
        ExprKind::Number(number) => Some(Pattern::Literal(number.text.to_string())),
        ExprKind::Bool(value) => Some(Pattern::Bool(*value)),
        ExprKind::Upper(name) => Some(Pattern::Variant(name.to_string())),
        ExprKind::None => Some(Pattern::None),
        _ => None,
    }
}

/// A place on the way, where names stand for values.
struct Here<'v> {
    flow: &'v Flow,
    /// The way so far.
    way: &'v [Step<'v>],
}

impl Here<'_> {
    /// Which value an expression looks at.
    fn path(&self, expr: &Expr) -> Option<(Root, Vec<String>)> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.path(inner),
            ExprKind::Field { base, name } => {
                let (root, mut path) = self.path(base)?;
                path.push(name.text.to_string());
                Some((root, path))
            }
            ExprKind::Name(name) => self.name(name),
            _ => None,
        }
    }

    fn name(&self, name: &str) -> Option<(Root, Vec<String>)> {
        // The innermost first: what an edge passed, then results, then the flow's own.
        for (at, step) in self.way.iter().enumerate().rev() {
            let params = step.node.params.as_deref().unwrap_or_default();
            if let Some(row) = params.iter().position(|param| param.name.text == name) {
                let before = Here { flow: self.flow, way: self.way.get(..at)? };
                return before.path(passed(step, row, name)?);
            }
            if step.node.name.text == name {
                return Some((Root::Node(name.to_owned()), Vec::new()));
            }
        }
        let is_param = self.flow.params.iter().any(|param| param.name.text == name);
        is_param.then(|| (Root::Param(name.to_owned()), Vec::new()))
    }
}

/// What the edge to a node passes for one of its parameters.
fn passed<'v>(step: &Step<'v>, row: usize, name: &str) -> Option<&'v Expr> {
    let Target::Node { args: Some(args), .. } = &step.by.target else { return None };
    let labelled = args.iter().find(|arg| arg.label.as_ref().is_some_and(|label| label.text == name));
    let arg = labelled.or_else(|| args.get(row).filter(|arg| arg.label.is_none()))?;
    match &arg.value {
        ArgValue::Expr(expr) => Some(expr),
        ArgValue::Lambda { .. } => None,
    }
}
