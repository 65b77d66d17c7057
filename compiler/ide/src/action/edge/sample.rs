//! Values of a type, of which something may be wanted.

use std::collections::BTreeSet;

use flow_grammar::Span;
use flow_grammar::ast::{Field, ItemKind, Param, Range, Ty, TypeBody, Unit, Variant};

use super::want::{Pattern, Want, Wanted};
use crate::Change;
use crate::decl::Decl;
use crate::package::{Package, View, is_library};
use crate::resolve::{Place, reach};

/// Deeper values are not written.
const DEEPEST: usize = 8;

/// Writes values, and notes what must be imported for them.
pub(super) struct Sampler<'v> {
    package: &'v Package,
    view: &'v View,
    depth: usize,
    /// Modules with names that the file does not see yet.
    missing: BTreeSet<(String, String)>,
}

/// What a declared type is made of.
enum Shape {
    Record(String, Vec<Field>),
    Enum(Vec<Variant>),
    Alias(Ty),
}

impl<'v> Sampler<'v> {
    pub(super) const fn new(package: &'v Package, view: &'v View) -> Self {
        Self { package, view, depth: 0, missing: BTreeSet::new() }
    }

    /// A value of a type that is written in the file at `path`; `None` if none is known of which that is true.
    pub(super) fn value(&mut self, ty: &Ty, path: &str, wanted: &Wanted) -> Option<String> {
        if wanted.here().any(|want| *want == Want::Is(Pattern::None)) {
            return (ty.optional.is_some() && wanted.only_none()).then(|| "none".to_owned());
        }
        if ty.optional.is_some() && !wanted.is_there() {
            return Some("none".to_owned());
        }
        if self.depth > DEEPEST {
            return None;
        }
        self.depth += 1;
        let value = self.present(ty, path, wanted);
        self.depth -= 1;
        value
    }

    fn present(&mut self, ty: &Ty, path: &str, wanted: &Wanted) -> Option<String> {
        let mut literal = None;
        for want in wanted.here() {
            match want {
                Want::Is(Pattern::Literal(text)) => literal = Some(text.clone()),
                Want::Is(Pattern::Bool(value)) => literal = Some(value.to_string()),
                Want::Not(Pattern::Bool(value)) => literal = Some((!value).to_string()),
                _ => {}
            }
        }
        if literal.is_some() {
            return literal;
        }
        let range = ty.range.as_deref();
        match ty.base.text.as_str() {
            "text" => Some(format!("\"{}\"", "text".repeat(repeats(range)).get(..longest(range))?)),
            "int" => Some(lowest(range).unwrap_or_else(|| "1".to_owned())),
            "float" => Some(lowest(range).unwrap_or_else(|| "0.5".to_owned())),
            "bool" => Some("true".to_owned()),
            "duration" => Some("1h".to_owned()),
            "money" => Some("1 USD".to_owned()),
            "list" => self.list(ty, path),
            name => self.declared(name, path, wanted),
        }
    }

    fn list(&mut self, ty: &Ty, path: &str) -> Option<String> {
        let least =
            ty.range.as_deref().and_then(|range| range.low.as_ref()).map_or(0, |low| low.number.micros);
        if least <= 0 {
            return Some("[]".to_owned());
        }
        let element = self.value(ty.args.first()?, path, &Wanted::default())?;
        let count = usize::try_from(least / 1_000_000).ok().filter(|count| *count <= 8)?;
        Some(format!("[{}]", vec![element; count].join(", ")))
    }

    fn declared(&mut self, name: &str, path: &str, wanted: &Wanted) -> Option<String> {
        let parsed = self.package.parsed(path)?;
        let place = reach::global(self.package, path, &parsed.file, name)?.target;
        let shape = self.package.decl(&place, |found, _| {
            let Decl::Item(item) = found else { return None };
            match &item.kind {
                ItemKind::Type(decl) => Some(match &decl.body {
                    TypeBody::Record(fields) => Shape::Record(decl.name.text.to_string(), fields.clone()),
                    TypeBody::Alias(ty) => Shape::Alias((**ty).clone()),
                }),
                ItemKind::Enum(decl) => Some(Shape::Enum(decl.variants.clone())),
                _ => None,
            }
        })??;
        match shape {
            Shape::Alias(ty) => self.value(&ty, &place.path, wanted),
            Shape::Record(name, fields) => self.record(&name, &fields, &place, wanted),
            Shape::Enum(variants) => self.variant(name, &variants, &place, wanted),
        }
    }

    fn record(&mut self, name: &str, fields: &[Field], place: &Place, wanted: &Wanted) -> Option<String> {
        let mut parts = Vec::new();
        for field in fields {
            let part = wanted.part(&field.name.text);
            if field.ty.optional.is_none() || part.is_there() {
                parts.push(format!("{}: {}", field.name.text, self.value(&field.ty, &place.path, &part)?));
            }
        }
        self.need(name, place);
        Some(format!("{name}({})", parts.join(", ")))
    }

    fn variant(
        &mut self,
        name: &str,
        variants: &[Variant],
        place: &Place,
        wanted: &Wanted,
    ) -> Option<String> {
        let fits = |variant: &&Variant| {
            let here = Pattern::Variant(variant.name.text.to_string());
            let params = variant.params.as_deref().unwrap_or_default();
            let has = |part: &str| params.iter().any(|param| param.name.text == part);
            wanted.here().all(|want| match want {
                Want::Is(pattern) => *pattern == here,
                Want::Not(pattern) => *pattern != here,
            }) && wanted.parts().all(has)
        };
        let found = variants.iter().find(fits)?;
        let params: &[Param] = found.params.as_deref().unwrap_or_default();
        let mut parts = Vec::new();
        for param in params {
            let part = wanted.part(&param.name.text);
            parts.push(format!("{}: {}", param.name.text, self.value(&param.ty, &place.path, &part)?));
        }
        self.need(name, place);
        let text = found.name.text.to_string();
        Some(if parts.is_empty() { text } else { format!("{text}({})", parts.join(", ")) })
    }

    /// Notes a name that the file must see.
    fn need(&mut self, name: &str, place: &Place) {
        let file = &self.view.parsed.file;
        let seen = reach::global(self.package, &self.view.path, file, name);
        if seen.is_some_and(|seen| seen.target == *place) || place.path.starts_with("std/prelude") {
            return;
        }
        let module = match is_library(&place.path) {
            true => Some(place.path.trim_end_matches(".flow")),
            false => self.package.module(&place.path),
        };
        if let Some(module) = module {
            self.missing.insert((module.to_owned(), name.to_owned()));
        }
    }

    /// The edits that import what is missing.
    pub(super) fn imports(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        for (module, name) in &self.missing {
            let known = self.view.parsed.file.items.iter().find_map(|item| match &item.kind {
                ItemKind::Import(import) => {
                    let path =
                        import.path.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join("/");
                    import.names.as_ref()?.last().filter(|_| path == *module)
                }
                _ => None,
            });
            let (at, text) = match known {
                Some(last) => (last.span.end, format!(", {name}")),
                None => (self.first_item(), format!("import {module}.{{{name}}}\n")),
            };
            match changes.iter_mut().find(|change| change.span.start == at && known.is_some()) {
                Some(change) => change.text.push_str(&text),
                None => changes.push(Change { path: self.view.path.clone(), span: Span::new(at, at), text }),
            }
        }
        changes
    }

    fn first_item(&self) -> u32 {
        let first = self.view.parsed.file.items.first();
        first.map_or(0, |item| item.docs.first().map_or(item.span.start, |doc| doc.span.start))
    }
}

/// The lower end of a range of numbers.
fn lowest(range: Option<&Range>) -> Option<String> {
    let low = range?.low.as_ref()?;
    Some(format!("{}{}", if low.number.micros < 0 { "-" } else { "" }, low.number.text))
}

/// How often a word of four letters must be said to be long enough.
fn repeats(range: Option<&Range>) -> usize {
    let low = range.and_then(|range| range.low.as_ref()).and_then(|low| low.number.as_int());
    usize::try_from(low.unwrap_or(1)).unwrap_or(1).div_ceil(4).clamp(1, 64)
}

/// How many of its letters fit.
fn longest(range: Option<&Range>) -> usize {
    let all = repeats(range) * 4;
    let high = range.and_then(|range| range.high.as_ref());
    let counts_characters = high.is_some_and(|high| high.unit != Some(Unit::Tokens));
    let high = high.filter(|_| counts_characters).and_then(|high| high.number.as_int());
    high.and_then(|high| usize::try_from(high).ok()).map_or(all, |high| high.min(all))
}
