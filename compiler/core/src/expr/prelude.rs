//! Functions that every file sees: facts about nodes, messages, dates, and what tests ask.

use flow_grammar::ast::{self, ArgValue, ExprKind as Ast};
use flow_ir::expr::{Const, Expr, ExprKind, NodeFact, RunFact, Test};
use flow_ir::testing::TestValue;
use flow_ir::units::ErrorClass;
use smol_str::SmolStr;

use super::aggregate::Level;
use super::coerce::Why;
use super::scope::Place;
use super::{Elab, Typed, literal};
use crate::names::Item;
use crate::report;
use crate::types::{Bounds, Size, Ty};

/// Names of the functions, for "did you mean".
pub(crate) static FUNCTIONS: [&str; 11] = [
    "confidence",
    "cost",
    "latency",
    "by",
    "degraded",
    "messages",
    "date",
    "time",
    "system",
    "user",
    "assistant",
];

impl Elab<'_, '_> {
    /// A call of a function of the prelude; `None` if there is none of this name.
    pub(super) fn prelude_call(
        &mut self,
        expr: &ast::Expr,
        name: &str,
        args: &[ast::Arg],
        want: Option<&Ty>,
    ) -> Option<Typed> {
        if let Some(found) = self.test_call(expr, name, args, want) {
            return Some(found);
        }
        match name {
            "confidence" => Some(self.node_fact(expr, name, NodeFact::Confidence, args)),
            "cost" => Some(self.node_fact(expr, name, NodeFact::Cost, args)),
            "latency" => Some(self.node_fact(expr, name, NodeFact::Latency, args)),
            "by" => Some(self.node_fact(expr, name, NodeFact::By, args)),
            "degraded" => Some(self.node_fact(expr, name, NodeFact::Degraded, args)),
            "messages" => Some(self.node_fact(expr, name, NodeFact::Messages, args)),
            "date" => Some(self.literal_call(expr, name, args, Ty::Date, literal::date)),
            "time" => Some(self.literal_call(expr, name, args, Ty::Time, literal::time)),
            "system" | "user" | "assistant" | "tool" => Some(self.message(expr, name, args)),
            _ => None,
        }
    }

    /// The one argument of a call, which is no lambda.
    pub(super) fn only_argument<'a>(
        &mut self,
        expr: &ast::Expr,
        name: &str,
        args: &'a [ast::Arg],
    ) -> Option<&'a ast::Expr> {
        match args {
            [ast::Arg { value: ArgValue::Expr(value), .. }] => Some(value),
            _ => {
                let span = self.span(expr.span);
                self.out.push(if args.is_empty() {
                    report::types::missing(span, name, &["its argument".into()])
                } else {
                    report::types::too_many(span, name, 1, args.len())
                });
                self.elaborate_quietly(args);
                None
            }
        }
    }

    fn node_fact(&mut self, expr: &ast::Expr, name: &str, fact: NodeFact, args: &[ast::Arg]) -> Typed {
        let ty = match fact {
            NodeFact::Confidence => Ty::Float(Bounds::new(0, 1_000_000)),
            NodeFact::Cost => Ty::USD,
            NodeFact::Latency => Ty::DURATION,
            NodeFact::By => Ty::TEXT,
            NodeFact::Degraded => Ty::Bool,
            NodeFact::Messages => match self.prelude_type("Message") {
                Some(message) => message.list(Size::ANY),
                None => Ty::Poison,
            },
        };
        let Some(arg) = self.only_argument(expr, name, args) else { return self.poison() };
        if matches!(arg.kind, Ast::Missing) {
            return self.poison();
        }
        let node = match &arg.kind {
            Ast::Name(node) => self.scope.nodes.get(node).cloned().map(|info| (node.clone(), info)),
            _ => None,
        };
        let Some((node, info)) = node else {
            self.no_node(arg);
            return self.poison();
        };
        if fact == NodeFact::Confidence {
            self.demand_confidence(expr, &node, &info.confidence);
        }
        self.typed(ty, ExprKind::NodeFact(fact, info.id))
    }

    fn no_node(&mut self, arg: &ast::Expr) {
        let span = self.span(arg.span);
        let written = super::describe(arg);
        let mut known: Vec<_> = self.scope.nodes.keys().map(|node| (node.clone(), "node")).collect();
        known.sort();
        let name = written.trim_matches('`').to_owned();
        if self.reported.insert(name.as_str().into()) {
            self.out.push(report::names::no_such_node(span, &name, &known));
        }
    }

    fn demand_confidence(&mut self, expr: &ast::Expr, node: &str, source: &Result<Option<SmolStr>, ()>) {
        let span = self.span(expr.span);
        match source {
            Ok(None) => {}
            Ok(Some(prompt)) => self.out.push(report::prompts::no_confidence(span, node, prompt)),
            Err(()) => self.out.push(report::prompts::asks_no_model(span, node)),
        }
    }

    fn literal_call(
        &mut self,
        expr: &ast::Expr,
        name: &str,
        args: &[ast::Arg],
        ty: Ty,
        read: impl Fn(&str) -> Option<Const>,
    ) -> Typed {
        let Some(arg) = self.only_argument(expr, name, args) else { return self.poison() };
        let text = match &arg.kind {
            Ast::Text(text) => text.as_plain(),
            _ => None,
        };
        match text.and_then(|text| read(&text)) {
            Some(value) => self.typed(ty, ExprKind::Const(value)),
            None => {
                let span = self.span(arg.span);
                let why =
                    if name == "date" { "write `date(\"2026-01-05\")`" } else { "write `time(\"09:30\")`" };
                self.out.push(report::types::bad_literal(span, name, why));
                self.poison()
            }
        }
    }

    /// A declared type of the prelude.
    pub(crate) fn prelude_type(&self, name: &str) -> Option<Ty> {
        let entry = self.pkg.modules.first()?.scope.get(name)?;
        match entry.item {
            Item::Type(id) => Some(Ty::Named(id, name.into())),
            _ => None,
        }
    }

    /// `user(text)`: a `Message` of that role with one part.
    fn message(&mut self, expr: &ast::Expr, name: &str, args: &[ast::Arg]) -> Typed {
        let Some(arg) = self.only_argument(expr, name, args) else { return self.poison() };
        let text = self.check(arg, &Ty::TEXT, Why::Library(name));
        let types = (self.prelude_type("Message"), self.prelude_type("Role"), self.prelude_type("Part"));
        let (Some(message), Some(role), Some(part)) = types else { return self.poison() };
        let which = self.pkg.enum_variants(&role).unwrap_or_default();
        let Some(variant) = which.iter().position(|variant| variant.wire == name) else {
            return self.poison();
        };
        let variant = u32::try_from(variant).unwrap_or(0);
        let role = self.typed(role, ExprKind::Variant { variant, fields: Vec::new() });
        let part_value = self.typed(part.clone(), ExprKind::Variant { variant: 0, fields: vec![text] });
        let content = self.typed(part.list(Size::new(1, Some(1))), ExprKind::List(vec![part_value.expr]));
        self.typed(message, ExprKind::Record(vec![role.expr, content.expr]))
    }
}

/// What to call a value that each row has its own of; `None` if it is not of a row.
fn of_one_row(value: &TestValue, row: &str) -> Option<String> {
    let name = match value {
        TestValue::Sample(_) | TestValue::Measure(_) => return None,
        TestValue::Row => row,
        TestValue::Result => "result",
        TestValue::Error => "error",
        TestValue::Visited(..) => "visited(…)",
        TestValue::Visits(..) => "visits(…)",
        TestValue::Degraded(..) => "degraded(…)",
        TestValue::Calls(_) => "calls(…)",
        TestValue::Run(_) => "run",
    };
    Some(name.to_owned())
}

/// What tests ask. They read from slots that are filled when the run has ended.
impl Elab<'_, '_> {
    pub(super) fn test_slot(&mut self, value: TestValue, ty: Ty) -> Option<Typed> {
        let slots = self.scope.test.as_mut()?;
        if let Some(eval) = slots.eval.as_mut().filter(|eval| eval.level == Level::All) {
            eval.strays.extend(of_one_row(&value, &eval.row.0));
        }
        let found = slots.values.iter().position(|(known, _)| *known == value);
        let index = found.unwrap_or_else(|| {
            slots.values.push((value, ty.clone()));
            slots.values.len() - 1
        });
        let slot = flow_ir::SlotId(u32::try_from(index).unwrap_or(u32::MAX));
        Some(self.typed(ty, ExprKind::Slot(slot)))
    }

    /// `result` and `error` in a test, and the row in an eval.
    pub(super) fn test_name(&mut self, name: &str) -> Option<Typed> {
        let eval = self.scope.test.as_ref()?.eval.as_ref();
        if let Some((_, ty)) = eval.map(|eval| eval.row.clone()).filter(|(row, _)| row == name) {
            return self.test_slot(TestValue::Row, ty);
        }
        match name {
            "result" => {
                let ty = self.scope.result.clone()?;
                self.test_slot(TestValue::Result, ty)
            }
            "error" => {
                let fields = vec![
                    ("class".into(), Ty::TEXT),
                    ("message".into(), Ty::TEXT),
                    ("node".into(), Ty::TEXT),
                    ("attempt".into(), Ty::INT),
                ];
                self.test_slot(TestValue::Error, Ty::record("error", fields).optional())
            }
            _ => None,
        }
    }

    /// `run.cost` in a test is about the run under test.
    pub(super) fn test_run_fact(&mut self, fact: RunFact, ty: &Ty) -> Option<Typed> {
        self.test_slot(TestValue::Run(fact), ty.clone())
    }

    /// `visited(n)`, `visits(n)`, `degraded(n)`, `calls(f)`, `sample("…")`.
    fn test_call(
        &mut self,
        expr: &ast::Expr,
        name: &str,
        args: &[ast::Arg],
        want: Option<&Ty>,
    ) -> Option<Typed> {
        if self.scope.place != Place::Test {
            return None;
        }
        match name {
            "visited" | "visits" | "degraded" => {
                let arg = self.only_argument(expr, name, args)?;
                Some(self.test_node(name, arg))
            }
            "calls" => {
                let arg = self.only_argument(expr, name, args)?;
                Some(self.test_calls(arg))
            }
            "sample" => {
                let arg = self.only_argument(expr, name, args)?;
                Some(self.sample(arg, want))
            }
            _ => self.aggregate_call(expr, name, args),
        }
    }

    fn test_node(&mut self, what: &str, arg: &ast::Expr) -> Typed {
        let node = match &arg.kind {
            Ast::Name(node) => self.scope.nodes.get(node).map(|info| info.id),
            _ => None,
        };
        let (Some(node), Some(flow)) = (node, self.scope.flow) else {
            self.no_node(arg);
            return self.poison();
        };
        let (value, ty) = match what {
            "visited" => (TestValue::Visited(flow, node), Ty::Bool),
            "visits" => (TestValue::Visits(flow, node), Ty::Int(Bounds::from(0))),
            _ => (TestValue::Degraded(flow, node), Ty::Bool),
        };
        match self.test_slot(value, ty) {
            Some(found) => found,
            None => self.poison(),
        }
    }

    fn test_calls(&mut self, arg: &ast::Expr) -> Typed {
        let Some((callee, params)) = self.callable_path(arg) else { return self.poison() };
        let name = super::path_of(arg).unwrap_or_default().join(".");
        let fields = params.iter().map(|param| (param.name.clone(), param.ty.clone())).collect();
        let ty = Ty::record(format!("{name} call"), fields).list(Size::ANY);
        match self.test_slot(TestValue::Calls(callee), ty) {
            Some(found) => found,
            None => self.poison(),
        }
    }

    fn sample(&mut self, arg: &ast::Expr, want: Option<&Ty>) -> Typed {
        let text = match &arg.kind {
            Ast::Text(text) => text.as_plain(),
            _ => None,
        };
        match (text, want) {
            (Some(name), Some(ty)) => match self.test_slot(TestValue::Sample(name), ty.clone()) {
                Some(found) => found,
                None => self.poison(),
            },
            (Some(_), None) => {
                let span = self.span(arg.span);
                self.out.push(report::tests::bad(span, "it is not known what type this sample has"));
                self.poison()
            }
            (None, _) => {
                let span = self.span(arg.span);
                self.out.push(report::tests::bad(span, "`sample` wants the name of a file in `samples/`"));
                self.poison()
            }
        }
    }

    /// `error is Timeout` in a test; `Error` is any class.
    pub(super) fn error_is(
        &mut self,
        value: &ast::Expr,
        negated: bool,
        pattern: &ast::Pattern,
    ) -> Option<Typed> {
        let (Ast::Name(name), ast::PatternKind::Variant(class)) = (&value.kind, &pattern.kind) else {
            return None;
        };
        if name != "error" || self.scope.test.is_none() {
            return None;
        }
        let test = match class.as_str() {
            "Error" => Some(None),
            name => ErrorClass::ALL.into_iter().find(|class| class.name() == name).map(Some),
        };
        let error: Expr = self.test_name("error")?.expr;
        let Some(test) = test else {
            let known = report::names::plain(ErrorClass::ALL.into_iter().map(ErrorClass::name));
            let span = self.span(pattern.span);
            self.out.push(report::types::bad_pattern(span, class, "error", &known));
            return Some(self.poison());
        };
        let tested = self.typed(Ty::Bool, ExprKind::Is { value: Box::new(error), test: Test::Class(test) });
        if negated {
            return Some(self.typed(Ty::Bool, ExprKind::Not(Box::new(tested.expr))));
        }
        Some(tested)
    }
}
