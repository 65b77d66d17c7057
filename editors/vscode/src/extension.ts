// Starts the language server, and adds what the protocol has no words for: graphs, runs, tests.

import * as vscode from "vscode";
import { LanguageClient, LanguageClientOptions, ServerOptions } from "vscode-languageclient/node";

import { GraphPanel } from "./graph";
import { quoted } from "./shell";
import { FlowTests } from "./tests";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const graph = new GraphPanel((params) => client?.sendRequest("flow/graph", params) ?? Promise.resolve(null));
  context.subscriptions.push(
    graph,
    new FlowTests(binary),
    vscode.commands.registerCommand("flow.showGraph", (uri?: string, flow?: string) => graph.show(uri, flow)),
    vscode.commands.registerCommand("flow.run", (uri?: string, flow?: string) => {
      const file = path(uri);
      if (file) inTerminal(["run", flow ? `${file}:${flow}` : file]);
    }),
    vscode.commands.registerCommand("flow.test", (uri?: string, title?: string) => {
      const file = path(uri);
      if (file) inTerminal(title ? ["test", file, "--filter", title] : ["test", file]);
    }),
    vscode.commands.registerCommand("flow.restart", () => client?.restart()),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("flow.path")) {
        await client?.stop();
        client = await start();
      }
    }),
  );
  client = await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

function binary(): string {
  return vscode.workspace.getConfiguration("flow").get<string>("path") || "flowc";
}

async function start(): Promise<LanguageClient | undefined> {
  const server: ServerOptions = { command: binary(), args: ["lsp"] };
  const options: LanguageClientOptions = {
    documentSelector: [
      { language: "flow", scheme: "file" },
      { language: "flow", scheme: "untitled" },
    ],
    initializationOptions: { inlayHints: vscode.workspace.getConfiguration("flow").get("inlayHints") },
    synchronize: { configurationSection: "flow" },
  };
  const made = new LanguageClient("flow", "flow", server, options);
  try {
    await made.start();
    return made;
  } catch (error) {
    const message = `\`${binary()}\` could not be started: ${error}. Install flowc, or set \`flow.path\`.`;
    void vscode.window.showErrorMessage(message);
    return undefined;
  }
}

/** The file of a lens, or of the editor at hand. */
function path(uri?: string): string | undefined {
  const active = vscode.window.activeTextEditor?.document;
  return uri ? vscode.Uri.parse(uri).fsPath : active?.languageId === "flow" ? active.uri.fsPath : undefined;
}

function inTerminal(args: string[]): void {
  const terminal = vscode.window.terminals.find((open) => open.name === "flow") ?? vscode.window.createTerminal("flow");
  terminal.show(true);
  terminal.sendText([binary(), ...args].map(quoted).join(" "));
}
