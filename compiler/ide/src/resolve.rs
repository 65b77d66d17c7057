//! What each name of a file stands for.
//!
//! Names follow from the tree: locals, then names of the flow, then parameters, then the file's own declarations and
//! imports, then the prelude. Fields and variants follow from the type of what they stand behind, which the
//! compiler knows. Two occurrences are of one thing exactly if they have one target.

pub(crate) mod flow;
pub(crate) mod reach;
mod tests;
pub(crate) mod types;

use std::sync::Arc;

use flow_grammar::Span;
use flow_grammar::ast::{
    Arg, ArgValue, ArmTest, Call, EnumDecl, Expr, ExprKind, Item, ItemKind, Name, Need, Param, Path, Pattern,
    PatternKind, Setting, Setup, SplitItem, Template, TemplatePart, TypeBody,
};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::decl;
use crate::package::{Package, View};

/// A range of a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The file, as it was set; `std/….flow` for the library.
    pub path: Arc<str>,
    /// The range.
    pub span: Span,
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Kind {
    Type,
    Enum,
    Variant,
    Field,
    Fn,
    Check,
    Model,
    Prompt,
    Tool,
    Human,
    Resource,
    Split,
    Flow,
    Node,
    /// Of a callable, or of a node.
    Param,
    /// Of a lambda, `each` or a template.
    Local,
    /// A whole file.
    Module,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Enum => "enum",
            Self::Variant => "variant",
            Self::Field => "field",
            Self::Fn => "fn",
            Self::Check => "check",
            Self::Model => "model",
            Self::Prompt => "prompt",
            Self::Tool => "tool",
            Self::Human => "human",
            Self::Resource => "resource",
            Self::Split => "split",
            Self::Flow => "flow",
            Self::Node => "node",
            Self::Param => "parameter",
            Self::Local => "local",
            Self::Module => "module",
        }
    }
}

/// A name in a file, with what it stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occurrence {
    /// Where it stands.
    pub span: Span,
    /// Where the name is given; the empty range at the start of the file for a module.
    pub target: Place,
    /// What it is.
    pub kind: Kind,
    /// Whether this is where the name is given.
    pub is_definition: bool,
}

/// What a name of a scope stands for.
#[derive(Clone, Debug)]
pub(crate) struct Meaning {
    pub(crate) target: Place,
    pub(crate) kind: Kind,
}

/// All names of a file, in the order of places.
pub(crate) fn occurrences(package: &Package, view: &View) -> Vec<Occurrence> {
    let own = own(view);
    let mut resolver = Resolver { package, view, own: &own, scope: Vec::new(), flow: None, out: Vec::new() };
    view.parsed.file.items.iter().for_each(|item| resolver.item(item));
    let mut out = resolver.out;
    out.sort_by_key(|found| (found.span, !found.is_definition));
    out.dedup_by_key(|found| found.span);
    out
}

/// What the file itself declares: looked up for every name of a file that may be long.
fn own(view: &View) -> FxHashMap<&str, Meaning> {
    let mut own = FxHashMap::default();
    for item in &view.parsed.file.items {
        if let (Some(name), Some(kind)) = (decl::name_of(item), decl::kind_of(item)) {
            own.entry(name.text.as_str()).or_insert_with(|| Meaning { target: view.here(name.span), kind });
        }
    }
    own
}

/// Walks over a file with the names that are visible.
struct Resolver<'a> {
    package: &'a Package,
    view: &'a View,
    own: &'a FxHashMap<&'a str, Meaning>,
    /// Parameters and locals, inner ones last.
    scope: Vec<(SmolStr, Meaning)>,
    /// The flow around the place at hand.
    flow: Option<flow::Around<'a>>,
    out: Vec<Occurrence>,
}

impl<'a> Resolver<'a> {
    fn define(&mut self, name: &Name, kind: Kind) -> Meaning {
        let meaning = Meaning { target: self.view.here(name.span), kind };
        self.push(name, &meaning, true);
        meaning
    }

    fn push(&mut self, name: &Name, meaning: &Meaning, is_definition: bool) {
        if !name.is_missing() {
            let (target, kind) = (meaning.target.clone(), meaning.kind);
            self.out.push(Occurrence { span: name.span, target, kind, is_definition });
        }
    }

    fn meet(&mut self, text: &SmolStr, span: Span, meaning: Option<Meaning>) {
        if let Some(meaning) = meaning {
            self.push(&Name { text: text.clone(), span }, &meaning, false);
        }
    }

    /// Defines a local while `inside` runs.
    fn with_local(&mut self, name: &Name, inside: impl FnOnce(&mut Self)) {
        let meaning = self.define(name, Kind::Local);
        self.scope.push((name.text.clone(), meaning));
        inside(self);
        self.scope.pop();
    }

    /// What a lower-case name stands for here.
    fn meaning(&self, name: &str) -> Option<Meaning> {
        let local =
            self.scope.iter().rev().find(|(known, _)| known == name).map(|(_, meaning)| meaning.clone());
        local.or_else(|| self.flow.as_ref()?.meaning(self.view, name)).or_else(|| self.global(name))
    }

    /// What a name of the file stands for.
    fn global(&self, name: &str) -> Option<Meaning> {
        let own = self.own.get(name).cloned();
        own.or_else(|| reach::foreign(self.package, &self.view.parsed.file, name))
    }

    fn item(&mut self, item: &'a Item) {
        if let (Some(name), Some(kind)) = (decl::name_of(item), decl::kind_of(item)) {
            self.define(name, kind);
        }
        for param in decl::params_of(item) {
            let meaning = self.param(param, Kind::Param);
            self.scope.push((param.name.text.clone(), meaning));
        }
        if let Some(ret) = decl::result_of(item) {
            self.ty(ret);
        }
        match &item.kind {
            ItemKind::Import(import) => self.import(import),
            ItemKind::Type(found) => match &found.body {
                TypeBody::Record(fields) => fields.iter().for_each(|field| {
                    self.define(&field.name, Kind::Field);
                    self.ty(&field.ty);
                }),
                TypeBody::Alias(ty) => self.ty(ty),
            },
            ItemKind::Enum(found) => self.variants(found),
            ItemKind::Fn(found) => self.expr(&found.body),
            ItemKind::Check(found) => found.needs.iter().for_each(|need| self.need(need)),
            ItemKind::Setup(found) => self.setup(found),
            ItemKind::Split(found) => found.items.iter().for_each(|item| match item {
                SplitItem::Arm { call, .. } | SplitItem::Shadow { call, .. } => self.call(call),
                SplitItem::Setting(setting) => self.setting(setting),
            }),
            ItemKind::Flow(found) => self.flow_body(found),
            ItemKind::Trigger(found) => {
                self.expr(&found.source);
                self.expr(&found.target);
            }
            ItemKind::Test(found) => self.test(found),
            ItemKind::Broken(_) => {}
        }
        self.scope.clear();
    }

    fn param(&mut self, param: &Param, kind: Kind) -> Meaning {
        self.ty(&param.ty);
        self.define(&param.name, kind)
    }

    fn variants(&mut self, found: &EnumDecl) {
        for variant in &found.variants {
            self.define(&variant.name, Kind::Variant);
            variant.params.iter().flatten().for_each(|param| drop(self.param(param, Kind::Field)));
        }
    }

    fn import(&mut self, import: &flow_grammar::ast::Import) {
        let module = import.path.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join("/");
        let Some(path) = self.package.file_of(&module) else { return };
        let target = Meaning {
            target: Place { path: path.as_str().into(), span: Span::default() },
            kind: Kind::Module,
        };
        if let Some(last) = import.path.last() {
            self.push(last, &target, false);
        }
        for name in import.names.iter().flatten() {
            let found = reach::exported(self.package, &path, &name.text);
            self.meet(&name.text, name.span, found);
        }
    }

    fn setup(&mut self, setup: &'a Setup) {
        setup.source.iter().for_each(|source| self.expr(source));
        let ret = setup.ty.as_ref().and_then(|ty| self.global(&ty.base.text));
        for setting in &setup.settings {
            match (setting.name.text.as_str(), &setting.value, &ret) {
                ("approves", ArgValue::Expr(value), Some(ret)) => self.variants_of(value, ret),
                ("confidence", ArgValue::Expr(value), Some(ret)) => self.field_of(value, ret),
                _ => self.setting(setting),
            }
        }
    }

    /// `[Approve, Edit]`: variants of what a person may answer.
    fn variants_of(&mut self, value: &Expr, of: &Meaning) {
        match &value.kind {
            ExprKind::List(items) => items.iter().for_each(|item| self.variants_of(item, of)),
            ExprKind::Upper(name) => {
                let found = types::variant(self.package, &of.target, name);
                self.meet(name, value.span, found);
            }
            _ => {}
        }
    }

    /// `Logprob(intent)`: a field of what a prompt answers.
    fn field_of(&mut self, value: &Expr, of: &Meaning) {
        let ExprKind::Call { args, .. } = &value.kind else { return };
        for arg in args {
            if let ArgValue::Expr(Expr { kind: ExprKind::Name(name), span }) = &arg.value {
                let found = types::field(self.package, &of.target, name);
                self.meet(name, *span, found);
            }
        }
    }

    fn setting(&mut self, setting: &'a Setting) {
        self.value(&setting.value);
    }

    fn value(&mut self, value: &'a ArgValue) {
        match value {
            ArgValue::Expr(expr) => self.expr(expr),
            ArgValue::Lambda { param, body, .. } => self.with_local(param, |inner| inner.expr(body)),
        }
    }

    fn need(&mut self, need: &'a Need) {
        self.expr(&need.condition);
        need.message.iter().for_each(|message| self.template(message));
    }

    fn call(&mut self, call: &'a Call) {
        self.expr(&call.expr);
        call.using.iter().for_each(|path| self.path(path));
        call.otherwise.iter().for_each(|value| self.expr(value));
    }

    /// `fast`, `models.fast`, `history.last`.
    fn path(&mut self, path: &Path) {
        let mut segments = path.segments.iter();
        let Some(first) = segments.next() else { return };
        let found = self.global(&first.text);
        self.meet(&first.text, first.span, found.clone());
        if let (Some(Meaning { kind: Kind::Module, target }), Some(second)) = (found, segments.next()) {
            let found = reach::exported(self.package, &target.path, &second.text);
            self.meet(&second.text, second.span, found);
        }
    }

    fn template(&mut self, template: &'a Template) {
        self.parts(&template.parts);
    }

    fn parts(&mut self, parts: &'a [TemplatePart]) {
        for part in parts {
            match part {
                TemplatePart::Text { .. } => {}
                TemplatePart::Hole(expr) => self.expr(expr),
                TemplatePart::Each { var, list, body, .. } => {
                    self.expr(list);
                    self.with_local(var, |inner| inner.parts(body));
                }
                TemplatePart::If { condition, then, otherwise, .. } => {
                    self.expr(condition);
                    self.parts(then);
                    self.parts(otherwise);
                }
            }
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Name(name) => {
                let found = self.meaning(name);
                self.meet(name, expr.span, found);
            }
            ExprKind::Upper(name) => self.upper(name, expr.span, expr.span),
            ExprKind::Text(template) => self.template(template),
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Paren(inner) | ExprKind::Unary { operand: inner, .. } => self.expr(inner),
            ExprKind::Field { base, name } => {
                self.expr(base);
                let found = self.member(base, name);
                self.meet(&name.text, name.span, found);
            }
            ExprKind::Call { callee, args } => self.call_expr(expr, callee, args),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Is { value, pattern, .. } => {
                self.expr(value);
                self.pattern(pattern, value);
            }
            ExprKind::Case { scrutinee, arms } => {
                scrutinee.iter().for_each(|value| self.expr(value));
                for arm in arms {
                    match (&arm.test, scrutinee) {
                        (ArmTest::Condition(condition), _) => self.expr(condition),
                        (ArmTest::Pattern(pattern), Some(value)) => self.pattern(pattern, value),
                        (ArmTest::Pattern(_), None) => {}
                    }
                    self.expr(&arm.body);
                }
            }
            ExprKind::Number(_)
            | ExprKind::Quantity(_)
            | ExprKind::Bool(_)
            | ExprKind::None
            | ExprKind::Missing => {}
        }
    }

    /// A variant or a constructor; `whole` is the expression whose type it has.
    fn upper(&mut self, name: &SmolStr, span: Span, whole: Span) {
        let declared = self.view.analysis.knowledge.declared_at(whole).and_then(|ty| ty.declaration());
        let declared = declared.and_then(|span| self.view.place(span));
        let variant = declared.as_ref().and_then(|place| types::variant(self.package, place, name));
        let found = variant.or_else(|| self.global(name)).or_else(|| self.only_variant(name));
        self.meet(name, span, found);
    }

    /// The only variant of that name among the enums that the file sees.
    fn only_variant(&self, name: &str) -> Option<Meaning> {
        let mut found = reach::enums(self.package, &self.view.path, &self.view.parsed.file)
            .into_iter()
            .filter_map(|place| types::variant(self.package, &place, name));
        let first = found.next();
        if found.next().is_some() { None } else { first }
    }

    fn pattern(&mut self, pattern: &Pattern, value: &Expr) {
        let PatternKind::Variant(name) = &pattern.kind else { return };
        let declared = self.view.analysis.knowledge.declared_at(value.span).and_then(|ty| ty.declaration());
        let declared = declared.and_then(|span| self.view.place(span));
        let found = declared.and_then(|place| types::variant(self.package, &place, name));
        self.meet(name, pattern.span, found);
    }

    /// What stands behind a dot.
    fn member(&self, base: &Expr, name: &Name) -> Option<Meaning> {
        if let ExprKind::Name(root) = &base.kind {
            match self.meaning(root) {
                Some(Meaning { kind: Kind::Module, target }) => {
                    return reach::exported(self.package, &target.path, &name.text);
                }
                Some(Meaning { kind: Kind::Node, target }) => {
                    if let Some(branch) = types::branch(self.package, &target, &name.text) {
                        return Some(branch);
                    }
                }
                _ => {}
            }
        }
        let declared = self.view.analysis.knowledge.type_at(base.span)?.declaration()?;
        types::field(self.package, &self.view.place(declared)?, &name.text)
    }

    fn call_expr(&mut self, expr: &'a Expr, callee: &'a Expr, args: &'a [Arg]) {
        let owner = match &callee.kind {
            ExprKind::Upper(name) => {
                self.upper(name, callee.span, expr.span);
                self.out.last().filter(|found| found.span == callee.span).map(|found| found.target.clone())
            }
            ExprKind::Name(name) => {
                let found = self.global(name);
                self.meet(name, callee.span, found.clone());
                found.map(|found| found.target)
            }
            ExprKind::Field { base, name } => {
                self.expr(base);
                let found = self.member(base, name).or_else(|| self.global(&name.text));
                let found = found.filter(|found| !matches!(found.kind, Kind::Node | Kind::Resource));
                self.meet(&name.text, name.span, found.clone());
                match (name.text.as_str(), &found) {
                    ("with", None) => self.declaration_of(base),
                    _ => found.map(|found| found.target),
                }
            }
            _ => {
                self.expr(callee);
                None
            }
        };
        self.args(args, owner.as_ref());
    }

    fn declaration_of(&self, value: &Expr) -> Option<Place> {
        let declared = self.view.analysis.knowledge.type_at(value.span)?.declaration()?;
        self.view.place(declared)
    }

    /// Arguments; labels name the parameters or fields of `owner`.
    fn args(&mut self, args: &'a [Arg], owner: Option<&Place>) {
        for arg in args {
            if let (Some(label), Some(owner)) = (&arg.label, owner) {
                let found = types::labelled(self.package, owner, &label.text);
                self.meet(&label.text, label.span, found);
            }
            self.value(&arg.value);
        }
    }

    fn ty(&mut self, ty: &flow_grammar::ast::Ty) {
        let found = self.global(&ty.base.text);
        let found = found.filter(|found| matches!(found.kind, Kind::Type | Kind::Enum));
        self.meet(&ty.base.text, ty.base.span, found);
        ty.args.iter().for_each(|arg| self.ty(arg));
    }
}
