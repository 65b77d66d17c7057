//! What is known at a place: `x is Edit`, `x is not none`.
//!
//! What the way to a place says comes from the graph; what stands left of an `and`, in a `case` or in an
//! `{{if}}` is added here.

use flow_grammar::ast::{self, PatternKind};
use smol_str::SmolStr;

use super::{Elab, Typed};
use crate::graph::{Cases, FactPath, constraints};
use crate::types::{Ty, VariantDef};

/// Something known about a path.
pub(crate) type Fact = (FactPath, Cases);

/// The case that a pattern tests for, if it is one.
pub(super) fn case_of_pattern(pattern: &PatternKind) -> Option<SmolStr> {
    match pattern {
        PatternKind::Variant(name) => Some(name.clone()),
        PatternKind::None => Some("none".into()),
        PatternKind::Bool(value) => Some(value.to_string().into()),
        PatternKind::Text(_) | PatternKind::Number(_) | PatternKind::Any | PatternKind::Missing => None,
    }
}

impl Elab<'_, '_> {
    /// Runs `body` with more facts.
    pub(super) fn knowing<T>(&mut self, facts: Vec<Fact>, body: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.scope.facts.len();
        self.scope.facts.extend(facts);
        let result = body(self);
        self.scope.facts.truncate(before);
        result
    }

    /// Runs `body` where `condition` holds, or where it does not.
    pub(super) fn assuming<T>(
        &mut self,
        condition: &ast::Expr,
        holds: bool,
        body: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.knowing(constraints(condition, holds), body)
    }

    /// What a path can be here; `None` if nothing is known about it.
    fn cases(&self, path: &FactPath) -> Option<Cases> {
        let base = self.scope.known.as_ref().and_then(|known| known.cases(path));
        let more = self.scope.facts.iter().filter(|(other, _)| other == path).map(|(_, cases)| cases);
        more.fold(base, |known, cases| Some(known.map_or_else(|| cases.clone(), |known| known.and(cases))))
    }

    /// A value with what is known about it: not `none` any more, if that is known.
    pub(super) fn narrowed(&mut self, expr: &ast::Expr, found: Typed) -> Typed {
        if !matches!(found.ty, Ty::Optional(_)) || self.knows_nothing() {
            return found;
        }
        let cases = FactPath::of(expr).and_then(|path| self.cases(&path));
        if cases.is_some_and(|cases| !cases.allows("none")) { self.unwrapped(found) } else { found }
    }

    fn knows_nothing(&self) -> bool {
        self.scope.facts.is_empty() && self.scope.known.is_none()
    }

    /// The variant that a path is known to be, if only one of `variants` is left.
    pub(super) fn known_variant(
        &self,
        path: &FactPath,
        variants: &[VariantDef],
        preferred: impl Fn(&VariantDef) -> bool,
    ) -> Option<usize> {
        let cases = self.cases(path)?;
        // No sure way leads here: what is wrong was reported where the way breaks off.
        if cases == Cases::In(Vec::new()) {
            return variants.iter().position(preferred);
        }
        let mut left = variants.iter().enumerate().filter(|(_, variant)| cases.allows(&variant.name));
        let first = left.next().map(|(index, _)| index);
        if left.next().is_some() { None } else { first }
    }
}
