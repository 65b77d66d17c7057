//! Answers: find the view, ask flow-ide, convert.

use std::path::Path;

use flow_grammar::Span;
use flow_ide::position::Lines;
use flow_ide::{ActionKind, HintKind, LensKind, Link, Refusal, View};
use serde_json::json;
use tower_lsp::ls_types::*;

use crate::convert;
use crate::desk::{Desk, Open};
use crate::publish;

/// A cursor in a view.
struct At<'d> {
    open: &'d Open,
    view: std::sync::Arc<View>,
    offset: u32,
}

fn at<'d>(desk: &'d mut Desk, params: &TextDocumentPositionParams) -> Option<At<'d>> {
    let encoding = desk.encoding;
    let (open, view) = desk.view(&params.text_document.uri)?;
    let offset = Lines::of(view.text()).offset(view.text(), convert::position(params.position), encoding);
    Some(At { open, view, offset })
}

fn local(desk: &Desk, view: &View, span: Span) -> Range {
    convert::range(view.text(), &Lines::of(view.text()), span, desk.encoding)
}

fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

pub(super) fn hover(desk: &mut Desk, params: &TextDocumentPositionParams) -> Option<Hover> {
    let At { open, view, offset } = at(desk, params)?;
    let found = flow_ide::hover(&open.package, &view, offset)?;
    let range = Some(local(desk, &view, found.span));
    Some(Hover { contents: HoverContents::Markup(markdown(found.text)), range })
}

pub(super) fn definition(
    desk: &mut Desk,
    params: &TextDocumentPositionParams,
) -> Option<GotoDefinitionResponse> {
    let At { view, offset, .. } = at(desk, params)?;
    let (_, place) = flow_ide::definition(&view, offset)?;
    convert::location(desk, &place).map(GotoDefinitionResponse::Scalar)
}

pub(super) fn type_definition(
    desk: &mut Desk,
    params: &TextDocumentPositionParams,
) -> Option<GotoDefinitionResponse> {
    let At { open, view, offset } = at(desk, params)?;
    let place = flow_ide::type_definition(&open.package, &view, offset)?;
    convert::location(desk, &place).map(GotoDefinitionResponse::Scalar)
}

pub(super) fn references(
    desk: &mut Desk,
    params: &TextDocumentPositionParams,
    with_definition: bool,
) -> Option<Vec<Location>> {
    let At { open, view, offset } = at(desk, params)?;
    let places = flow_ide::references(&open.package, &view, offset, with_definition);
    Some(places.iter().filter_map(|place| convert::location(desk, place)).collect())
}

pub(super) fn highlights(
    desk: &mut Desk,
    params: &TextDocumentPositionParams,
) -> Option<Vec<DocumentHighlight>> {
    let At { view, offset, .. } = at(desk, params)?;
    let found = flow_ide::highlights(&view, offset).into_iter().map(|(span, is_definition)| {
        let kind = if is_definition { DocumentHighlightKind::WRITE } else { DocumentHighlightKind::READ };
        DocumentHighlight { range: local(desk, &view, span), kind: Some(kind) }
    });
    Some(found.collect())
}

pub(super) fn completion(desk: &mut Desk, params: &TextDocumentPositionParams) -> Option<CompletionResponse> {
    let At { open, view, offset } = at(desk, params)?;
    let found = flow_ide::complete(&open.package, &view, offset);
    let lines = Lines::of(view.text());
    let items = found.into_iter().map(|entry| {
        let range = convert::range(view.text(), &lines, entry.span, desk.encoding);
        let format = if entry.is_snippet { InsertTextFormat::SNIPPET } else { InsertTextFormat::PLAIN_TEXT };
        CompletionItem {
            kind: Some(convert::completion(entry.kind)),
            detail: (!entry.detail.is_empty()).then_some(entry.detail),
            documentation: (!entry.docs.is_empty())
                .then(|| Documentation::MarkupContent(markdown(entry.docs))),
            sort_text: Some(format!("{}{}", entry.rank, entry.label)),
            insert_text_format: Some(format),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(range, entry.insert))),
            label: entry.label,
            ..CompletionItem::default()
        }
    });
    Some(CompletionResponse::Array(items.collect()))
}

pub(super) fn signature(desk: &mut Desk, params: &TextDocumentPositionParams) -> Option<SignatureHelp> {
    let At { open, view, offset } = at(desk, params)?;
    let found = flow_ide::signature(&open.package, &view, offset)?;
    let units = |at: usize| {
        let before = found.label.get(..at).unwrap_or("");
        u32::try_from(before.encode_utf16().count()).unwrap_or(0)
    };
    let params = found.params.iter().map(|(start, end)| ParameterInformation {
        label: ParameterLabel::LabelOffsets([units(*start), units(*end)]),
        documentation: None,
    });
    let active = u32::try_from(found.active).ok();
    let docs = (!found.docs.is_empty()).then(|| Documentation::MarkupContent(markdown(found.docs.clone())));
    let parameters = Some(params.collect());
    let signature = SignatureInformation {
        label: found.label.clone(),
        documentation: docs,
        parameters,
        active_parameter: active,
    };
    Some(SignatureHelp { signatures: vec![signature], active_signature: Some(0), active_parameter: active })
}

pub(super) fn outline(desk: &mut Desk, uri: &Uri) -> Option<DocumentSymbolResponse> {
    let (_, view) = desk.view(uri)?;
    let lines = Lines::of(view.text());
    let range = |span| convert::range(view.text(), &lines, span, desk.encoding);
    let symbols = flow_ide::outline(&view);
    Some(DocumentSymbolResponse::Nested(symbols.iter().map(|found| symbol(found, &range)).collect()))
}

#[allow(deprecated, reason = "the protocol's type has the field")]
fn symbol(found: &flow_ide::Symbol, range: &dyn Fn(Span) -> Range) -> DocumentSymbol {
    DocumentSymbol {
        name: found.name.clone(),
        detail: (!found.detail.is_empty()).then(|| found.detail.clone()),
        kind: convert::symbol(found.kind),
        tags: None,
        deprecated: None,
        range: range(found.span.to(found.name_span)),
        selection_range: range(found.name_span),
        children: Some(found.children.iter().map(|child| symbol(child, range)).collect()),
    }
}

pub(super) fn search(desk: &mut Desk, query: &str) -> Option<WorkspaceSymbolResponse> {
    desk.flush();
    let found = desk.packages.iter().flat_map(|open| flow_ide::search(&open.package, query)).take(500);
    let symbols = found.filter_map(|found| {
        let uri = convert::uri(desk, &found.path)?;
        let range = convert::range_in(desk, &found.path, found.symbol.name_span);
        Some(WorkspaceSymbol {
            name: found.symbol.name,
            kind: convert::symbol(found.symbol.kind),
            tags: None,
            container_name: Some(found.container),
            location: OneOf::Left(Location { uri, range }),
            data: None,
        })
    });
    Some(WorkspaceSymbolResponse::Nested(symbols.collect()))
}

pub(super) fn format(desk: &mut Desk, uri: &Uri, range: Option<Range>) -> Option<Vec<TextEdit>> {
    let encoding = desk.encoding;
    let (_, view) = desk.view(uri)?;
    let span = range.map(|range| convert::span(view.text(), range, encoding));
    Some(convert::edits(view.text(), &flow_ide::format(&view, span), encoding))
}

pub(super) fn format_item(desk: &mut Desk, params: &TextDocumentPositionParams) -> Option<Vec<TextEdit>> {
    let encoding = desk.encoding;
    let At { view, offset, .. } = at(desk, params)?;
    Some(convert::edits(view.text(), &flow_ide::format_item(&view, offset), encoding))
}

pub(super) fn prepare_rename(
    desk: &mut Desk,
    params: &TextDocumentPositionParams,
) -> Option<Result<PrepareRenameResponse, Refusal>> {
    let At { view, offset, .. } = at(desk, params)?;
    let found = flow_ide::prepare_rename(&view, offset);
    Some(found.map(|span| PrepareRenameResponse::RangeWithPlaceholder {
        range: local(desk, &view, span),
        placeholder: view.text().get(span.range()).unwrap_or("").to_owned(),
    }))
}

pub(super) fn rename(
    desk: &mut Desk,
    params: &TextDocumentPositionParams,
    name: &str,
) -> Option<Result<WorkspaceEdit, Refusal>> {
    let At { open, view, offset } = at(desk, params)?;
    let changes = flow_ide::rename(&open.package, &view, offset, name);
    Some(changes.map(|changes| convert::edit(desk, &changes)))
}

pub(super) fn actions(desk: &mut Desk, params: &CodeActionParams) -> Option<CodeActionResponse> {
    let uri = &params.text_document.uri;
    let key = convert::key(uri);
    let findings = desk.findings(&key);
    let encoding = desk.encoding;
    let (open, view) = desk.view(uri)?;
    let range = convert::span(view.text(), params.range, encoding);
    let found = flow_ide::actions(&open.package, &view, &findings, range);
    let said = publish::diagnostics(desk, &key, &findings);
    let wanted = params.context.only.as_ref();
    let actions = found.into_iter().filter_map(|action| {
        let kind = match action.kind {
            ActionKind::Fix => CodeActionKind::QUICKFIX,
            ActionKind::Extract => CodeActionKind::REFACTOR_EXTRACT,
            ActionKind::Rewrite if action.title.starts_with("Apply all") => CodeActionKind::SOURCE_FIX_ALL,
            ActionKind::Rewrite => CodeActionKind::REFACTOR_REWRITE,
        };
        let is_wanted = |wanted: &Vec<CodeActionKind>| {
            wanted.iter().any(|wanted| kind.as_str().starts_with(wanted.as_str()))
        };
        if !wanted.is_none_or(is_wanted) {
            return None;
        }
        let mends = action.mends.map(|(code, span)| {
            let is_it = |(finding, _): &(&flow_ide::Finding, &Diagnostic)| {
                finding.code.number == code && finding.span == span
            };
            findings.iter().zip(&said).filter(is_it).map(|(_, said)| said.clone()).collect()
        });
        Some(CodeActionOrCommand::CodeAction(CodeAction {
            is_preferred: action.mends.is_some().then_some(true),
            diagnostics: mends,
            edit: Some(convert::edit(desk, &action.changes)),
            kind: Some(kind),
            title: action.title,
            ..CodeAction::default()
        }))
    });
    Some(actions.collect())
}

pub(super) fn lenses(desk: &mut Desk, uri: &Uri) -> Option<Vec<CodeLens>> {
    let (_, view) = desk.view(uri)?;
    let lens = |lens: flow_ide::Lens| {
        let (command, argument) = match lens.kind {
            LensKind::Run(flow) => ("flow.run", flow),
            LensKind::Graph(flow) => ("flow.showGraph", flow),
            LensKind::Test(title) => ("flow.test", title),
            LensKind::Facts => ("", String::new()),
        };
        let arguments = (!command.is_empty()).then(|| vec![json!(uri), json!(argument)]);
        CodeLens {
            range: local(desk, &view, lens.span),
            command: Some(Command { title: lens.title, command: command.to_owned(), arguments }),
            data: None,
        }
    };
    Some(flow_ide::lenses(&view).into_iter().map(lens).collect())
}

pub(super) fn links(desk: &mut Desk, uri: &Uri) -> Option<Vec<DocumentLink>> {
    let (open, view) = desk.view(uri)?;
    let found = flow_ide::links(&open.package, &view);
    let directory = Path::new(&view.path).parent().unwrap_or(Path::new("")).to_owned();
    let links = found.into_iter().filter_map(|link| {
        let (span, target) = match link {
            Link::Module(span, path) => (span, convert::uri(desk, &path)?),
            Link::File(span, paths) => {
                let mut paths = paths.iter().map(|path| directory.join(path));
                (span, Uri::from_file_path(paths.find(|path| desk.host.exists(path))?)?)
            }
        };
        let range = local(desk, &view, span);
        Some(DocumentLink { range, target: Some(target), tooltip: None, data: None })
    });
    Some(links.collect())
}

pub(super) fn folds(desk: &mut Desk, uri: &Uri) -> Option<Vec<FoldingRange>> {
    let (_, view) = desk.view(uri)?;
    let fold = |fold: flow_ide::Fold| {
        let range = local(desk, &view, fold.span);
        let kind = if fold.is_comment { Some(FoldingRangeKind::Comment) } else { None };
        let kind = if fold.is_imports { Some(FoldingRangeKind::Imports) } else { kind };
        FoldingRange {
            start_line: range.start.line,
            end_line: range.end.line,
            kind,
            ..FoldingRange::default()
        }
    };
    Some(flow_ide::folds(&view).into_iter().map(fold).collect())
}

pub(super) fn selections(desk: &mut Desk, uri: &Uri, positions: &[Position]) -> Option<Vec<SelectionRange>> {
    let encoding = desk.encoding;
    let (_, view) = desk.view(uri)?;
    let lines = Lines::of(view.text());
    let grown = |position: &Position| {
        let offset = lines.offset(view.text(), convert::position(*position), encoding);
        let spans = flow_ide::selections(&view, offset);
        let range = |span: Span| convert::range(view.text(), &lines, span, encoding);
        let outermost = spans.into_iter().rev().fold(None, |parent: Option<SelectionRange>, span| {
            Some(SelectionRange { range: range(span), parent: parent.map(Box::new) })
        });
        let empty = SelectionRange { range: Range { start: *position, end: *position }, parent: None };
        outermost.unwrap_or(empty)
    };
    Some(positions.iter().map(grown).collect())
}

pub(super) fn hints(desk: &mut Desk, uri: &Uri, range: Range) -> Option<Vec<InlayHint>> {
    let (encoding, wanted) = (desk.encoding, desk.hints);
    let (_, view) = desk.view(uri)?;
    let lines = Lines::of(view.text());
    let found = flow_ide::hints(&view, convert::span(view.text(), range, encoding));
    let hint = |hint: flow_ide::Hint| InlayHint {
        position: convert::point(view.text(), &lines, hint.offset, encoding),
        label: InlayHintLabel::String(hint.text),
        kind: match hint.kind {
            HintKind::Type => Some(InlayHintKind::TYPE),
            HintKind::Edge | HintKind::Bound => None,
        },
        text_edits: None,
        tooltip: Some(InlayHintTooltip::String(hint.tooltip)),
        padding_left: None,
        padding_right: None,
        data: None,
    };
    let is_wanted = |hint: &flow_ide::Hint| match hint.kind {
        HintKind::Type => wanted.types,
        HintKind::Edge => wanted.errors,
        HintKind::Bound => wanted.bounds,
    };
    Some(found.into_iter().filter(is_wanted).map(hint).collect())
}

pub(super) fn tokens(desk: &mut Desk, uri: &Uri, range: Option<Range>) -> Option<SemanticTokens> {
    let encoding = desk.encoding;
    let (open, view) = desk.view(uri)?;
    let lines = Lines::of(view.text());
    let wanted = range.map(|range| convert::span(view.text(), range, encoding));
    let mut last = Position::default();
    let marks = flow_ide::tokens(&open.package, &view);
    let inside = marks.iter().filter(|mark| {
        wanted.is_none_or(|wanted| wanted.start <= mark.span.end && mark.span.start <= wanted.end)
    });
    let data = inside.map(|mark| {
        let range = convert::range(view.text(), &lines, mark.span, encoding);
        let is_same_line = range.start.line == last.line;
        let token = SemanticToken {
            delta_line: range.start.line - last.line,
            delta_start: range.start.character - if is_same_line { last.character } else { 0 },
            length: range.end.character.saturating_sub(range.start.character),
            token_type: mark.kind,
            token_modifiers_bitset: mark
                .modifiers
                .iter()
                .fold(0, |bits, modifier| bits | 1 << *modifier as u32),
        };
        last = range.start;
        token
    });
    Some(SemanticTokens { result_id: None, data: data.collect() })
}

fn item(desk: &Desk, who: &flow_ide::Graphed) -> Option<CallHierarchyItem> {
    Some(CallHierarchyItem {
        name: who.name.clone(),
        kind: convert::symbol(Some(who.kind)),
        tags: None,
        detail: Some(who.kind.word().to_owned()),
        uri: convert::uri(desk, &who.place.path)?,
        range: convert::range_in(desk, &who.place.path, who.span.to(who.place.span)),
        selection_range: convert::range_in(desk, &who.place.path, who.place.span),
        data: Some(json!([who.place.span.start, who.place.span.end])),
    })
}

/// The place that an item was made from.
fn place(desk: &mut Desk, item: &CallHierarchyItem) -> Option<flow_ide::Place> {
    let encoding = desk.encoding;
    let (_, view) = desk.view(&item.uri)?;
    Some(view.here(convert::span(view.text(), item.selection_range, encoding)))
}

pub(super) fn callable(
    desk: &mut Desk,
    params: &TextDocumentPositionParams,
) -> Option<Vec<CallHierarchyItem>> {
    let At { open, view, offset } = at(desk, params)?;
    let who = flow_ide::callables_at(&open.package, &view, offset)?;
    Some(vec![item(desk, &who)?])
}

pub(super) fn incoming(desk: &mut Desk, from: &CallHierarchyItem) -> Option<Vec<CallHierarchyIncomingCall>> {
    let place = place(desk, from)?;
    let (open, _) = desk.view(&from.uri)?;
    let callers = flow_ide::incoming(&open.package, &place);
    let call = |caller: flow_ide::Caller| {
        let ranges = caller.calls.iter().map(|span| convert::range_in(desk, &caller.who.place.path, *span));
        Some(CallHierarchyIncomingCall { from_ranges: ranges.collect(), from: item(desk, &caller.who)? })
    };
    Some(callers.into_iter().filter_map(call).collect())
}

pub(super) fn outgoing(desk: &mut Desk, from: &CallHierarchyItem) -> Option<Vec<CallHierarchyOutgoingCall>> {
    let place = place(desk, from)?;
    let (open, _) = desk.view(&from.uri)?;
    let called = flow_ide::outgoing(&open.package, &place);
    let call = |called: flow_ide::Caller| {
        let ranges = called.calls.iter().map(|span| convert::range_in(desk, &place.path, *span));
        Some(CallHierarchyOutgoingCall { from_ranges: ranges.collect(), to: item(desk, &called.who)? })
    };
    Some(called.into_iter().filter_map(call).collect())
}

pub(super) fn moved(desk: &mut Desk, files: &[FileRename]) -> Option<WorkspaceEdit> {
    desk.flush();
    let mut changes = Vec::new();
    for file in files {
        let (Ok(old), Ok(new)) = (file.old_uri.parse::<Uri>(), file.new_uri.parse::<Uri>()) else { continue };
        let (old, new) = (convert::key(&old), convert::key(&new));
        for open in desk.packages.iter().filter(|open| open.package.has(&old)) {
            if let Some(module) = open.module_at(Path::new(&new)) {
                changes.extend(flow_ide::moved(&open.package, &old, &module));
            }
        }
    }
    Some(convert::edit(desk, &changes))
}

pub(super) fn diagnostics(
    desk: &mut Desk,
    uri: &Uri,
    before: Option<&str>,
) -> DocumentDiagnosticReportResult {
    let key = convert::key(uri);
    drop(desk.view(uri));
    let findings = desk.findings(&key);
    let stamp = desk.said.stamp(&key);
    let report = if before == Some(stamp.as_str()) {
        DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: stamp },
        })
    } else {
        let items = publish::diagnostics(desk, &key, &findings);
        DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: Some(stamp), items },
        })
    };
    DocumentDiagnosticReportResult::Report(report)
}

pub(super) fn all_diagnostics(
    desk: &mut Desk,
    before: &[PreviousResultId],
) -> WorkspaceDiagnosticReportResult {
    desk.publish_all();
    let files = desk.said.files();
    let reports = files.iter().filter_map(|key| {
        let uri = convert::uri(desk, key)?;
        let result_id = desk.said.stamp(key);
        let version = desk.documents.get(key).map(|document| i64::from(document.version));
        let known = before.iter().find(|known| known.uri == uri).map(|known| known.value.as_str());
        if known == Some(result_id.as_str()) {
            let unchanged = UnchangedDocumentDiagnosticReport { result_id };
            return Some(WorkspaceDocumentDiagnosticReport::Unchanged(
                WorkspaceUnchangedDocumentDiagnosticReport {
                    uri,
                    version,
                    unchanged_document_diagnostic_report: unchanged,
                },
            ));
        }
        let items = publish::diagnostics(desk, key, &desk.said.of(key));
        let full = FullDocumentDiagnosticReport { result_id: Some(result_id), items };
        Some(WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
            uri,
            version,
            full_document_diagnostic_report: full,
        }))
    });
    WorkspaceDiagnosticReportResult::Report(WorkspaceDiagnosticReport { items: reports.collect() })
}
