//! Between the words of flow-ide and those of the protocol.

use std::collections::HashMap;
use std::path::Path;

use flow_grammar::Span;
use flow_ide::position::{self, Encoding, Lines};
use flow_ide::{Change, CompletionKind, Kind, Place};
use tower_lsp::ls_types::{
    CompletionItemKind, Location, Position, Range, SymbolKind, TextEdit, Uri, WorkspaceEdit,
};

use crate::desk::Desk;

/// The key of a document: its path, or its URI if it is no file.
pub(crate) fn key(uri: &Uri) -> String {
    let is_file = uri.scheme().as_str() == "file";
    let path = uri.to_file_path().filter(|_| is_file);
    path.map_or_else(|| uri.as_str().to_owned(), |path| path.to_string_lossy().into_owned())
}

/// The URI of a key, as the client wrote it if it has the document open.
pub(crate) fn uri(desk: &Desk, key: &str) -> Option<Uri> {
    if let Some(document) = desk.documents.get(key) {
        return Some(document.uri.clone());
    }
    if flow_ide::is_library(key) {
        return Uri::from_file_path(desk.host.library_file(key)?);
    }
    if Path::new(key).is_absolute() { Uri::from_file_path(key) } else { key.parse().ok() }
}

/// The text of a file as the analysis sees it.
pub(crate) fn text(desk: &Desk, key: &str) -> String {
    let known = desk.packages.iter().find_map(|open| open.package.source(key));
    known.map(|source| source.text.clone()).or_else(|| desk.host.read(Path::new(key))).unwrap_or_default()
}

pub(crate) const fn position(position: Position) -> position::Position {
    position::Position { line: position.line, column: position.character }
}

pub(crate) fn point(text: &str, lines: &Lines, offset: u32, encoding: Encoding) -> Position {
    let position = lines.position(text, offset, encoding);
    Position { line: position.line, character: position.column }
}

pub(crate) fn range(text: &str, lines: &Lines, span: Span, encoding: Encoding) -> Range {
    Range { start: point(text, lines, span.start, encoding), end: point(text, lines, span.end, encoding) }
}

/// A range of any file.
pub(crate) fn range_in(desk: &Desk, key: &str, span: Span) -> Range {
    let text = text(desk, key);
    range(&text, &Lines::of(&text), span, desk.encoding)
}

/// A span of a text from a range of the client.
pub(crate) fn span(text: &str, range: Range, encoding: Encoding) -> Span {
    let lines = Lines::of(text);
    let at = |point| lines.offset(text, position(point), encoding);
    let (start, end) = (at(range.start), at(range.end));
    Span::new(start.min(end), end.max(start))
}

pub(crate) fn location(desk: &Desk, place: &Place) -> Option<Location> {
    Some(Location { uri: uri(desk, &place.path)?, range: range_in(desk, &place.path, place.span) })
}

/// Edits by document.
// The protocol's type; a URI's hash never changes, whatever the cell in it caches.
#[allow(clippy::mutable_key_type)]
pub(crate) fn edit(desk: &Desk, changes: &[Change]) -> WorkspaceEdit {
    let mut by_file: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for change in changes {
        let Some(uri) = uri(desk, &change.path) else { continue };
        let edit = TextEdit::new(range_in(desk, &change.path, change.span), change.text.clone());
        by_file.entry(uri).or_default().push(edit);
    }
    WorkspaceEdit { changes: Some(by_file), ..WorkspaceEdit::default() }
}

/// Edits of one document.
pub(crate) fn edits(text: &str, changes: &[Change], encoding: Encoding) -> Vec<TextEdit> {
    let lines = Lines::of(text);
    let edit =
        |change: &Change| TextEdit::new(range(text, &lines, change.span, encoding), change.text.clone());
    changes.iter().map(edit).collect()
}

pub(crate) const fn symbol(kind: Option<Kind>) -> SymbolKind {
    match kind {
        None => SymbolKind::EVENT,
        Some(Kind::Type) => SymbolKind::STRUCT,
        Some(Kind::Enum) => SymbolKind::ENUM,
        Some(Kind::Variant) => SymbolKind::ENUM_MEMBER,
        Some(Kind::Field) => SymbolKind::FIELD,
        Some(Kind::Fn | Kind::Check) => SymbolKind::FUNCTION,
        Some(Kind::Prompt | Kind::Tool | Kind::Human | Kind::Split) => SymbolKind::INTERFACE,
        Some(Kind::Model | Kind::Resource) => SymbolKind::OBJECT,
        Some(Kind::Flow) => SymbolKind::CLASS,
        Some(Kind::Node) => SymbolKind::METHOD,
        Some(Kind::Param | Kind::Local) => SymbolKind::VARIABLE,
        Some(Kind::Module) => SymbolKind::MODULE,
    }
}

pub(crate) const fn completion(kind: CompletionKind) -> CompletionItemKind {
    match kind {
        CompletionKind::Named(kind) => match kind {
            Kind::Type => CompletionItemKind::STRUCT,
            Kind::Enum => CompletionItemKind::ENUM,
            Kind::Variant => CompletionItemKind::ENUM_MEMBER,
            Kind::Field => CompletionItemKind::FIELD,
            Kind::Fn | Kind::Check => CompletionItemKind::FUNCTION,
            Kind::Prompt | Kind::Tool | Kind::Human | Kind::Split => CompletionItemKind::INTERFACE,
            Kind::Model | Kind::Resource => CompletionItemKind::CLASS,
            Kind::Flow => CompletionItemKind::CLASS,
            Kind::Node => CompletionItemKind::METHOD,
            Kind::Param | Kind::Local => CompletionItemKind::VARIABLE,
            Kind::Module => CompletionItemKind::MODULE,
        },
        CompletionKind::Method => CompletionItemKind::METHOD,
        CompletionKind::Keyword => CompletionItemKind::KEYWORD,
        CompletionKind::Snippet => CompletionItemKind::SNIPPET,
        CompletionKind::Class => CompletionItemKind::EVENT,
        CompletionKind::Builtin => CompletionItemKind::STRUCT,
        CompletionKind::Setting => CompletionItemKind::PROPERTY,
        CompletionKind::Unit => CompletionItemKind::UNIT,
    }
}
