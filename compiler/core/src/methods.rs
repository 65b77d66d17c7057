//! The methods of resources: what they take, give, do and raise. One table.
//!
//! They are the one part of the prelude that the language itself cannot declare, because their types depend on
//! what the resource holds and on constant arguments (`top: 6` gives `in 0..6`).

use flow_diagnostics::Span;
use flow_ir::setup::{Effect, Method, ResourceKind};
use flow_ir::types::Labels;
use flow_ir::units::ErrorClass;
use smol_str::SmolStr;

use crate::graph::ClassSet;
use crate::types::{Bounds, FieldDef, Size, TextSize, Ty};

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MethodRow {
    pub(crate) kind: ResourceKind,
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) effect: Effect,
}

const fn row(kind: ResourceKind, name: &'static str, method: Method, effect: Effect) -> MethodRow {
    MethodRow { kind, name, method, effect }
}

/// All methods.
pub(crate) static METHODS: [MethodRow; 15] = [
    row(ResourceKind::Memory, "last", Method::MemoryLast, Effect::Read),
    row(ResourceKind::Memory, "add", Method::MemoryAdd, Effect::Write),
    row(ResourceKind::Memory, "forget", Method::MemoryForget, Effect::Write),
    row(ResourceKind::Index, "search", Method::IndexSearch, Effect::Read),
    row(ResourceKind::Index, "put", Method::IndexPut, Effect::Write),
    row(ResourceKind::Cache, "get", Method::CacheGet, Effect::Read),
    row(ResourceKind::Cache, "put", Method::CachePut, Effect::Write),
    row(ResourceKind::Slots, "fill", Method::SlotsFill, Effect::Write),
    row(ResourceKind::Slots, "drop", Method::SlotsDrop, Effect::Write),
    row(ResourceKind::Events, "wait", Method::EventsWait, Effect::Read),
    row(ResourceKind::Events, "put", Method::EventsPut, Effect::Write),
    row(ResourceKind::Queue, "add", Method::QueueAdd, Effect::Write),
    row(ResourceKind::Queue, "take", Method::QueueTake, Effect::Read),
    row(ResourceKind::Topic, "emit", Method::TopicEmit, Effect::Write),
    row(ResourceKind::Dataset, "add", Method::DatasetAdd, Effect::Write),
];

/// The method of that name, or all names that the kind has.
pub(crate) fn find(kind: ResourceKind, name: &str) -> Result<&'static MethodRow, Vec<SmolStr>> {
    let mut of_kind = METHODS.iter().filter(|row| row.kind == kind);
    match of_kind.clone().find(|row| row.name == name) {
        Some(row) => Ok(row),
        None => Err(of_kind.by_ref().map(|row| row.name.into()).collect()),
    }
}

/// The row of a method.
pub(crate) fn row_of(method: Method) -> Option<&'static MethodRow> {
    METHODS.iter().find(|row| row.method == method)
}

/// The classes that a method can raise.
pub(crate) fn raises(method: Method) -> ClassSet {
    let common = [ErrorClass::Timeout, ErrorClass::Overload, ErrorClass::Denied, ErrorClass::Budget];
    let base: ClassSet = common.into_iter().collect();
    match method {
        Method::EventsWait => base.and(ClassSet::of(ErrorClass::Expired)),
        Method::MemoryLast
        | Method::MemoryAdd
        | Method::MemoryForget
        | Method::IndexSearch
        | Method::IndexPut
        | Method::CacheGet
        | Method::CachePut
        | Method::SlotsFill
        | Method::SlotsDrop
        | Method::EventsPut
        | Method::QueueAdd
        | Method::QueueTake
        | Method::TopicEmit
        | Method::DatasetAdd => base,
    }
}

fn param(name: &str, ty: Ty) -> FieldDef {
    FieldDef {
        name: name.into(),
        wire: name.into(),
        doc: SmolStr::default(),
        ty,
        labels: Labels::default(),
        span: Span::default(),
    }
}

/// The parameters of a method of a resource that holds `item`.
pub(crate) fn params(method: Method, item: &Ty) -> Vec<FieldDef> {
    let key = || param("key", Ty::TEXT);
    let item = item.clone();
    match method {
        // A number or tokens: the caller looks at what was passed.
        Method::MemoryLast => vec![key(), param("count", Ty::Poison)],
        Method::MemoryAdd => vec![key(), param("items", item.list(Size::ANY))],
        Method::MemoryForget | Method::CacheGet | Method::SlotsDrop | Method::EventsWait => vec![key()],
        Method::IndexSearch => {
            let top = param("top", Ty::Int(Bounds::from(1)));
            vec![param("text", Ty::TEXT), top, param("min", Ty::FLOAT.optional())]
        }
        Method::IndexPut | Method::DatasetAdd => vec![param("items", item.list(Size::ANY))],
        Method::CachePut | Method::EventsPut => vec![key(), param("value", item)],
        Method::SlotsFill => {
            let partial = match item {
                Ty::Named(id, name) => Ty::Partial(id, name),
                _ => Ty::Poison,
            };
            vec![key(), param("values", partial)]
        }
        Method::QueueAdd | Method::TopicEmit => vec![param("item", item)],
        Method::QueueTake => vec![param("count", Ty::Int(Bounds::from(1)))],
    }
}

/// What a method gives. `count` is what was passed for its number, if it is known; `fields` are those of the
/// record that slots hold.
pub(crate) fn result(method: Method, item: &Ty, count: Size, fields: Option<&[FieldDef]>) -> Ty {
    let counted = |name: &str| Ty::record(name, vec![("count".into(), Ty::Int(Bounds::from(0)))]);
    match method {
        Method::MemoryLast | Method::IndexSearch | Method::QueueTake => item.clone().list(count),
        Method::MemoryAdd
        | Method::MemoryForget
        | Method::CachePut
        | Method::SlotsDrop
        | Method::EventsPut
        | Method::QueueAdd
        | Method::TopicEmit => Ty::Nothing,
        Method::IndexPut | Method::DatasetAdd => counted("stored"),
        Method::CacheGet => item.clone().optional(),
        Method::SlotsFill => Ty::record(
            "filled",
            vec![("value".into(), item.clone().optional()), ("missing".into(), names_of(fields))],
        ),
        Method::EventsWait => item.clone(),
    }
}

/// Some of the names of these fields.
fn names_of(fields: Option<&[FieldDef]>) -> Ty {
    let Some(fields) = fields else { return Ty::TEXT.list(Size::ANY) };
    let longest = fields.iter().map(|field| field.name.chars().count() as u64).max().unwrap_or(0);
    Ty::Text(TextSize::chars(0, Some(longest))).list(Size::new(0, Some(fields.len() as u64)))
}
