//! Parts of declared types, and labels of callables.

use flow_grammar::ast::{ItemKind, Name, TypeBody, Work};

use super::{Kind, Meaning, Place};
use crate::decl::{self, Decl};
use crate::package::Package;

fn at(place: &Place, name: &Name, kind: Kind) -> Meaning {
    Meaning { target: Place { path: place.path.clone(), span: name.span }, kind }
}

/// A variant of the enum whose name stands at `place`.
pub(crate) fn variant(package: &Package, place: &Place, name: &str) -> Option<Meaning> {
    package.decl(place, |found, _| {
        let Decl::Item(item) = found else { return None };
        let ItemKind::Enum(found) = &item.kind else { return None };
        decl::variant(found, name).map(|variant| at(place, &variant.name, Kind::Variant))
    })?
}

/// A field of the record, or a payload field of the enum, whose name stands at `place`.
pub(crate) fn field(package: &Package, place: &Place, name: &str) -> Option<Meaning> {
    package.decl(place, |found, _| {
        let Decl::Item(item) = found else { return None };
        let found = match &item.kind {
            ItemKind::Type(found) => match &found.body {
                TypeBody::Record(fields) => {
                    fields.iter().find(|field| field.name.text == name).map(|field| &field.name)
                }
                TypeBody::Alias(_) => None,
            },
            ItemKind::Enum(found) => {
                let mut fields = found.variants.iter().flat_map(|variant| variant.params.iter().flatten());
                fields.find(|field| field.name.text == name).map(|field| &field.name)
            }
            _ => None,
        };
        found.map(|name| at(place, name, Kind::Field))
    })?
}

/// What a label names in a call of whatever is declared at `place`.
pub(crate) fn labelled(package: &Package, place: &Place, name: &str) -> Option<Meaning> {
    let own = package.decl(place, |found, _| match found {
        Decl::Item(item) => {
            let param = decl::params_of(item).iter().find(|param| param.name.text == name);
            param.map(|param| at(place, &param.name, Kind::Param))
        }
        Decl::Variant(_, variant) => {
            let param = variant.params.iter().flatten().find(|param| param.name.text == name);
            param.map(|param| at(place, &param.name, Kind::Field))
        }
        Decl::Node(node) => {
            let param = node.params.iter().flatten().find(|param| param.name.text == name);
            param.map(|param| at(place, &param.name, Kind::Param))
        }
        Decl::Field(..) | Decl::Param(..) | Decl::NodeParam(..) | Decl::Branch(_) | Decl::Module(_) => None,
    });
    own.flatten().or_else(|| field(package, place, name))
}

/// A branch of the `all` node whose name stands at `place`.
pub(crate) fn branch(package: &Package, place: &Place, name: &str) -> Option<Meaning> {
    package.decl(place, |found, _| {
        let Decl::Node(node) = found else { return None };
        let Some(Work::All { branches, .. }) = &node.work else { return None };
        let branch = branches.iter().find(|branch| branch.name.text == name)?;
        Some(at(place, &branch.name, Kind::Field))
    })?
}
