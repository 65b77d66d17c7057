// A stand-in for the editor around an extension: documents, a folder, and every provider that is registered. It has no
// window; what an editor would do by hand (type, rename, format, choose a fix) is a method of it.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { Items, item } from "./items.mjs";

class Position {
  constructor(line, character) { Object.assign(this, { line, character }); }
  isEqual(other) { return this.line === other.line && this.character === other.character; }
  isBefore(other) { return this.line < other.line || (this.line === other.line && this.character < other.character); }
}

class Range {
  constructor(a, b, c, d) {
    const [start, end] = a instanceof Position ? [a, b] : [new Position(a, b), new Position(c, d)];
    Object.assign(this, { start, end });
  }
  get isEmpty() { return this.start.isEqual(this.end); }
}

class Selection extends Range {
  get active() { return this.end; }
}

class Uri {
  constructor(text) { this.text = text; }
  static parse(text) { return new Uri(text); }
  static file(path) { return new Uri(pathToFileURL(path).href); }
  get scheme() { return this.text.split(":")[0]; }
  get fsPath() { return fileURLToPath(this.text); }
  get path() { return decodeURIComponent(new URL(this.text).pathname); }
  get fragment() { return new URL(this.text).hash.slice(1); }
  with() { return this; }
  toString() { return this.text; }
  toJSON() { return this.text; }
}

class Disposable {
  constructor(end) { this.end = end; }
  static from(...all) { return new Disposable(() => all.forEach((one) => one.dispose())); }
  dispose() { this.end?.(); }
}

class EventEmitter {
  #heard = new Set();
  event = (hear, self) => {
    const bound = self ? hear.bind(self) : hear;
    this.#heard.add(bound);
    return new Disposable(() => this.#heard.delete(bound));
  };
  fire(what) { for (const hear of [...this.#heard]) hear(what); }
  dispose() { this.#heard.clear(); }
}

class CancellationTokenSource {
  token = { isCancellationRequested: false, onCancellationRequested: () => new Disposable() };
  cancel() { this.token.isCancellationRequested = true; }
  dispose() {}
}

class WorkspaceEdit {
  files = new Map();
  set(uri, edits) { this.files.set(uri.toString(), edits); }
  get size() { return this.files.size; }
  entries() { return [...this.files].map(([uri, edits]) => [Uri.parse(uri), edits]); }
}

/** A class that only holds what it is made from. */
const holding = (...names) => class { constructor(...values) { names.forEach((name, at) => (this[name] = values[at])); } };
/** Names for numbers, from 0. */
const numbered = (...names) => Object.fromEntries(names.map((name, at) => [name, at]));

class CodeActionKind {
  constructor(value) { this.value = value; }
  append(part) { return new CodeActionKind(`${this.value}.${part}`); }
  contains(other) { return other.value.startsWith(this.value); }
}
Object.assign(CodeActionKind, {
  Empty: new CodeActionKind(""), QuickFix: new CodeActionKind("quickfix"), Refactor: new CodeActionKind("refactor"),
  RefactorExtract: new CodeActionKind("refactor.extract"), RefactorInline: new CodeActionKind("refactor.inline"),
  RefactorRewrite: new CodeActionKind("refactor.rewrite"), Source: new CodeActionKind("source"),
  SourceOrganizeImports: new CodeActionKind("source.organizeImports"), SourceFixAll: new CodeActionKind("source.fixAll"),
  Notebook: new CodeActionKind("notebook"),
});

class Document {
  constructor(uri, text) { Object.assign(this, { uri, text, languageId: "flow", version: 1, isClosed: false, isDirty: false }); }
  get fileName() { return this.uri.fsPath; }
  get lineCount() { return this.text.split("\n").length; }
  getText(range) { return range ? this.text.slice(this.offsetAt(range.start), this.offsetAt(range.end)) : this.text; }
  lineAt(line) { return { text: this.text.split("\n")[line] }; }
  offsetAt({ line, character }) {
    const lines = this.text.split("\n");
    return lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0) + Math.min(character, lines[line]?.length ?? 0);
  }
  positionAt(offset) {
    const before = this.text.slice(0, offset).split("\n");
    return new Position(before.length - 1, before.at(-1).length);
  }
  /** The place behind the first `needle`. */
  behind(needle) {
    const at = this.text.indexOf(needle);
    if (at < 0) throw new Error(`no ${JSON.stringify(needle)} in ${this.fileName}`);
    return this.positionAt(at + needle.length);
  }
}

/** An editor with a folder open. */
export function editor(folder, settings = {}) {
  const events = {};
  const on = (name) => (hear, self) => (events[name] ??= new EventEmitter()).event(hear, self);
  const documents = [];
  const providers = {};
  const commands = new Map();
  const collections = [];
  const errors = [];
  const workspaceFolder = { uri: Uri.file(folder), name: "test", index: 0 };
  const register = (name) => [`register${name}`, (_, provider) => {
    providers[name] = provider;
    return new Disposable();
  }];
  const configuration = (section) => {
    const inside = section ? section.split(".").reduce((part, key) => part?.[key], settings) : settings;
    return { ...inside, get: (key, fallback) => key.split(".").reduce((part, key) => part?.[key], inside) ?? fallback, has: () => false, inspect: () => undefined };
  };
  const tests = { items: new Items(undefined), createRunProfile() {}, createTestItem: item, dispose() {} };
  const collection = (name) => {
    const made = new Map();
    made.name = name;
    const set = made.set.bind(made);
    made.set = (uri, list) => {
      if (Array.isArray(uri)) uri.forEach(([one, list]) => set(one.toString(), list ?? []));
      else set(uri.toString(), list ?? []);
      published.fire();
    };
    const remove = made.delete.bind(made);
    made.delete = (uri) => remove(uri.toString());
    made.dispose = () => made.clear();
    collections.push(made);
    return made;
  };
  const published = new EventEmitter();
  const vscode = {
    Position, Range, Selection, Uri, Disposable, EventEmitter, CancellationTokenSource, WorkspaceEdit, CodeActionKind,
    CancellationError: class extends Error {},
    CompletionItem: holding("label", "kind"), CompletionList: holding("items", "isIncomplete"), CodeAction: holding("title", "kind"),
    CodeLens: holding("range", "command"), DocumentLink: holding("range", "target"), InlayHint: holding("position", "label", "kind"),
    SymbolInformation: holding("name", "kind", "containerName", "location"), CallHierarchyItem: holding("kind", "name", "detail", "uri", "range", "selectionRange"),
    TypeHierarchyItem: holding("kind", "name", "detail", "uri", "range", "selectionRange"), Diagnostic: holding("range", "message", "severity"),
    DiagnosticRelatedInformation: holding("location", "message"), Location: holding("uri", "range"), Hover: holding("contents", "range"),
    TextEdit: Object.assign(holding("range", "newText"), { replace: (range, newText) => ({ range, newText }) }), MarkdownString: holding("value"), SnippetString: holding("value"),
    SemanticTokens: holding("data", "resultId"), SemanticTokensLegend: holding("tokenTypes", "tokenModifiers"), RelativePattern: holding("base", "pattern"), TestMessage: holding("message"),
    DocumentSymbol: class extends holding("name", "detail", "kind", "range", "selectionRange") { children = []; },
    DocumentHighlight: holding("range", "kind"), FoldingRange: holding("start", "end", "kind"), SelectionRange: holding("range", "parent"),
    SignatureHelp: holding(), SignatureInformation: holding("label", "documentation"), ParameterInformation: holding("label", "documentation"),
    CallHierarchyIncomingCall: holding("from", "fromRanges"), CallHierarchyOutgoingCall: holding("to", "fromRanges"), InlayHintLabelPart: holding("value"),
    TabInputText: holding("uri"), TabInputTextDiff: holding("original", "modified"), TabInputCustom: holding("uri"), TabInputNotebook: holding("uri"),
    DiagnosticSeverity: numbered("Error", "Warning", "Information", "Hint"), DiagnosticTag: { Unnecessary: 1, Deprecated: 2 },
    CompletionItemKind: numbered("Text", "Method", "Function"), CompletionItemTag: { Deprecated: 1 }, CompletionTriggerKind: numbered("Invoke", "TriggerCharacter", "TriggerForIncompleteCompletions"), InsertTextFormat: {},
    SymbolKind: numbered("File", "Module"), SymbolTag: { Deprecated: 1 }, DocumentHighlightKind: numbered("Text", "Read", "Write"), FoldingRangeKind: { Comment: 1, Imports: 2, Region: 3 }, InlayHintKind: { Type: 1, Parameter: 2 },
    CodeActionTriggerKind: { Invoke: 1, Automatic: 2 }, SignatureHelpTriggerKind: { Invoke: 1, TriggerCharacter: 2, ContentChange: 3 }, TextDocumentSaveReason: { Manual: 1, AfterDelay: 2, FocusOut: 3 },
    ProgressLocation: { SourceControl: 1, Window: 10, Notification: 15 }, ViewColumn: { Beside: -2, One: 1 }, TestRunProfileKind: { Run: 1 }, StatusBarAlignment: {}, TextDocumentChangeReason: { Undo: 1, Redo: 2 },
    version: "1.91.0",
    env: { language: "en", appName: "test", openExternal: async () => true, clipboard: {} },
    l10n: { t: (text) => text },
    tests: { createTestController: () => tests },
    commands: { registerCommand: (name, run) => (commands.set(name, run), new Disposable()), executeCommand: (name, ...args) => commands.get(name)?.(...args) },
    languages: {
      match: (selector, document) => [selector].flat().some((one) => (one === "flow" || !one.language || one.language === document.languageId) && (!one.scheme || one.scheme === document.uri.scheme)) ? 10 : 0,
      createDiagnosticCollection: collection,
      ...Object.fromEntries(["SignatureHelpProvider", "TypeHierarchyProvider", "TypeDefinitionProvider", "SelectionRangeProvider", "RenameProvider", "ReferenceProvider",
        "OnTypeFormattingEditProvider", "InlineValuesProvider", "InlayHintsProvider", "ImplementationProvider", "HoverProvider", "FoldingRangeProvider", "DocumentSymbolProvider",
        "DocumentRangeFormattingEditProvider", "DocumentLinkProvider", "DocumentHighlightProvider", "DocumentFormattingEditProvider", "DefinitionProvider", "DeclarationProvider",
        "CompletionItemProvider", "ColorProvider", "CodeLensProvider", "CodeActionsProvider", "CallHierarchyProvider", "DocumentSemanticTokensProvider", "DocumentRangeSemanticTokensProvider", "LinkedEditingRangeProvider"].map(register)),
      registerWorkspaceSymbolProvider: (provider) => ((providers.WorkspaceSymbolProvider = provider), new Disposable()),
    },
    window: {
      get activeTextEditor() { return documents[0] && { document: documents[0], selection: new Selection(0, 0, 0, 0) }; },
      get visibleTextEditors() { return documents.map((document) => ({ document })); },
      get tabGroups() { return { all: [{ tabs: documents.map((document) => ({ input: new vscode.TabInputText(document.uri) })) }], onDidChangeTabs: on("tabs"), onDidChangeTabGroups: on("groups") }; },
      terminals: [],
      createOutputChannel: () => ({ append() {}, appendLine() {}, show() {}, clear() {}, dispose() {} }),
      showErrorMessage: async (message) => void errors.push(message),
      showWarningMessage: async () => undefined,
      showInformationMessage: async () => undefined,
      withProgress: (_, run) => run({ report: (step) => progress.push(step.message) }, new CancellationTokenSource().token),
      onDidChangeActiveTextEditor: on("active"),
      onDidChangeTextEditorSelection: on("selection"),
    },
    workspace: {
      get textDocuments() { return documents; },
      workspaceFolders: [workspaceFolder],
      notebookDocuments: [],
      fs: { stat: async () => ({ type: 1 }), readFile: async (uri) => readFileSync(uri.fsPath) },
      getConfiguration: configuration,
      getWorkspaceFolder: () => workspaceFolder,
      asRelativePath: (uri) => uri.toString(),
      createFileSystemWatcher: () => ({ onDidCreate: on("created"), onDidChange: on("written"), onDidDelete: on("deleted"), dispose() {} }),
      findFiles: async () => [],
      openTextDocument: async (uri) => documents.find((one) => one.uri.toString() === uri.toString()),
      applyEdit: async (edit) => apply(edit),
      ...Object.fromEntries(["onDidOpenTextDocument", "onDidChangeTextDocument", "onDidCloseTextDocument", "onDidSaveTextDocument", "onWillSaveTextDocument", "onDidChangeWorkspaceFolders", "onDidChangeConfiguration",
        "onDidCreateFiles", "onDidRenameFiles", "onDidDeleteFiles", "onWillCreateFiles", "onWillRenameFiles", "onWillDeleteFiles", "onDidOpenNotebookDocument", "onDidCloseNotebookDocument", "onDidChangeNotebookDocument", "onDidSaveNotebookDocument"].map((name) => [name, on(name)])),
    },
  };
  const progress = [];

  /** Replaces ranges of a document, as one step. */
  function type(document, edits) {
    const sorted = [...edits].sort((a, b) => document.offsetAt(b.range.start) - document.offsetAt(a.range.start));
    const contentChanges = sorted.map(({ range, newText }) => ({
      range, text: newText, rangeOffset: document.offsetAt(range.start), rangeLength: document.offsetAt(range.end) - document.offsetAt(range.start),
    }));
    for (const { rangeOffset, rangeLength, text } of contentChanges) {
      document.text = document.text.slice(0, rangeOffset) + text + document.text.slice(rangeOffset + rangeLength);
    }
    document.version += 1;
    events.onDidChangeTextDocument?.fire({ document, contentChanges, reason: undefined });
  }

  function apply(edit) {
    for (const [uri, edits] of edit.entries()) {
      const document = documents.find((one) => one.uri.toString() === uri.toString()) ?? open(uri.fsPath);
      type(document, edits);
    }
    return true;
  }

  function open(path) {
    const document = new Document(Uri.file(path), readFileSync(path, "utf8"));
    documents.push(document);
    events.onDidOpenTextDocument?.fire(document);
    events.tabs?.fire({ opened: [{ input: new vscode.TabInputText(document.uri) }], closed: [], changed: [] });
    return document;
  }

  /** Waits until what is wrong with a document is as wanted. */
  async function until(document, wanted) {
    for (;;) {
      const found = collections.flatMap((one) => one.get(document.uri.toString()) ?? []);
      if (wanted(found)) return found;
      await new Promise((resolve) => {
        const waiting = published.event(() => { waiting.dispose(); resolve(); });
      });
    }
  }

  const files = () => readdirSync(folder).filter((name) => name.endsWith(".flow")).map((name) => join(folder, name));
  const token = new CancellationTokenSource().token;
  const change = (next) => {
    Object.assign(settings, next);
    events.onDidChangeConfiguration?.fire({ affectsConfiguration: (name) => name === "flow" || name === "flow.inlayHints" });
  };
  return { vscode, documents, providers, commands, errors, progress, open, type, apply, until, files, token, change };
}
