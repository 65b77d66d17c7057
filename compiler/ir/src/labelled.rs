//! Fields with a label, wherever they stand in the types of other fields.

use crate::bundle::Bundle;
use crate::ids::TypeId;
use crate::types::{Field, Type};

impl Bundle {
    /// Fields that are `wanted`, these and those inside their types, in order: `name`, or `Owner.name` inside a
    /// record or enum.
    #[must_use]
    pub fn labelled_fields(&self, fields: &[Field], wanted: &impl Fn(&Field) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        self.labelled_of(fields, "", wanted, &mut found);
        found
    }

    fn labelled_of(
        &self,
        fields: &[Field],
        owner: &str,
        wanted: &impl Fn(&Field) -> bool,
        found: &mut Vec<String>,
    ) {
        for field in fields {
            if wanted(field) {
                let dot = if owner.is_empty() { "" } else { "." };
                found.push(format!("{owner}{dot}{}", field.name));
            }
            self.labelled_inside(field.ty, wanted, found);
        }
    }

    fn labelled_inside(&self, ty: TypeId, wanted: &impl Fn(&Field) -> bool, found: &mut Vec<String>) {
        match self.ty(ty) {
            Type::Record(record) => self.labelled_of(&record.fields, &record.name, wanted, found),
            Type::Enum(body) => {
                let variants = body.variants.iter();
                variants.for_each(|variant| self.labelled_of(&variant.fields, &body.name, wanted, found));
            }
            Type::Optional { item } | Type::List { item, .. } | Type::Map { item, .. } => {
                self.labelled_inside(*item, wanted, found);
            }
            Type::Partial { record } => self.labelled_inside(*record, wanted, found),
            _ => {}
        }
    }
}
