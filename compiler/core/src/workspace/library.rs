//! The standard library, read once.

use std::sync::{Arc, LazyLock};

use flow_diagnostics::SourceFile;
use flow_grammar::Parsed;

/// A file of the standard library.
#[derive(Debug)]
pub(super) struct Shelved {
    /// `std/models`.
    pub(super) module: &'static str,
    pub(super) source: Arc<SourceFile>,
    pub(super) parsed: Parsed,
}

impl Shelved {
    fn new(module: &'static str, text: &str) -> Self {
        let source = Arc::new(SourceFile::new(format!("{module}.flow"), text.to_owned()));
        Self { module, source, parsed: flow_grammar::parse(text) }
    }
}

/// What every file sees.
pub(super) static PRELUDE: LazyLock<Shelved> =
    LazyLock::new(|| Shelved::new("std/prelude", flow_stdlib::PRELUDE));

/// What files import, in the order of names.
pub(super) static MODULES: LazyLock<Vec<Shelved>> =
    LazyLock::new(|| flow_stdlib::MODULES.iter().map(|(module, text)| Shelved::new(module, text)).collect());
