//! Declared records and enums.

use flow_diagnostics::Span;
use flow_ir::types::Labels;
use smol_str::SmolStr;

use super::Ty;

/// A row of the table of declared types.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct DefId(pub(crate) u32);

/// A declared record, enum or alias.
#[derive(Clone, Debug)]
pub(crate) struct Def {
    pub(crate) name: SmolStr,
    /// Of the name.
    pub(crate) span: Span,
    /// Row of the module that declares it.
    pub(crate) module: u32,
    pub(crate) doc: SmolStr,
    pub(crate) body: DefBody,
}

/// What a declared type is.
#[derive(Clone, Debug)]
pub(crate) enum DefBody {
    /// Not looked at yet, or broken.
    Poison,
    Record(Vec<FieldDef>),
    Enum(EnumDef),
    /// With the labels of the right side.
    Alias(Ty, Labels),
}

/// A field, a payload field, or a parameter.
#[derive(Clone, Debug)]
pub(crate) struct FieldDef {
    pub(crate) name: SmolStr,
    pub(crate) wire: SmolStr,
    pub(crate) doc: SmolStr,
    pub(crate) ty: Ty,
    pub(crate) labels: Labels,
    /// Of the name.
    pub(crate) span: Span,
}

/// The alternatives of an enum.
#[derive(Clone, Debug)]
pub(crate) struct EnumDef {
    pub(crate) tag: Option<SmolStr>,
    pub(crate) variants: Vec<VariantDef>,
}

/// One alternative.
#[derive(Clone, Debug)]
pub(crate) struct VariantDef {
    pub(crate) name: SmolStr,
    pub(crate) wire: SmolStr,
    pub(crate) doc: SmolStr,
    pub(crate) fields: Vec<FieldDef>,
}

impl Def {
    /// The fields, if it is a record.
    pub(crate) fn fields(&self) -> Option<&[FieldDef]> {
        match &self.body {
            DefBody::Record(fields) => Some(fields),
            DefBody::Poison | DefBody::Enum(_) | DefBody::Alias(_, _) => None,
        }
    }

    /// The alternatives, if it is an enum.
    pub(crate) fn variants(&self) -> Option<&[VariantDef]> {
        match &self.body {
            DefBody::Enum(body) => Some(&body.variants),
            DefBody::Poison | DefBody::Record(_) | DefBody::Alias(_, _) => None,
        }
    }
}
