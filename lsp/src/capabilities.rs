//! What the server can do, in the words of the protocol.

use flow_ide::position::Encoding;
use flow_ide::{LEGEND, Modifier};
use serde_json::json;
use tower_lsp::ls_types::{ClientCapabilities, PositionEncodingKind, ServerCapabilities};

/// What client and server agree on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreed {
    pub(crate) encoding: Encoding,
    /// Whether the client asks for diagnostics.
    pub(crate) is_pulled: bool,
    /// Whether it can be told to ask again.
    pub(crate) can_refresh: bool,
    /// Whether it watches files for us.
    pub(crate) can_watch: bool,
    /// Whether it shows how far something is.
    pub(crate) can_show_progress: bool,
    /// Whether it can be told to ask for inlay hints again.
    pub(crate) can_refresh_hints: bool,
}

impl Agreed {
    pub(crate) fn with(client: &ClientCapabilities) -> Self {
        let kinds = client.general.as_ref().and_then(|general| general.position_encodings.as_ref());
        let encoding = kinds.and_then(|kinds| kinds.iter().find_map(encoding)).unwrap_or_default();
        let text = client.text_document.as_ref();
        let workspace = client.workspace.as_ref();
        let watched = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
        let hints = workspace.and_then(|workspace| workspace.inlay_hint.as_ref());
        let window = client.window.as_ref();
        let refresh = workspace.and_then(|workspace| workspace.diagnostics.as_ref());
        Self {
            encoding,
            is_pulled: text.is_some_and(|text| text.diagnostic.is_some()),
            can_refresh: refresh.and_then(|refresh| refresh.refresh_support).unwrap_or(false),
            can_watch: watched.and_then(|watched| watched.dynamic_registration).unwrap_or(false),
            can_show_progress: window.and_then(|window| window.work_done_progress).unwrap_or(false),
            can_refresh_hints: hints.and_then(|hints| hints.refresh_support).unwrap_or(false),
        }
    }
}

fn encoding(kind: &PositionEncodingKind) -> Option<Encoding> {
    match kind.as_str() {
        "utf-8" => Some(Encoding::Utf8),
        "utf-16" => Some(Encoding::Utf16),
        "utf-32" => Some(Encoding::Utf32),
        _ => None,
    }
}

pub(crate) fn of(agreed: Agreed) -> ServerCapabilities {
    let flows = json!({ "filters": [{ "scheme": "file", "pattern": { "glob": "**/*.flow" } }] });
    let mut all = json!({
        "positionEncoding": match agreed.encoding {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16 => "utf-16",
            Encoding::Utf32 => "utf-32",
        },
        "textDocumentSync": { "openClose": true, "change": 2, "save": false },
        "hoverProvider": true,
        "completionProvider": { "triggerCharacters": [".", ">", "(", "{", " ", "/", ":"] },
        "signatureHelpProvider": { "triggerCharacters": ["(", ","], "retriggerCharacters": [","] },
        "definitionProvider": true,
        "typeDefinitionProvider": true,
        "implementationProvider": true,
        "referencesProvider": true,
        "documentHighlightProvider": true,
        "documentSymbolProvider": true,
        "workspaceSymbolProvider": true,
        "codeActionProvider": { "codeActionKinds": ["quickfix", "refactor.extract", "refactor.rewrite", "source.fixAll"] },
        "codeLensProvider": {},
        "documentLinkProvider": {},
        "documentFormattingProvider": true,
        "documentRangeFormattingProvider": true,
        "documentOnTypeFormattingProvider": { "firstTriggerCharacter": "}" },
        "renameProvider": { "prepareProvider": true },
        "foldingRangeProvider": true,
        "selectionRangeProvider": true,
        "callHierarchyProvider": true,
        "inlayHintProvider": true,
        "semanticTokensProvider": {
            "legend": {
                "tokenTypes": LEGEND,
                "tokenModifiers": Modifier::ALL.iter().map(|(_, name)| *name).collect::<Vec<_>>(),
            },
            "full": true,
            "range": true,
        },
        "workspace": {
            "workspaceFolders": { "supported": true, "changeNotifications": true },
            "fileOperations": { "willRename": flows },
        },
    });
    if let (true, Some(all)) = (agreed.is_pulled, all.as_object_mut()) {
        let provider = json!({ "interFileDependencies": true, "workspaceDiagnostics": true });
        all.insert("diagnosticProvider".to_owned(), provider);
    }
    serde_json::from_value(all).unwrap_or_default()
}
