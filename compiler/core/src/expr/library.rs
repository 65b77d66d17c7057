//! The list and text library: what it takes, what it gives, and how bounds travel through it.

use flow_grammar::ast::{self, ArgValue, ExprKind as Ast};
use flow_ir::expr::{Builtin, Const, Expr, ExprKind, Lambda};

use super::coerce::Why;
use super::{Elab, Typed};
use crate::report;
use crate::types::{Bounds, Size, TextSize, Ty};

/// What a method stands on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum On {
    List,
    Text,
    Map,
    /// `int`, `float`, `money`, `duration`.
    Number,
    Enum,
    Any,
}

/// What a method takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Takes {
    Nothing,
    /// A number of elements or characters.
    Count,
    /// A count, or tokens for the other operation.
    Size(Builtin),
    Text,
    TwoTexts,
    /// A literal regular expression.
    Pattern,
    /// A value like the elements.
    Item,
    /// Another list.
    List,
    /// A lambda to `bool`.
    Test,
    /// A lambda to something with an order.
    Key,
    /// A lambda to anything.
    Make,
    /// Two values like the receiver.
    Pair,
}

/// What a call of a method passes: the operation it comes to, values, and a lambda with what it gives.
type Passed = (Builtin, Vec<Typed>, Option<(Lambda, Ty)>);

struct Method {
    name: &'static str,
    on: On,
    takes: Takes,
    op: Builtin,
}

const fn method(name: &'static str, on: On, takes: Takes, op: Builtin) -> Method {
    Method { name, on, takes, op }
}

/// The library.
static METHODS: [Method; 46] = [
    method("length", On::List, Takes::Nothing, Builtin::Length),
    method("first", On::List, Takes::Nothing, Builtin::First),
    method("last", On::List, Takes::Nothing, Builtin::Last),
    method("last", On::List, Takes::Size(Builtin::TakeLastTokens), Builtin::TakeLast),
    method("take", On::List, Takes::Size(Builtin::TakeTokens), Builtin::Take),
    method("drop", On::List, Takes::Count, Builtin::Drop),
    method("filter", On::List, Takes::Test, Builtin::Filter),
    method("map", On::List, Takes::Make, Builtin::Map),
    method("any", On::List, Takes::Test, Builtin::Any),
    method("all", On::List, Takes::Test, Builtin::All),
    method("count", On::List, Takes::Test, Builtin::Count),
    method("unique", On::List, Takes::Nothing, Builtin::Unique),
    method("join", On::List, Takes::Text, Builtin::Join),
    method("sort_by", On::List, Takes::Key, Builtin::SortBy),
    method("zip", On::List, Takes::List, Builtin::Zip),
    method("present", On::List, Takes::Nothing, Builtin::Present),
    method("contains", On::List, Takes::Item, Builtin::Contains),
    method("at", On::List, Takes::Count, Builtin::At),
    method("flat", On::List, Takes::Nothing, Builtin::Flat),
    method("sum", On::List, Takes::Nothing, Builtin::Sum),
    method("min", On::List, Takes::Nothing, Builtin::Min),
    method("max", On::List, Takes::Nothing, Builtin::Max),
    method("reverse", On::List, Takes::Nothing, Builtin::Reverse),
    method("length", On::Text, Takes::Nothing, Builtin::Length),
    method("lower", On::Text, Takes::Nothing, Builtin::Lower),
    method("upper", On::Text, Takes::Nothing, Builtin::Upper),
    method("trim", On::Text, Takes::Nothing, Builtin::Trim),
    method("split", On::Text, Takes::Text, Builtin::Split),
    method("starts_with", On::Text, Takes::Text, Builtin::StartsWith),
    method("ends_with", On::Text, Takes::Text, Builtin::EndsWith),
    method("contains", On::Text, Takes::Text, Builtin::Contains),
    method("matches", On::Text, Takes::Pattern, Builtin::Matches),
    method("replace", On::Text, Takes::TwoTexts, Builtin::Replace),
    method("cut", On::Text, Takes::Size(Builtin::CutTokens), Builtin::Cut),
    method("lines", On::Text, Takes::Nothing, Builtin::Lines),
    method("to_int", On::Text, Takes::Nothing, Builtin::ToInt),
    method("to_float", On::Text, Takes::Nothing, Builtin::ToFloat),
    method("length", On::Map, Takes::Nothing, Builtin::Length),
    method("get", On::Map, Takes::Text, Builtin::Get),
    method("keys", On::Map, Takes::Nothing, Builtin::Keys),
    method("values", On::Map, Takes::Nothing, Builtin::Values),
    method("clamp", On::Number, Takes::Pair, Builtin::Clamp),
    method("round", On::Number, Takes::Nothing, Builtin::Round),
    method("floor", On::Number, Takes::Nothing, Builtin::Floor),
    method("ceil", On::Number, Takes::Nothing, Builtin::Ceil),
    method("abs", On::Number, Takes::Nothing, Builtin::Abs),
];

static EVERYWHERE: [Method; 4] = [
    method("doc", On::Enum, Takes::Nothing, Builtin::VariantDoc),
    method("name", On::Enum, Takes::Nothing, Builtin::VariantName),
    method("text", On::Any, Takes::Nothing, Builtin::ToText),
    method("json", On::Any, Takes::Nothing, Builtin::ToJson),
];

fn stands_on(on: On, ty: &Ty) -> bool {
    match on {
        On::List => matches!(ty, Ty::List(_, _)),
        On::Text => matches!(ty, Ty::Text(_)),
        On::Map => matches!(ty, Ty::Map(_, _)),
        On::Number => matches!(ty, Ty::Int(_) | Ty::Float(_) | Ty::Money(_, _) | Ty::Duration(_)),
        On::Enum => matches!(ty, Ty::Named(_, _)),
        On::Any => !matches!(ty, Ty::Nothing | Ty::Price),
    }
}

/// Whether the library has a method of this name, on any type.
pub(crate) fn is_method(name: &str) -> bool {
    METHODS.iter().chain(&EVERYWHERE).any(|method| method.name == name) || ["or", "with"].contains(&name)
}

/// Names of the methods that a type has.
pub(crate) fn methods_of(ty: &Ty) -> impl Iterator<Item = &'static str> {
    METHODS.iter().filter(move |method| stands_on(method.on, ty)).map(|method| method.name)
}

impl Elab<'_, '_> {
    fn find_method(&self, ty: &Ty, name: &str, bare: bool) -> Option<&'static Method> {
        let is_enum = self.pkg.enum_variants(ty).is_some();
        let fits = |method: &&Method| {
            method.name == name
                && stands_on(method.on, ty)
                && (method.on != On::Enum || is_enum)
                && (method.takes == Takes::Nothing) == bare
        };
        METHODS.iter().chain(&EVERYWHERE).find(fits)
    }

    /// `x.length`: a method without brackets.
    pub(super) fn library_property(
        &mut self,
        from: &Typed,
        base: &ast::Expr,
        name: &ast::Name,
    ) -> Option<Typed> {
        if let Some(method) = self.find_method(&from.ty, &name.text, true) {
            return Some(self.apply(method.op, from.clone(), base, Vec::new(), None));
        }
        let method = self.find_method(&from.ty, &name.text, false)?;
        let span = self.span(name.span);
        self.out.push(report::types::missing(span, method.name, &["its argument".into()]));
        Some(self.poison())
    }

    /// `x.take(3)`: a method with brackets; `None` if the type has none of this name.
    pub(super) fn library_call(
        &mut self,
        from: &Typed,
        expr: &ast::Expr,
        base: &ast::Expr,
        name: &ast::Name,
        args: &[ast::Arg],
        want: Option<&Ty>,
    ) -> Option<Typed> {
        if name.text == "or"
            && (matches!(from.ty, Ty::Optional(_)) || self.find_method(&from.ty, "or", false).is_none())
        {
            return self.or_else(from, name, args, want);
        }
        let has = |elab: &Self, ty: &Ty| {
            elab.find_method(ty, &name.text, args.is_empty())
                .or_else(|| elab.find_method(ty, &name.text, !args.is_empty()))
        };
        if name.text == "with" && self.pkg.fields(from.ty.present()).is_some() {
            let from = self.demand_present(from.clone(), base);
            return Some(self.with_fields(&from, args));
        }
        has(self, from.ty.present())?;
        let from = self.demand_present(from.clone(), base);
        if from.ty.is_poison() {
            self.elaborate_quietly(args);
            return Some(from);
        }
        let method = has(self, &from.ty)?;
        Some(self.applied(method, from, expr, base, args))
    }

    fn applied(
        &mut self,
        method: &Method,
        from: Typed,
        expr: &ast::Expr,
        base: &ast::Expr,
        args: &[ast::Arg],
    ) -> Typed {
        let takes = match method.takes {
            Takes::Nothing => 0,
            Takes::TwoTexts | Takes::Pair => 2,
            _ => 1,
        };
        let span = self.span(expr.span);
        if args.len() > takes {
            self.out.push(report::types::too_many(span, method.name, takes, args.len()));
            self.elaborate_quietly(args);
            return self.poison();
        }
        if args.len() < takes {
            self.out.push(report::types::missing(span, method.name, &["its argument".into()]));
            self.elaborate_quietly(args);
            return self.poison();
        }
        let Some((op, values, lambda)) = self.library_args(method, &from, args) else { return self.poison() };
        self.apply(op, from, base, values, lambda)
    }

    /// The arguments of a method, elaborated as it takes them.
    fn library_args(&mut self, method: &Method, from: &Typed, args: &[ast::Arg]) -> Option<Passed> {
        let item = match &from.ty {
            Ty::List(item, _) => item.as_ref().clone(),
            _ => Ty::Poison,
        };
        let mut op = method.op;
        let mut values = Vec::new();
        for arg in args {
            let value = match (&arg.value, method.takes) {
                (ArgValue::Lambda { param, body, .. }, Takes::Test | Takes::Key | Takes::Make) => {
                    let want = (method.takes == Takes::Test).then_some(Ty::Bool);
                    return self.library_lambda(method, param, body, &item, want);
                }
                (ArgValue::Expr(value), Takes::Test | Takes::Key | Takes::Make) => {
                    let span = self.span(value.span);
                    self.out.push(report::types::lambda_argument(span, method.name, true));
                    return None;
                }
                (ArgValue::Lambda { span, .. }, _) => {
                    let span = self.span(*span);
                    self.out.push(report::types::lambda_argument(span, method.name, false));
                    return None;
                }
                (ArgValue::Expr(value), _) => value,
            };
            values.push(self.library_value(method, from, &item, value, &mut op)?);
        }
        Some((op, values, None))
    }

    fn library_lambda(
        &mut self,
        method: &Method,
        param: &ast::Name,
        body: &ast::Expr,
        item: &Ty,
        want: Option<Ty>,
    ) -> Option<Passed> {
        let (mut lambda, mut ty) = self.lambda(param, body, item, want.as_ref());
        if let Some(want) = want {
            let found = Typed { expr: lambda.body, ty };
            lambda.body = self.coerce(found, &want, body, Why::Condition);
            ty = want;
        }
        let ordered = matches!(
            ty,
            Ty::Int(_)
                | Ty::Float(_)
                | Ty::Money(_, _)
                | Ty::Duration(_)
                | Ty::Text(_)
                | Ty::Date
                | Ty::Time
                | Ty::Bool
                | Ty::Poison
        );
        if method.takes == Takes::Key && !ordered {
            let span = self.span(body.span);
            let found = ty.to_string();
            self.out.push(report::types::mismatch(
                span,
                "`sort_by` wants",
                "something with an order",
                &found,
            ));
        }
        Some((method.op, Vec::new(), Some((lambda, ty))))
    }

    fn library_value(
        &mut self,
        method: &Method,
        from: &Typed,
        item: &Ty,
        value: &ast::Expr,
        op: &mut Builtin,
    ) -> Option<Typed> {
        let why = Why::Library(method.name);
        let count = Ty::Int(Bounds::from(0));
        let want = match method.takes {
            Takes::Size(tokens) => {
                let found = self.expr(value, None);
                if found.ty == Ty::Tokens {
                    *op = tokens;
                    return Some(found);
                }
                let ty = found.ty.clone();
                let expr = self.coerce(found, &count, value, why);
                return Some(Typed { expr, ty });
            }
            Takes::Count => count,
            Takes::Text | Takes::TwoTexts => Ty::TEXT,
            Takes::Pattern => return self.regex(value),
            Takes::Item => item.shape(),
            Takes::List => {
                let found = self.expr(value, None);
                if !matches!(found.ty, Ty::List(_, _) | Ty::Poison) {
                    let span = self.span(value.span);
                    let text = found.ty.to_string();
                    self.out.push(report::types::mismatch(span, "`zip` wants", "list", &text));
                    return None;
                }
                return Some(found);
            }
            Takes::Pair => from.ty.shape(),
            Takes::Nothing | Takes::Test | Takes::Key | Takes::Make => Ty::Poison,
        };
        let found = self.expr(value, Some(&want));
        let ty = found.ty.clone();
        let expr = self.coerce(found, &want, value, why);
        Some(Typed { expr, ty })
    }

    fn regex(&mut self, value: &ast::Expr) -> Option<Typed> {
        let text = match &value.kind {
            Ast::Text(text) => text.as_plain(),
            _ => None,
        };
        let span = self.span(value.span);
        let Some(text) = text else {
            let why = "it must be written out, without holes";
            self.out.push(report::types::bad_literal(span, "regular expression", why));
            return None;
        };
        if let Err(error) = regex::Regex::new(&text) {
            let why = error.to_string();
            let last = why.lines().last().unwrap_or("").trim_start_matches("error: ");
            self.out.push(report::types::bad_literal(span, "regular expression", last));
            return None;
        }
        Some(self.typed(Ty::TEXT, ExprKind::Const(Const::Text(text))))
    }

    /// `x.or(y)`: y if x is `none`.
    fn or_else(
        &mut self,
        from: &Typed,
        name: &ast::Name,
        args: &[ast::Arg],
        _want: Option<&Ty>,
    ) -> Option<Typed> {
        let inner = from.ty.present().clone();
        let [ast::Arg { value: ArgValue::Expr(value), .. }] = args else {
            let span = self.span(name.span);
            self.out.push(report::types::missing(span, "or", &["its argument".into()]));
            return Some(self.poison());
        };
        let other = self.expr(value, Some(&inner));
        let Some(ty) = inner.join(&other.ty) else {
            let span = self.span(value.span);
            let (wanted, found) = (inner.to_string(), other.ty.to_string());
            self.out.push(report::types::mismatch(span, "`or` wants", &wanted, &found));
            return Some(self.poison());
        };
        let other = self.convert_quietly(other, &ty);
        let args = vec![from.expr.clone(), other];
        Some(self.typed(ty, ExprKind::Builtin { op: Builtin::Or, args, lambda: None }))
    }

    /// `record.with(field: v)`.
    fn with_fields(&mut self, from: &Typed, args: &[ast::Arg]) -> Typed {
        let fields = self.pkg.fields(&from.ty).unwrap_or_default();
        let owner = from.ty.to_string();
        let known: Vec<smol_str::SmolStr> = fields.iter().map(|field| field.name.clone()).collect();
        let mut values = vec![from.expr.clone()];
        for arg in args {
            let (Some(label), ArgValue::Expr(value)) = (&arg.label, &arg.value) else {
                let span = self.span(arg.span);
                self.out.push(report::types::mixed_labels(span, "with"));
                continue;
            };
            let Some(index) = fields.iter().position(|field| field.name == label.text) else {
                let span = self.span(label.span);
                self.out.push(report::types::unknown_label(span, &owner, &label.text, &known));
                continue;
            };
            let ty = fields.get(index).map_or(Ty::Poison, |field| field.ty.clone());
            let position = i64::try_from(index).unwrap_or(0);
            values.push(self.constant(Ty::INT, Const::Int(position)));
            values.push(self.check(value, &ty, Why::Field(&owner, &label.text)));
        }
        self.typed(from.ty.clone(), ExprKind::Builtin { op: Builtin::With, args: values, lambda: None })
    }

    /// FL0103 for a method that a type does not have.
    pub(super) fn no_method(&mut self, from: Typed, base: &ast::Expr, name: &ast::Name) -> Typed {
        let from = self.demand_present(from, base);
        if !from.ty.is_poison() {
            let mut known: Vec<report::names::Candidate> =
                methods_of(&from.ty).map(|method| (method.into(), "")).collect();
            known.extend(
                self.pkg.fields(&from.ty).unwrap_or_default().iter().map(|field| (field.name.clone(), "")),
            );
            let span = self.span(name.span);
            self.out.push(report::types::unknown_field(span, &from.ty.to_string(), &name.text, &known));
        }
        self.poison()
    }

    /// Puts a call of the library together and says what it gives.
    fn apply(
        &mut self,
        op: Builtin,
        from: Typed,
        base: &ast::Expr,
        values: Vec<Typed>,
        lambda: Option<(Lambda, Ty)>,
    ) -> Typed {
        let made = lambda.as_ref().map(|(_, ty)| ty.clone());
        let Some(ty) = result(op, &from.ty, &values, made.as_ref()) else {
            let found = from.ty.to_string();
            let span = self.span(base.span);
            self.out.push(report::types::mismatch(span, needs(op), "such elements", &found));
            return self.poison();
        };
        let mut args: Vec<Expr> = vec![from.expr];
        args.extend(values.into_iter().map(|value| value.expr));
        let lambda = lambda.map(|(lambda, _)| Box::new(lambda));
        self.typed(ty, ExprKind::Builtin { op, args, lambda })
    }
}

/// The beginning of the message when elements are of the wrong type.
fn needs(op: Builtin) -> &'static str {
    match op {
        Builtin::Join => "`join` wants a list of text,",
        Builtin::Flat => "`flat` wants a list of lists,",
        Builtin::Sum | Builtin::Min | Builtin::Max => "this wants a list of numbers,",
        _ => "this wants",
    }
}

fn count(bounds: Option<u64>, low: u64) -> Ty {
    let int = |value: u64| i64::try_from(value).ok();
    Ty::Int(Bounds { min: int(low), max: bounds.and_then(int) })
}

/// What a call of the library gives; `None` if the elements do not suit it.
fn result(op: Builtin, from: &Ty, args: &[Typed], made: Option<&Ty>) -> Option<Ty> {
    match from {
        Ty::List(item, size) => list_result(op, from, item, *size, args, made),
        Ty::Text(size) => text_result(op, *size, args),
        Ty::Map(item, size) => match op {
            Builtin::Length => Some(count(size.max, size.min)),
            Builtin::Get => Some(item.as_ref().clone().optional()),
            Builtin::Keys => Some(Ty::TEXT.list(Size::new(size.min, size.max))),
            Builtin::Values => Some(item.as_ref().clone().list(*size)),
            other => general_result(other, from),
        },
        _ => number_result(op, from, args),
    }
}

fn general_result(op: Builtin, from: &Ty) -> Option<Ty> {
    match (op, from) {
        (Builtin::VariantDoc | Builtin::VariantName | Builtin::ToJson, _) => Some(Ty::TEXT),
        (Builtin::ToText, Ty::Text(size)) => Some(Ty::Text(*size)),
        (Builtin::ToText, _) => Some(Ty::TEXT),
        _ => None,
    }
}

fn list_result(
    op: Builtin,
    from: &Ty,
    item: &Ty,
    size: Size,
    args: &[Typed],
    made: Option<&Ty>,
) -> Option<Ty> {
    let one = || if size.min >= 1 { item.clone() } else { item.clone().optional() };
    let argument = args.first().map(|arg| &arg.ty);
    let bounds = match argument {
        Some(Ty::Int(bounds)) => *bounds,
        _ => Bounds::ANY,
    };
    let tokens = args.first().and_then(|arg| match arg.expr.kind {
        ExprKind::Const(Const::Tokens(tokens)) => Some(tokens),
        _ => None,
    });
    Some(match op {
        Builtin::Length | Builtin::Count => count(size.max, if op == Builtin::Length { size.min } else { 0 }),
        Builtin::First | Builtin::Last => one(),
        Builtin::Take | Builtin::TakeLast => item.clone().list(size.at_most(bounds)),
        Builtin::TakeTokens | Builtin::TakeLastTokens => {
            let max_tokens = match (size.max_tokens, tokens) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            item.clone().list(Size { min: 0, max: size.max, max_tokens })
        }
        Builtin::Drop => {
            let dropped = bounds.min.and_then(|min| u64::try_from(min).ok()).unwrap_or(0);
            let most = bounds.max.and_then(|max| u64::try_from(max).ok());
            let min = most.map_or(0, |most| size.min.saturating_sub(most));
            let max = size.max.map(|max| max.saturating_sub(dropped));
            item.clone().list(Size { min, max, max_tokens: size.max_tokens })
        }
        Builtin::Filter => item.clone().list(size.some()),
        Builtin::Unique => item.clone().list(Size { min: size.min.min(1), ..size }),
        Builtin::SortBy | Builtin::Reverse => from.clone(),
        Builtin::Map => made?.clone().list(Size::new(size.min, size.max)),
        Builtin::Any | Builtin::All | Builtin::Contains => Ty::Bool,
        Builtin::Join if item.is_text() || item.is_poison() || *item == Ty::Never => Ty::TEXT,
        Builtin::Zip => match argument? {
            Ty::List(other, other_size) => {
                let fields = vec![("left".into(), item.clone()), ("right".into(), other.as_ref().clone())];
                let max = match (size.max, other_size.max) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                Ty::record("pair", fields).list(Size::new(size.min.min(other_size.min), max))
            }
            _ => Ty::Poison,
        },
        Builtin::Present => match item {
            Ty::Optional(inner) => inner.as_ref().clone().list(size.some()),
            _ => from.clone(),
        },
        Builtin::At => {
            let inside = bounds.max.and_then(|max| u64::try_from(max).ok()).is_some_and(|max| max < size.min);
            if inside { item.clone() } else { item.clone().optional() }
        }
        Builtin::Flat => match item {
            Ty::List(inner, inner_size) => inner.as_ref().clone().list(size.times(*inner_size)),
            Ty::Poison | Ty::Never => Ty::Poison,
            _ => return None,
        },
        Builtin::Sum | Builtin::Min | Builtin::Max => {
            let numeric = matches!(item, Ty::Int(_) | Ty::Float(_) | Ty::Money(_, _) | Ty::Duration(_));
            let ordered = numeric || matches!(item, Ty::Date | Ty::Time | Ty::Poison | Ty::Never);
            match op {
                Builtin::Sum if numeric => item.shape(),
                Builtin::Min | Builtin::Max if ordered => one(),
                _ => return None,
            }
        }
        other => return general_result(other, from),
    })
}

fn text_result(op: Builtin, size: TextSize, args: &[Typed]) -> Option<Ty> {
    let bounds = match args.first().map(|arg| &arg.ty) {
        Some(Ty::Int(bounds)) => bounds.max.and_then(|max| u64::try_from(max).ok()),
        _ => None,
    };
    let tokens = args.first().and_then(|arg| match arg.expr.kind {
        ExprKind::Const(Const::Tokens(tokens)) => Some(tokens),
        _ => None,
    });
    let smaller = |a: Option<u64>, b: Option<u64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    Some(match op {
        Builtin::Length => count(if size.in_tokens { None } else { size.max }, size.min_chars()),
        // Case mapping may change the number of characters (`ß`), never to less than one each.
        Builtin::Lower | Builtin::Upper => {
            let max = size.max.and_then(|max| max.checked_mul(if size.in_tokens { 1 } else { 3 }));
            Ty::Text(TextSize { max, ..size })
        }
        Builtin::Trim => Ty::Text(TextSize { min: 0, ..size }),
        Builtin::Cut if size.in_tokens => Ty::Text(TextSize::chars(0, bounds)),
        Builtin::Cut => {
            Ty::Text(TextSize::chars(size.min.min(bounds.unwrap_or(0)), smaller(size.max, bounds)))
        }
        Builtin::CutTokens => {
            let here = size.max_tokens();
            Ty::Text(TextSize { in_tokens: true, min: 0, max: smaller(here, tokens) })
        }
        Builtin::Split | Builtin::Lines => Ty::Text(TextSize { min: 0, ..size }).list(Size::new(0, None)),
        Builtin::StartsWith | Builtin::EndsWith | Builtin::Contains | Builtin::Matches => Ty::Bool,
        Builtin::Replace => Ty::TEXT,
        Builtin::ToInt => Ty::INT.optional(),
        Builtin::ToFloat => Ty::FLOAT.optional(),
        other => return general_result(other, &Ty::Text(size)),
    })
}

fn number_result(op: Builtin, from: &Ty, args: &[Typed]) -> Option<Ty> {
    let ends = |read: fn(&Ty) -> Option<Bounds>| {
        let low = args.first().and_then(|arg| read(&arg.ty)).and_then(|bounds| bounds.min);
        let high = args.get(1).and_then(|arg| read(&arg.ty)).and_then(|bounds| bounds.max);
        Bounds { min: low, max: high }
    };
    match (op, from) {
        (Builtin::Clamp, Ty::Int(_)) => Some(Ty::Int(ends(|ty| match ty {
            Ty::Int(bounds) => Some(*bounds),
            _ => None,
        }))),
        (Builtin::Clamp, Ty::Float(_)) => Some(Ty::Float(ends(|ty| match ty {
            Ty::Float(bounds) => Some(*bounds),
            Ty::Int(bounds) => Some(bounds.to_micros()),
            _ => None,
        }))),
        (Builtin::Clamp, Ty::Money(currency, _)) => {
            let bounds = ends(|ty| match ty {
                Ty::Money(_, bounds) => Some(*bounds),
                _ => None,
            });
            Some(Ty::Money(*currency, bounds))
        }
        (Builtin::Clamp, Ty::Duration(_)) => Some(Ty::Duration(ends(|ty| match ty {
            Ty::Duration(bounds) => Some(*bounds),
            _ => None,
        }))),
        (Builtin::Round | Builtin::Floor | Builtin::Ceil, Ty::Float(bounds)) => {
            Some(Ty::Int(bounds.to_units()))
        }
        (Builtin::Round | Builtin::Floor | Builtin::Ceil, Ty::Int(bounds)) => Some(Ty::Int(*bounds)),
        (Builtin::Abs, Ty::Int(_)) => Some(Ty::Int(Bounds::from(0))),
        (Builtin::Abs, Ty::Float(_)) => Some(Ty::Float(Bounds::from(0))),
        (Builtin::Abs, Ty::Money(currency, _)) => Some(Ty::Money(*currency, Bounds::from(0))),
        (Builtin::Abs, Ty::Duration(_)) => Some(Ty::Duration(Bounds::from(0))),
        (other, _) => general_result(other, from),
    }
}
