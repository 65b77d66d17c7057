//! Texts with holes.

use flow_grammar::ast::{self, Template, TemplatePart};
use flow_ir::expr::{Const, Encoding, ExprKind, Part};

use super::{Elab, Typed};
use crate::graph::constraints;
use crate::report;
use crate::types::{TextSize, Ty};

impl Elab<'_, '_> {
    /// A string as text.
    pub(crate) fn text(&mut self, text: &Template, want: Option<&Ty>) -> Typed {
        self.text_in(text, Encoding::Plain, want)
    }

    /// A string whose holes are written for where it stands.
    pub(crate) fn text_for(&mut self, text: &Template, encoding: Encoding) -> Typed {
        self.text_in(text, encoding, None)
    }

    /// A literal is as long as it is: in tokens, if that is what is wanted.
    fn text_in(&mut self, text: &Template, encoding: Encoding, want: Option<&Ty>) -> Typed {
        if let Some(plain) = text.as_plain() {
            let wants_tokens =
                matches!(want.map(Ty::present), Some(Ty::Text(TextSize { in_tokens: true, .. })));
            if wants_tokens {
                let tokens = flow_ir::tokens::count(&plain);
                let size = TextSize { in_tokens: true, min: tokens, max: Some(tokens) };
                return self.typed(Ty::Text(size), ExprKind::Const(Const::Text(plain)));
            }
            let chars = u64::try_from(plain.chars().count()).ok();
            let size = TextSize::chars(chars.unwrap_or(0), chars);
            return self.typed(Ty::Text(size), ExprKind::Const(Const::Text(plain)));
        }
        let (parts, size) = self.parts(&text.parts, encoding);
        self.typed(Ty::Text(size), ExprKind::Template(parts))
    }

    fn parts(&mut self, parts: &[TemplatePart], encoding: Encoding) -> (Vec<Part>, TextSize) {
        let mut made = Vec::with_capacity(parts.len());
        let mut size = TextSize::chars(0, Some(0));
        for part in parts {
            let (part, added) = self.part(part, encoding);
            size = size.plus(added);
            made.push(part);
        }
        (made, size)
    }

    fn part(&mut self, part: &TemplatePart, encoding: Encoding) -> (Part, TextSize) {
        match part {
            TemplatePart::Text { value, .. } => {
                let chars = u64::try_from(value.chars().count()).ok();
                (Part::Text(value.clone()), TextSize::chars(chars.unwrap_or(0), chars))
            }
            TemplatePart::Hole(expr) => self.hole(expr, encoding),
            TemplatePart::Each { var, list, body, .. } => self.each_part(var, list, body, encoding),
            TemplatePart::If { condition, then, otherwise, .. } => {
                let test = self.condition(condition);
                let (then, a) = self.knowing(constraints(condition, true), |elab| elab.parts(then, encoding));
                let (otherwise, b) =
                    self.knowing(constraints(condition, false), |elab| elab.parts(otherwise, encoding));
                (Part::If { condition: test, then, otherwise }, a.hull(b))
            }
        }
    }

    fn each_part(
        &mut self,
        var: &ast::Name,
        list: &ast::Expr,
        body: &[TemplatePart],
        encoding: Encoding,
    ) -> (Part, TextSize) {
        let found = self.expr(list, None);
        let found = self.demand_present(found, list);
        let (item, max) = match &found.ty {
            Ty::List(item, size) => (item.as_ref().clone(), size.max),
            Ty::Poison => (Ty::Poison, None),
            other => {
                let span = self.span(list.span);
                self.out.push(report::types::mismatch(span, "`each` wants", "list", &other.to_string()));
                (Ty::Poison, None)
            }
        };
        let (local, (body, size)) =
            self.with_local(var, item, |elab, local| (local, elab.parts(body, encoding)));
        let all = size.max.zip(max).and_then(|(one, count)| one.checked_mul(count));
        let size = TextSize { in_tokens: size.in_tokens, min: 0, max: all };
        (Part::Each { local, list: found.expr, body }, size)
    }

    fn hole(&mut self, expr: &ast::Expr, encoding: Encoding) -> (Part, TextSize) {
        let found = self.expr(expr, None);
        let found = if encoding == Encoding::Json { found } else { self.demand_present(found, expr) };
        if matches!(found.ty, Ty::Nothing | Ty::Price) {
            let span = self.span(expr.span);
            self.out.push(report::types::unprintable(span, &found.ty.to_string()));
        }
        let size = self.printed(&found.ty);
        (Part::Hole(found.expr, encoding), size)
    }

    /// How long a value is when it is written.
    fn printed(&self, ty: &Ty) -> TextSize {
        match ty {
            Ty::Text(size) => *size,
            Ty::Bool => TextSize::chars(4, Some(5)),
            Ty::Int(_) => TextSize::chars(1, Some(20)),
            Ty::Date | Ty::Time => TextSize::chars(8, Some(10)),
            Ty::Money(_, _) | Ty::Float(_) | Ty::Duration(_) => TextSize::chars(1, Some(32)),
            other => {
                let variants = self.pkg.enum_variants(other).unwrap_or_default();
                let plain = !variants.is_empty() && variants.iter().all(|variant| variant.fields.is_empty());
                let longest = variants.iter().map(|variant| variant.wire.chars().count()).max();
                let max = longest.filter(|_| plain).and_then(|longest| u64::try_from(longest).ok());
                TextSize::chars(0, max)
            }
        }
    }
}
