// The flow at the cursor as a picture beside the text.

import * as vscode from "vscode";

/** What `flow/graph` answers. */
export interface Drawn {
  flow: string;
  svg: string | null;
  nodes: { name: string; range: { start: { line: number; character: number } } }[];
}

type Ask = (params: { uri: string; position?: vscode.Position; flow?: string }) => Promise<Drawn | null>;

/** How long after the last edit or move of the cursor the picture is drawn again, in ms. */
const REST = 150;

export class GraphPanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private document: vscode.Uri | undefined;
  private drawn: Drawn | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly listeners: vscode.Disposable[];

  constructor(private readonly ask: Ask) {
    this.listeners = [
      vscode.window.onDidChangeTextEditorSelection((event) => this.follow(event.textEditor)),
      vscode.workspace.onDidChangeTextDocument((event) => {
        const editor = vscode.window.activeTextEditor;
        if (editor?.document === event.document) this.follow(editor);
      }),
    ];
  }

  async show(uri?: string, flow?: string): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const document = uri ? vscode.Uri.parse(uri) : editor?.document.uri;
    if (!document) return;
    this.panel ??= this.open();
    this.panel.reveal(vscode.ViewColumn.Beside, true);
    await this.draw(document, flow ? undefined : editor?.selection.active, flow);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.listeners.forEach((listener) => listener.dispose());
    this.panel?.dispose();
  }

  private open(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel("flowGraph", "Graph", { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true }, { enableScripts: true });
    panel.onDidDispose(() => (this.panel = undefined));
    panel.webview.onDidReceiveMessage((message: { node?: string }) => this.goTo(message.node));
    return panel;
  }

  private follow(editor: vscode.TextEditor): void {
    if (!this.panel || editor.document.languageId !== "flow") return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.draw(editor.document.uri, editor.selection.active), REST);
  }

  private async draw(uri: vscode.Uri, position?: vscode.Position, flow?: string): Promise<void> {
    const drawn = await this.ask({ uri: uri.toString(), position, flow });
    if (!drawn || !this.panel) return;
    // While the file has errors, the last picture of the same flow is the best there is.
    const svg = drawn.svg ?? (this.drawn?.flow === drawn.flow ? this.drawn.svg : null);
    this.document = uri;
    this.drawn = { ...drawn, svg };
    this.panel.title = drawn.flow;
    this.panel.webview.html = page(svg, drawn.svg === null);
  }

  private async goTo(name?: string): Promise<void> {
    const node = this.drawn?.nodes.find((known) => known.name === name);
    if (!node || !this.document) return;
    const { line, character } = node.range.start;
    const at = new vscode.Position(line, character);
    const document = await vscode.workspace.openTextDocument(this.document);
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.One, selection: new vscode.Range(at, at) });
  }
}

/** The page around a picture, in the colours of the editor. Its one script tells which box was chosen. */
export function page(svg: string | null, isOld: boolean): string {
  const nonce = Array.from({ length: 24 }, () => Math.floor(Math.random() * 36).toString(36)).join("");
  const body = svg ?? "<p>The graph is drawn when the file and what it imports have no errors.</p>";
  return `<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}'">
<style>
  body { background: var(--vscode-editor-background, #fff); color: var(--vscode-editor-foreground, #1c2130); padding: 12px; }
  svg { max-width: 100%; height: auto; display: block; margin: auto; }
  body[data-theme] svg { --paper: var(--vscode-editor-background, #fff); }
  [data-node] { cursor: pointer; outline: none; }
  [data-node]:hover .b, [data-node]:focus-visible .b { stroke-width: 2.6; }
  body.old svg { opacity: 0.5; }
</style>
</head>
<body class="${isOld ? "old" : ""}">
${body}
<script nonce="${nonce}">
  const vscode = acquireVsCodeApi();
  // The picture has its own colours for light and dark; which of them, the theme of the editor says.
  const dress = () => {
    const is = (name) => document.body.classList.contains(name);
    document.body.dataset.theme = is("vscode-light") || is("vscode-high-contrast-light") ? "light" : "dark";
  };
  new MutationObserver(dress).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  dress();
  const choose = (event) => {
    const box = event.target.closest("[data-node]");
    if (box) vscode.postMessage({ node: box.dataset.node });
  };
  document.addEventListener("click", choose);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") choose(event);
  });
</script>
</body>
</html>`;
}
