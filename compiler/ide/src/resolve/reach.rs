//! Which declarations a file sees.

use flow_grammar::Span;
use flow_grammar::ast::{File, ItemKind};

use super::{Kind, Meaning, Place};
use crate::decl;
use crate::package::Package;

const PRELUDE: &str = "std/prelude.flow";

/// What a name of a file stands for: its own declarations, its imports, the prelude.
pub(crate) fn global(package: &Package, path: &str, file: &File, name: &str) -> Option<Meaning> {
    declared(path, file, name).or_else(|| foreign(package, file, name))
}

/// What a name that the file does not declare stands for.
pub(crate) fn foreign(package: &Package, file: &File, name: &str) -> Option<Meaning> {
    imported(package, file, name).or_else(|| exported(package, PRELUDE, name))
}

fn declared(path: &str, file: &File, name: &str) -> Option<Meaning> {
    let item = decl::find(file, name)?;
    let target = Place { path: path.into(), span: decl::name_of(item)?.span };
    Some(Meaning { target, kind: decl::kind_of(item)? })
}

fn imported(package: &Package, file: &File, name: &str) -> Option<Meaning> {
    let mut imports = file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Import(import) => Some(import),
        _ => None,
    });
    imports.find_map(|import| {
        let module = || import.path.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join("/");
        match &import.names {
            Some(names) if names.iter().any(|found| found.text == name) => {
                exported(package, &package.file_of(&module())?, name)
            }
            None if import.path.last()?.text == name => {
                let path = package.file_of(&module())?;
                let target = Place { path: path.as_str().into(), span: Span::default() };
                Some(Meaning { target, kind: Kind::Module })
            }
            _ => None,
        }
    })
}

/// What a file declares under a name.
pub(crate) fn exported(package: &Package, path: &str, name: &str) -> Option<Meaning> {
    declared(path, &package.parsed(path)?.file, name)
}

/// The enums that a file can name: its own, the imported, the prelude's.
pub(crate) fn enums(package: &Package, path: &str, file: &File) -> Vec<Place> {
    let mut found = own_enums(path, file);
    for item in &file.items {
        let ItemKind::Import(import) = &item.kind else { continue };
        for name in import.names.iter().flatten() {
            let meaning = imported(package, file, &name.text);
            found.extend(meaning.filter(|found| found.kind == Kind::Enum).map(|found| found.target));
        }
    }
    if let Some(prelude) = package.parsed(PRELUDE) {
        found.extend(own_enums(PRELUDE, &prelude.file));
    }
    found
}

fn own_enums(path: &str, file: &File) -> Vec<Place> {
    let enums = file.items.iter().filter(|item| matches!(item.kind, ItemKind::Enum(_)));
    let place = |name: &flow_grammar::ast::Name| Place { path: path.into(), span: name.span };
    enums.filter_map(decl::name_of).map(place).collect()
}
