//! What the numbers of an expression are called where it stands.

use flow_ir::flow::Flow;
use flow_ir::types::{Type, Variant};
use flow_ir::{Bundle, NodeId, SlotId, TypeId};

/// What slots, nodes, fields and variants are called.
pub struct Names<'a> {
    /// Where everything is.
    pub(super) bundle: &'a Bundle,
    flow: Option<&'a Flow>,
    slots: Vec<String>,
}

impl<'a> Names<'a> {
    /// Inside a flow.
    #[must_use]
    pub fn of_flow(bundle: &'a Bundle, flow: &'a Flow) -> Self {
        let slots = flow.slots.iter().map(|slot| slot.name.to_string()).collect();
        Self { bundle, flow: Some(flow), slots }
    }

    /// Where slots 0, 1, … have these names.
    #[must_use]
    pub fn of_slots(bundle: &'a Bundle, slots: Vec<String>) -> Self {
        Self { bundle, flow: None, slots }
    }

    /// The name of a slot.
    #[must_use]
    pub fn slot(&self, slot: SlotId) -> String {
        self.slots.get(slot.index()).cloned().unwrap_or_else(|| format!("slot{}", slot.0))
    }

    /// The name of a node of the flow.
    #[must_use]
    pub fn node(&self, node: NodeId) -> String {
        let found = self.flow.and_then(|flow| flow.nodes.get(node.index()));
        found.map_or_else(|| format!("node{}", node.0), |node| node.name.to_string())
    }

    /// The type behind `T?` and `Partial(T)`.
    pub(super) fn inner(&self, ty: TypeId) -> &'a Type {
        match self.bundle.ty(ty) {
            Type::Optional { item } => self.inner(*item),
            Type::Partial { record } => self.inner(*record),
            other => other,
        }
    }

    pub(super) fn field(&self, ty: TypeId, field: u32) -> String {
        let name = match self.inner(ty) {
            Type::Record(record) => record.fields.get(field as usize).map(|field| field.name.to_string()),
            _ => None,
        };
        name.unwrap_or_else(|| field.to_string())
    }

    pub(super) fn payload(&self, ty: TypeId, variant: u32, field: u32) -> String {
        let found = self.variant(ty, variant).and_then(|variant| variant.fields.get(field as usize));
        found.map_or_else(|| field.to_string(), |field| field.name.to_string())
    }

    pub(super) fn variant_name(&self, ty: TypeId, variant: u32) -> String {
        self.variant(ty, variant).map_or_else(|| format!("#{variant}"), |found| found.name.to_string())
    }

    fn variant(&self, ty: TypeId, variant: u32) -> Option<&'a Variant> {
        match self.inner(ty) {
            Type::Enum(of) => of.variants.get(variant as usize),
            _ => None,
        }
    }
}
