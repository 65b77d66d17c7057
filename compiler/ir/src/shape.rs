//! What a type is, whatever its number and documentation: for contracts that outlive one Bundle.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::bundle::{Bundle, Digest};
use crate::ids::TypeId;
use crate::types::{Field, Type};

/// Digests of the types of one Bundle. Types of two Bundles that hold the same values have equal digests.
#[derive(Debug)]
pub struct Shapes<'b> {
    bundle: &'b Bundle,
    known: BTreeMap<TypeId, Digest>,
}

impl<'b> Shapes<'b> {
    /// Nothing is computed yet.
    #[must_use]
    pub const fn new(bundle: &'b Bundle) -> Self {
        Self { bundle, known: BTreeMap::new() }
    }

    /// Of a type. Each is computed once, so that shared parts cost nothing.
    pub fn of(&mut self, id: TypeId) -> Digest {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        let mut own = self.bundle.ty(id).clone();
        forget_docs(&mut own);
        let parts: Vec<TypeId> = own.parts_mut().into_iter().map(take).collect();
        // Writing to memory cannot fail, and no map in the IR has keys other than text.
        let mut bytes = serde_json::to_vec(&own).unwrap_or_default();
        for part in parts {
            bytes.extend(self.of(part).0);
        }
        let digest = Digest::of(&bytes);
        self.known.insert(id, digest);
        digest
    }

    /// Of a list of fields or parameters: their names, wire names, labels and types, in order.
    pub fn of_fields(&mut self, fields: &[Field]) -> Digest {
        let mut fields = fields.to_vec();
        let parts: Vec<TypeId> = fields.iter_mut().map(take_field).collect();
        let mut bytes = serde_json::to_vec(&fields).unwrap_or_default();
        for part in parts {
            bytes.extend(self.of(part).0);
        }
        Digest::of(&bytes)
    }
}

/// Takes the documentation out of a type.
fn forget_docs(own: &mut Type) {
    match own {
        Type::Record(record) => {
            record.doc = SmolStr::default();
            record.fields.iter_mut().for_each(|field| field.doc = SmolStr::default());
        }
        Type::Enum(of) => {
            of.doc = SmolStr::default();
            for variant in &mut of.variants {
                variant.doc = SmolStr::default();
                variant.fields.iter_mut().for_each(|field| field.doc = SmolStr::default());
            }
        }
        _ => {}
    }
}

/// Takes the number of another type out of a type, so that what is left is its own.
fn take(id: &mut TypeId) -> TypeId {
    std::mem::replace(id, TypeId(0))
}

fn take_field(field: &mut Field) -> TypeId {
    field.doc = SmolStr::default();
    take(&mut field.ty)
}

#[cfg(test)]
mod tests {
    use super::Shapes;
    use crate::bundle::Bundle;
    use crate::ids::TypeId;
    use crate::types::{Field, Labels, ListSize, Record, Type};

    fn record(doc: &str, ty: u32) -> Type {
        let field = Field {
            name: "a".into(),
            wire: "a".into(),
            doc: doc.into(),
            ty: TypeId(ty),
            labels: Labels::default(),
        };
        Type::Record(Record { name: "R".into(), doc: doc.into(), fields: vec![field] })
    }

    fn list(item: u32) -> Type {
        Type::List { item: TypeId(item), size: ListSize::default() }
    }

    #[test]
    fn numbers_and_documentation_do_not_matter_but_parts_do() {
        let first = Bundle { types: vec![Type::Bool, record("old", 0), list(1)], ..Bundle::default() };
        let moved = Bundle { types: vec![list(2), Type::Bool, record("new", 1)], ..Bundle::default() };
        let other = Bundle { types: vec![Type::Date, record("old", 0), list(1)], ..Bundle::default() };
        let of = |bundle: &Bundle, id| Shapes::new(bundle).of(TypeId(id));
        assert_eq!(of(&first, 2), of(&moved, 0));
        assert_ne!(of(&first, 2), of(&other, 2));
    }
}
