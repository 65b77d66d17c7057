//! Making a value fit where it stands, or saying why it does not.

use flow_grammar::ast;
use flow_ir::expr::{Expr, ExprKind};

use super::scope::Place;
use super::{Elab, Typed, describe};
use crate::report;
use crate::types::{Bounds, Fit, Ty, fit, money_text};

/// Where a wanted type comes from, for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Why<'a> {
    /// A parameter of a callable.
    Param(&'a str, &'a str),
    /// A field of a record or variant.
    Field(&'a str, &'a str),
    /// What a flow, `fn` or check returns.
    Return(&'a str),
    /// A parameter of a node.
    NodeParam(&'a str, &'a str),
    /// `when`, `need`, `and`, lambdas that test.
    Condition,
    /// An element of a list.
    Element,
    /// `else` of a call.
    Otherwise(&'a str),
    /// A setting.
    Setting(&'a str),
    /// The answer of a test.
    Given(&'a str),
    /// An argument of the library.
    Library(&'a str),
}

impl Why<'_> {
    /// The beginning of "… wants `Reply`, this is `Email`".
    fn subject(self) -> String {
        match self {
            Self::Param(callee, param) => format!("`{param}` of `{callee}` wants"),
            Self::Field(owner, field) => format!("`{field}` of `{owner}` wants"),
            Self::Return(owner) => format!("`{owner}` returns"),
            Self::NodeParam(node, param) => format!("`{param}` of node `{node}` wants"),
            Self::Condition => "a condition is".to_owned(),
            Self::Element => "the list holds".to_owned(),
            Self::Otherwise(callee) => format!("`{callee}` gives"),
            Self::Setting(name) => format!("`{name}` wants"),
            Self::Given(callee) => format!("`{callee}` answers"),
            Self::Library(name) => format!("`{name}` wants"),
        }
    }

    /// The thing whose range is exceeded.
    fn needs(self) -> String {
        match self {
            Self::Param(_, name)
            | Self::Field(_, name)
            | Self::Return(name)
            | Self::NodeParam(_, name)
            | Self::Otherwise(name)
            | Self::Setting(name)
            | Self::Given(name)
            | Self::Library(name) => format!("`{name}`"),
            Self::Condition => "the condition".to_owned(),
            Self::Element => "the list".to_owned(),
        }
    }
}

impl Elab<'_, '_> {
    /// The value as `want`, converted if needed; reported and poisoned if it does not fit.
    pub(crate) fn coerce(&mut self, found: Typed, want: &Ty, expr: &ast::Expr, why: Why<'_>) -> Expr {
        if self.pkg.is_unknown(&found.ty) || self.pkg.is_unknown(want) {
            return found.expr;
        }
        match fit(&found.ty, want) {
            Fit::Same => found.expr,
            Fit::Convert => self.converted(found, want),
            Fit::MaybeNone if self.scope.place == Place::Test => self.converted(found, want),
            Fit::MaybeNone => {
                let what = describe(expr);
                let help = self.none_help(&what);
                self.out.push(report::types::maybe_none(self.span(expr.span), &what, help));
                self.poison().expr
            }
            Fit::Range => self.out_of_range(&found.ty, want, expr, why),
            Fit::Unit | Fit::No => {
                self.mismatch(&found.ty, want, expr, why);
                self.poison().expr
            }
        }
    }

    /// Converts where [`fit`] says that it must be, and reports nothing.
    pub(super) fn convert_quietly(&mut self, found: Typed, want: &Ty) -> Expr {
        if fit(&found.ty, want) == Fit::Convert { self.converted(found, want) } else { found.expr }
    }

    /// Converts to a type that [`Ty::join`] gave.
    pub(crate) fn convert_to(&mut self, found: Typed, want: &Ty) -> Expr {
        self.convert_quietly(found, want)
    }

    fn converted(&mut self, found: Typed, want: &Ty) -> Expr {
        self.typed(want.clone(), ExprKind::Convert(Box::new(found.expr))).expr
    }

    fn mismatch(&mut self, found: &Ty, want: &Ty, expr: &ast::Expr, why: Why<'_>) {
        let span = self.span(expr.span);
        let mut diagnostic =
            report::types::mismatch(span, &why.subject(), &want.to_string(), &found.to_string());
        if let Some(name) = self.better_value(want, expr) {
            let edit = flow_diagnostics::Edit { span, text: name.clone() };
            diagnostic =
                diagnostic.help(format!("did you mean `{name}`?")).fix(format!("write `{name}`"), vec![edit]);
        } else if let Some(help) = conversion(found, want, expr) {
            diagnostic = diagnostic.help(help);
        }
        self.out.push(diagnostic);
    }

    /// The only visible value of the wanted type, if the type is a declared one.
    fn better_value(&self, want: &Ty, expr: &ast::Expr) -> Option<String> {
        if !matches!(want.present(), Ty::Named(_, _)) {
            return None;
        }
        let written = super::path_of(expr).map(|path| path.join("."));
        let mut fitting: Vec<String> = Vec::new();
        for (name, values) in &self.scope.values {
            for value in values {
                if fit(&value.ty, want) <= Fit::Convert {
                    fitting.push(name.to_string());
                }
                for field in self.pkg.fields(&value.ty).unwrap_or_default() {
                    if fit(&field.ty, want) <= Fit::Convert {
                        fitting.push(format!("{name}.{}", field.name));
                    }
                }
            }
        }
        fitting.retain(|name| Some(name) != written.as_ref());
        fitting.sort();
        fitting.dedup();
        match fitting.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    fn out_of_range(&mut self, found: &Ty, want: &Ty, expr: &ast::Expr, why: Why<'_>) -> Expr {
        let span = self.span(expr.span);
        let how = narrowing(found, want);
        let needs = why.needs();
        let (wanted, found) = (want.to_string(), found.to_string());
        self.out.push(report::types::out_of_range(span, &needs, &wanted, &found, how));
        self.poison().expr
    }
}

/// How one would make the one of the other on purpose.
fn conversion(found: &Ty, want: &Ty, expr: &ast::Expr) -> Option<String> {
    let written = super::path_of(expr).map_or_else(|| "…".to_owned(), |path| path.join("."));
    match (found, want.present()) {
        (found, Ty::Text(_)) if is_printed(found) => Some(format!("as text it is `\"{{{{{written}}}}}\"`")),
        (Ty::Text(_), Ty::Int(_)) => Some(format!("`{written}.to_int` is the number in it, or `none`")),
        (Ty::Float(_), Ty::Int(_)) => {
            Some(format!("`{written}.round` and `{written}.floor` are whole numbers"))
        }
        _ => None,
    }
}

/// Whether a template writes it as anybody would.
fn is_printed(ty: &Ty) -> bool {
    matches!(
        ty,
        Ty::Int(_)
            | Ty::Float(_)
            | Ty::Bool
            | Ty::Date
            | Ty::Time
            | Ty::Duration(_)
            | Ty::Money(..)
            | Ty::Tokens
            | Ty::Bytes
    )
}

/// How one would make it narrower on purpose.
fn narrowing(found: &Ty, want: &Ty) -> String {
    match (found.present(), want.present()) {
        (_, Ty::Int(bounds)) => clamp(*bounds, |value| value.to_string()),
        (_, Ty::Float(bounds)) => clamp(*bounds, |value| money_text(value, None)),
        (_, Ty::Money(currency, bounds)) => clamp(*bounds, |value| money_text(value, *currency)),
        (_, Ty::Text(size)) => match (size.max, size.in_tokens) {
            (Some(max), true) => format!("`.cut({max} tokens)`"),
            (Some(max), false) => format!("`.cut({max})`"),
            (None, _) => "test its `.length`".to_owned(),
        },
        (Ty::List(_, here), Ty::List(item, size)) => {
            let fits = here.within(*size);
            match (size.max, size.max_tokens) {
                _ if fits => format!("`.map(x => …)` with elements `{item}`"),
                (Some(max), _) if here.max.is_none_or(|here| here > max) => format!("`.take({max})`"),
                (_, Some(tokens)) => format!("`.take({tokens} tokens)`"),
                _ => "test its `.length`".to_owned(),
            }
        }
        _ => "narrow it".to_owned(),
    }
}

fn clamp(bounds: Bounds, text: impl Fn(i64) -> String) -> String {
    match (bounds.min, bounds.max) {
        (Some(min), Some(max)) => format!("`.clamp({}, {})`", text(min), text(max)),
        _ => "`.clamp(…, …)`".to_owned(),
    }
}
