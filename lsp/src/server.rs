//! Handlers: each finds its view, asks flow-ide, and converts the answer.

mod answer;
mod graph;

use std::sync::OnceLock;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::*;
use tower_lsp::{Client, LanguageServer};

use crate::capabilities::{self, Agreed};
use crate::desk::Desk;
use crate::publish::Out;
use crate::settings::Hints;
use crate::worker::Queue;
use crate::{Host, convert};

pub(crate) use graph::{Drawn, GraphParams};

/// One client's server.
pub(crate) struct Backend {
    client: Client,
    queue: Queue,
    agreed: OnceLock<Agreed>,
    folders: OnceLock<Vec<std::path::PathBuf>>,
    outgoing: std::sync::Mutex<Option<UnboundedReceiver<Out>>>,
}

impl Backend {
    pub(crate) fn new(client: Client, host: impl Host) -> Self {
        let (outbox, outgoing) = unbounded_channel();
        let queue = Queue::start(Desk::new(Box::new(host), outbox));
        let outgoing = std::sync::Mutex::new(Some(outgoing));
        Self { client, queue, agreed: OnceLock::new(), folders: OnceLock::new(), outgoing }
    }

    /// Asks the analysis thread. The question is in the queue before this waits.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Desk) -> T + Send + 'static,
    ) -> Result<T> {
        self.queue.ask(question).await.map_err(|_| Error::internal_error())
    }

    /// `flow/graph`: the picture of the flow at a place.
    pub(crate) async fn graph(&self, params: GraphParams) -> Result<Option<Drawn>> {
        self.ask(move |desk| graph::draw(desk, &params)).await
    }
}

/// Sends what the analysis thread says, in its order. Ends with the thread.
async fn forward(client: Client, mut outgoing: UnboundedReceiver<Out>, can_refresh: bool) {
    while let Some(out) = outgoing.recv().await {
        match out {
            Out::Publish(uri, diagnostics, version) => {
                client.publish_diagnostics(uri, diagnostics, version).await;
            }
            Out::Refresh if can_refresh => {
                // Waiting for the answer here would hold up everything behind it.
                let client = client.clone();
                tokio::spawn(async move { client.workspace_diagnostic_refresh().await });
            }
            Out::Refresh => {}
        }
    }
}

async fn watch(client: Client) {
    let watchers = serde_json::json!({ "watchers": [
        { "globPattern": "**/*.flow" },
        { "globPattern": "**/flow.toml" },
        { "globPattern": "**/flow.lock" },
    ]});
    let registration = Registration {
        id: "flow-files".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: Some(watchers),
    };
    if let Err(error) = client.register_capability(vec![registration]).await {
        tracing::warn!(%error, "the client does not watch files");
    }
}

/// Shows how the first look at everything goes on, until nobody tells any more.
async fn show_progress(client: Client, mut told: UnboundedReceiver<String>) {
    let token = ProgressToken::String("flow/first-look".to_owned());
    // Only a token that the client knows may be used.
    if client.create_work_done_progress(token.clone()).await.is_err() {
        return;
    }
    let progress = client.progress(token, "flow").with_message("reading packages").begin().await;
    while let Some(message) = told.recv().await {
        progress.report(message).await;
    }
    progress.finish().await;
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let agreed = Agreed::with(&params.capabilities);
        let folders = params.workspace_folders.unwrap_or_default();
        let folders = folders.iter().map(|folder| convert::key(&folder.uri).into()).collect();
        // A second `initialize` is refused by the transport.
        let _ = self.agreed.set(agreed);
        drop(self.folders.set(folders));
        let hints = params.initialization_options.as_ref().and_then(Hints::of).unwrap_or_default();
        self.queue.tell(move |desk| {
            desk.encoding = agreed.encoding;
            desk.said.is_pulled = agreed.is_pulled;
            desk.hints = hints;
        });
        Ok(InitializeResult {
            capabilities: capabilities::of(agreed),
            server_info: Some(ServerInfo {
                name: "flowc".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            ..InitializeResult::default()
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        let folders = self.folders.get().cloned().unwrap_or_default();
        let agreed = self.agreed.get().copied();
        let (progress, told) = unbounded_channel();
        let is_shown = agreed.is_some_and(|agreed| agreed.can_show_progress) && !folders.is_empty();
        if is_shown {
            tokio::spawn(show_progress(self.client.clone(), told));
        }
        self.queue.tell(move |desk| desk.begin(&folders, is_shown.then_some(progress)));
        let outgoing = self.outgoing.lock().ok().and_then(|mut outgoing| outgoing.take());
        if let Some(outgoing) = outgoing {
            let can_refresh = agreed.is_some_and(|agreed| agreed.can_refresh);
            tokio::spawn(forward(self.client.clone(), outgoing, can_refresh));
        }
        if agreed.is_some_and(|agreed| agreed.can_watch) {
            tokio::spawn(watch(self.client.clone()));
        }
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let TextDocumentItem { uri, version, text, .. } = params.text_document;
        self.queue.tell(move |desk| desk.open(uri, version, text));
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let VersionedTextDocumentIdentifier { uri, version } = params.text_document;
        self.queue.tell(move |desk| desk.change(&uri, version, params.content_changes));
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.queue.tell(move |desk| desk.close(&params.text_document.uri));
    }

    async fn did_save(&self, _: DidSaveTextDocumentParams) {}

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        let Some(hints) = params.settings.get("flow").and_then(Hints::of) else { return };
        self.queue.tell(move |desk| desk.hints = hints);
        if self.agreed.get().is_some_and(|agreed| agreed.can_refresh_hints) {
            let client = self.client.clone();
            tokio::spawn(async move { client.inlay_hint_refresh().await });
        }
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let uris: Vec<Uri> = params.changes.into_iter().map(|change| change.uri).collect();
        self.queue.tell(move |desk| desk.watched(&uris));
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        self.queue.tell(move |desk| {
            for folder in params.event.removed {
                desk.remove_folder(std::path::Path::new(&convert::key(&folder.uri)));
            }
            for folder in params.event.added {
                desk.add_folder(std::path::Path::new(&convert::key(&folder.uri)));
            }
        });
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        self.ask(move |desk| answer::hover(desk, &params.text_document_position_params)).await
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        self.ask(move |desk| answer::definition(desk, &params.text_document_position_params)).await
    }

    async fn goto_implementation(
        &self,
        params: request::GotoImplementationParams,
    ) -> Result<Option<request::GotoImplementationResponse>> {
        self.ask(move |desk| answer::definition(desk, &params.text_document_position_params)).await
    }

    async fn goto_type_definition(
        &self,
        params: request::GotoTypeDefinitionParams,
    ) -> Result<Option<request::GotoTypeDefinitionResponse>> {
        self.ask(move |desk| answer::type_definition(desk, &params.text_document_position_params)).await
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        let with_definition = params.context.include_declaration;
        self.ask(move |desk| answer::references(desk, &params.text_document_position, with_definition)).await
    }

    async fn document_highlight(
        &self,
        params: DocumentHighlightParams,
    ) -> Result<Option<Vec<DocumentHighlight>>> {
        self.ask(move |desk| answer::highlights(desk, &params.text_document_position_params)).await
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        self.ask(move |desk| answer::completion(desk, &params.text_document_position)).await
    }

    async fn signature_help(&self, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
        self.ask(move |desk| answer::signature(desk, &params.text_document_position_params)).await
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        self.ask(move |desk| answer::outline(desk, &params.text_document.uri)).await
    }

    async fn symbol(&self, params: WorkspaceSymbolParams) -> Result<Option<WorkspaceSymbolResponse>> {
        self.ask(move |desk| answer::search(desk, &params.query)).await
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        self.ask(move |desk| answer::format(desk, &params.text_document.uri, None)).await
    }

    async fn range_formatting(&self, params: DocumentRangeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        self.ask(move |desk| answer::format(desk, &params.text_document.uri, Some(params.range))).await
    }

    async fn on_type_formatting(
        &self,
        params: DocumentOnTypeFormattingParams,
    ) -> Result<Option<Vec<TextEdit>>> {
        self.ask(move |desk| answer::format_item(desk, &params.text_document_position)).await
    }

    async fn prepare_rename(
        &self,
        params: TextDocumentPositionParams,
    ) -> Result<Option<PrepareRenameResponse>> {
        let found = self.ask(move |desk| answer::prepare_rename(desk, &params)).await?;
        found.transpose().map_err(refused)
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        let found = self
            .ask(move |desk| answer::rename(desk, &params.text_document_position, &params.new_name))
            .await?;
        found.transpose().map_err(refused)
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        self.ask(move |desk| answer::actions(desk, &params)).await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.ask(move |desk| answer::lenses(desk, &params.text_document.uri)).await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.ask(move |desk| answer::links(desk, &params.text_document.uri)).await
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        self.ask(move |desk| answer::folds(desk, &params.text_document.uri)).await
    }

    async fn selection_range(&self, params: SelectionRangeParams) -> Result<Option<Vec<SelectionRange>>> {
        self.ask(move |desk| answer::selections(desk, &params.text_document.uri, &params.positions)).await
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        self.ask(move |desk| answer::hints(desk, &params.text_document.uri, params.range)).await
    }

    async fn semantic_tokens_full(
        &self,
        params: SemanticTokensParams,
    ) -> Result<Option<SemanticTokensResult>> {
        let tokens = self.ask(move |desk| answer::tokens(desk, &params.text_document.uri, None)).await?;
        Ok(tokens.map(SemanticTokensResult::Tokens))
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokensRangeResult>> {
        let range = Some(params.range);
        let tokens = self.ask(move |desk| answer::tokens(desk, &params.text_document.uri, range)).await?;
        Ok(tokens.map(SemanticTokensRangeResult::Tokens))
    }

    async fn prepare_call_hierarchy(
        &self,
        params: CallHierarchyPrepareParams,
    ) -> Result<Option<Vec<CallHierarchyItem>>> {
        self.ask(move |desk| answer::callable(desk, &params.text_document_position_params)).await
    }

    async fn incoming_calls(
        &self,
        params: CallHierarchyIncomingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyIncomingCall>>> {
        self.ask(move |desk| answer::incoming(desk, &params.item)).await
    }

    async fn outgoing_calls(
        &self,
        params: CallHierarchyOutgoingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyOutgoingCall>>> {
        self.ask(move |desk| answer::outgoing(desk, &params.item)).await
    }

    async fn will_rename_files(&self, params: RenameFilesParams) -> Result<Option<WorkspaceEdit>> {
        self.ask(move |desk| answer::moved(desk, &params.files)).await
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        let before = params.previous_result_id;
        self.ask(move |desk| answer::diagnostics(desk, &params.text_document.uri, before.as_deref())).await
    }

    async fn workspace_diagnostic(
        &self,
        params: WorkspaceDiagnosticParams,
    ) -> Result<WorkspaceDiagnosticReportResult> {
        self.ask(move |desk| answer::all_diagnostics(desk, &params.previous_result_ids)).await
    }
}

/// A refusal is the user's business, not a failure of ours.
fn refused(refusal: flow_ide::Refusal) -> Error {
    let mut error = Error::invalid_params(refusal.0);
    error.code = tower_lsp::jsonrpc::ErrorCode::ServerError(-32803);
    error
}
