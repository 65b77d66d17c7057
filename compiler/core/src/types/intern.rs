//! From the compiler's types to the Bundle's table.

use flow_ir::TypeId;
use flow_ir::types::{Enum, Field, ListSize, Record, TextSize, Type, Variant};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::{Bounds, Def, DefBody, DefId, EnumDef, FieldDef, Size, Ty};

/// The Bundle's types so far. Equal types get equal ids.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    types: Vec<Type>,
    ids: FxHashMap<Ty, TypeId>,
    /// By content, because two compiler types may be one for the runtime.
    rows: FxHashMap<String, TypeId>,
}

impl Interner {
    /// The id of a type with all its bounds: for what is decoded and validated.
    pub(crate) fn exact(&mut self, defs: &[Def], ty: &Ty) -> TypeId {
        if let Some(id) = self.ids.get(ty) {
            return *id;
        }
        let row = self.row(defs, ty);
        let id = self.add(row);
        self.ids.insert(ty.clone(), id);
        id
    }

    /// The id of a type without the bounds that literals and arithmetic carry: for expressions.
    pub(crate) fn shape(&mut self, defs: &[Def], ty: &Ty) -> TypeId {
        match ty {
            Ty::Named(_, _) | Ty::Bool => self.exact(defs, ty),
            _ => self.exact(defs, &ty.shape()),
        }
    }

    /// A parameter or field for the Bundle.
    pub(crate) fn field(&mut self, defs: &[Def], field: &FieldDef) -> Field {
        Field {
            name: field.name.clone(),
            wire: field.wire.clone(),
            doc: field.doc.clone(),
            ty: self.exact(defs, &field.ty),
            labels: field.labels,
        }
    }

    /// Fields in order.
    pub(crate) fn fields(&mut self, defs: &[Def], fields: &[FieldDef]) -> Vec<Field> {
        fields.iter().map(|field| self.field(defs, field)).collect()
    }

    /// The finished table.
    pub(crate) fn finish(self) -> Vec<Type> {
        self.types
    }

    fn add(&mut self, row: Type) -> TypeId {
        let key = format!("{row:?}");
        if let Some(id) = self.rows.get(&key) {
            return *id;
        }
        let id = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        self.types.push(row);
        self.rows.insert(key, id);
        id
    }

    fn row(&mut self, defs: &[Def], ty: &Ty) -> Type {
        match ty {
            Ty::Poison | Ty::Never | Ty::Nothing => Type::Nothing,
            Ty::Text(size) => Type::Text { size: text_size(*size) },
            Ty::Int(Bounds { min, max }) => Type::Int { min: *min, max: *max },
            Ty::Float(Bounds { min, max }) => Type::Float { min: float(*min), max: float(*max) },
            Ty::Bool => Type::Bool,
            Ty::Date => Type::Date,
            Ty::Time => Type::Time,
            Ty::Duration(Bounds { min, max }) => Type::Duration { min: *min, max: *max },
            Ty::Money(currency, Bounds { min, max }) => {
                Type::Money { currency: *currency, min: *min, max: *max }
            }
            Ty::Tokens => Type::Tokens,
            Ty::Bytes => Type::Bytes,
            Ty::Price => Type::Price,
            Ty::Json => Type::Json,
            Ty::Image => Type::Image,
            Ty::Audio => Type::Audio,
            Ty::File => Type::File,
            Ty::Optional(inner) => Type::Optional { item: self.exact(defs, inner) },
            Ty::List(item, size) => Type::List { item: self.exact(defs, item), size: list_size(*size) },
            Ty::Map(item, size) => Type::Map { item: self.exact(defs, item), size: list_size(*size) },
            Ty::Named(id, _) => self.declared(defs, *id),
            Ty::Anon(anon) => Type::Record(Record {
                name: anon.name.clone(),
                doc: SmolStr::default(),
                fields: anon.fields.iter().map(|(name, ty)| self.plain(defs, name, ty)).collect(),
            }),
            Ty::Partial(id, name) => {
                Type::Partial { record: self.exact(defs, &Ty::Named(*id, name.clone())) }
            }
        }
    }

    fn plain(&mut self, defs: &[Def], name: &SmolStr, ty: &Ty) -> Field {
        Field {
            name: name.clone(),
            wire: name.clone(),
            doc: SmolStr::default(),
            ty: self.exact(defs, ty),
            labels: flow_ir::types::Labels::default(),
        }
    }

    fn declared(&mut self, defs: &[Def], id: DefId) -> Type {
        let Some(def) = defs.get(id.0 as usize) else { return Type::Nothing };
        match &def.body {
            DefBody::Poison | DefBody::Alias(_, _) => Type::Nothing,
            DefBody::Record(fields) => Type::Record(Record {
                name: def.name.clone(),
                doc: def.doc.clone(),
                fields: self.fields(defs, fields),
            }),
            DefBody::Enum(body) => self.enumeration(defs, def, body),
        }
    }

    fn enumeration(&mut self, defs: &[Def], def: &Def, body: &EnumDef) -> Type {
        let mut variants = Vec::with_capacity(body.variants.len());
        for variant in &body.variants {
            variants.push(Variant {
                name: variant.name.clone(),
                wire: variant.wire.clone(),
                doc: variant.doc.clone(),
                fields: self.fields(defs, &variant.fields),
            });
        }
        Type::Enum(Enum { name: def.name.clone(), doc: def.doc.clone(), tag: body.tag.clone(), variants })
    }
}

fn float(micros: Option<i64>) -> Option<f64> {
    micros.map(|micros| micros as f64 / 1e6)
}

fn text_size(size: super::TextSize) -> Option<TextSize> {
    let bounded = size.min > 0 || size.max.is_some();
    bounded.then_some(TextSize { in_tokens: size.in_tokens, min: size.min, max: size.max })
}

fn list_size(size: Size) -> ListSize {
    ListSize { min: size.min, max: size.max, max_tokens: size.max_tokens }
}
