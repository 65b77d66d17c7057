//! Parts of records and variants.

use flow_ir::types::{Enum, Type, Variant};
use flow_ir::{Bundle, TypeId};
use smol_str::SmolStr;

use crate::Value;
use crate::invalid::{Invalid, Outcome, mismatch};

pub(crate) fn field(base: &Value, index: u32) -> Outcome<&Value> {
    match base {
        Value::Record(fields) => fields.get(index as usize).ok_or_else(|| mismatch("this field", base)),
        other => Err(mismatch("a field", other)),
    }
}

pub(crate) fn payload<'a>(
    bundle: &Bundle,
    ty: TypeId,
    base: &'a Value,
    variant: u32,
    index: u32,
) -> Outcome<&'a Value> {
    match base {
        Value::Variant(found, fields) if *found == variant => {
            fields.get(index as usize).ok_or_else(|| mismatch("this field", base))
        }
        Value::Variant(found, _) => Err(other_variant(bundle, ty, variant, *found)),
        other => Err(mismatch("a payload", other)),
    }
}

fn other_variant(bundle: &Bundle, ty: TypeId, wanted: u32, found: u32) -> Invalid {
    let name = |variant| variant_of(bundle, ty, variant).map_or("another variant", |it| it.name.as_str());
    Invalid::new(format!("this is `{}`, not `{}`", name(found), name(wanted)))
}

/// The enum of a type, through `T?`.
pub(crate) fn enum_of(bundle: &Bundle, ty: TypeId) -> Option<&Enum> {
    match bundle.ty(ty) {
        Type::Enum(it) => Some(it),
        Type::Optional { item } => match bundle.ty(*item) {
            Type::Enum(it) => Some(it),
            _ => None,
        },
        _ => None,
    }
}

pub(crate) fn variant_of(bundle: &Bundle, ty: TypeId, variant: u32) -> Option<&Variant> {
    enum_of(bundle, ty)?.variants.get(variant as usize)
}

fn declared<'a>(what: &str, bundle: &'a Bundle, ty: TypeId, value: &Value) -> Outcome<&'a Variant> {
    match value {
        Value::Variant(variant, _) => variant_of(bundle, ty, *variant).ok_or_else(|| mismatch(what, value)),
        other => Err(mismatch(what, other)),
    }
}

pub(crate) fn doc(bundle: &Bundle, ty: TypeId, value: &Value) -> Outcome<SmolStr> {
    declared("`.doc`", bundle, ty, value).map(|variant| variant.doc.clone())
}

pub(crate) fn name(bundle: &Bundle, ty: TypeId, value: &Value) -> Outcome<SmolStr> {
    declared("the name", bundle, ty, value).map(|variant| variant.wire.clone())
}

/// `record.with(…)`: positions and values alternate.
pub(crate) fn with(record: &Value, changes: &[Value]) -> Outcome {
    let Value::Record(fields) = record else {
        return Err(mismatch("`.with`", record));
    };
    let mut fields = fields.to_vec();
    for change in changes.chunks_exact(2) {
        let [Value::Int(at), value] = change else {
            return Err(mismatch("`.with`", record));
        };
        let place = usize::try_from(*at).ok().and_then(|at| fields.get_mut(at));
        *place.ok_or_else(|| mismatch("this field", record))? = value.clone();
    }
    Ok(Value::record(fields))
}
