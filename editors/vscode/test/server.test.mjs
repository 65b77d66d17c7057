// The extension's own code and the real server, without an extension host: the protocol over stdio, the graph panel
// over a stand-in for the `vscode` module.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync } from "node:fs";
import Module from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { buildSync } from "esbuild";
import rpc from "vscode-languageserver-protocol/node";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../../..");
const binary = process.env.FLOWC ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/flowc");
const missing = existsSync(binary) ? false : `there is no ${binary}: build flowc, or set FLOWC`;
if (missing && process.env.CI) throw new Error(missing);

async function connect() {
  const place = mkdtempSync(join(tmpdir(), "flow-"));
  cpSync(join(root, "examples/estate"), place, { recursive: true });
  const child = spawn(binary, ["lsp"], { stdio: ["pipe", "pipe", "inherit"] });
  const connection = rpc.createProtocolConnection(
    new rpc.StreamMessageReader(child.stdout),
    new rpc.StreamMessageWriter(child.stdin),
  );
  const published = new Map();
  let told = () => {};
  connection.onNotification(rpc.PublishDiagnosticsNotification.type, (params) => {
    published.set(params.uri, params);
    told();
  });
  connection.listen();
  const folder = { uri: pathToFileURL(place).href, name: "estate" };
  await connection.sendRequest("initialize", { processId: process.pid, rootUri: null, capabilities: {}, workspaceFolders: [folder] });
  await connection.sendNotification("initialized", {});
  const uri = pathToFileURL(join(place, "main.flow")).href;
  const diagnostics = async (version) => {
    while (published.get(uri)?.version !== version) await new Promise((resolve) => (told = resolve));
    return published.get(uri).diagnostics;
  };
  const stop = async () => {
    await connection.sendRequest("shutdown");
    await connection.sendNotification("exit");
    const [code] = await new Promise((resolve) => child.once("exit", (...how) => resolve(how)));
    connection.dispose();
    return code;
  };
  return { connection, uri, diagnostics, stop, text: readFileSync(join(place, "main.flow"), "utf8") };
}

function at(text, needle) {
  const before = text.slice(0, text.indexOf(needle) + needle.length).split("\n");
  return { line: before.length - 1, character: before.at(-1).length };
}

test("an example is opened, mended, renamed in and formatted", { skip: missing }, async () => {
  const { connection, uri, diagnostics, stop, text } = await connect();
  const textDocument = { uri };
  await connection.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId: "flow", version: 1, text } });
  assert.deepEqual((await diagnostics(1)).filter((found) => found.severity === 1), []);
  const broken = text.replace("-> sort\n", "-> srt\n");
  await connection.sendNotification("textDocument/didChange", { textDocument: { uri, version: 2 }, contentChanges: [{ text: broken }] });
  const [first] = await diagnostics(2);
  assert.equal(first.code, "FL0202");
  const actions = await connection.sendRequest("textDocument/codeAction", { textDocument, range: first.range, context: { diagnostics: [first] } });
  assert.equal(actions[0].edit.changes[uri][0].newText, "sort");
  await connection.sendNotification("textDocument/didChange", { textDocument: { uri, version: 3 }, contentChanges: [{ text }] });
  const edit = await connection.sendRequest("textDocument/rename", { textDocument, position: at(text, "node so"), newName: "triaged" });
  assert.ok(edit.changes[uri].length > 5);
  const options = { tabSize: 2, insertSpaces: true };
  assert.deepEqual(await connection.sendRequest("textDocument/formatting", { textDocument, options }), []);
  assert.equal(await stop(), 0);
});

/** `graph.ts` over a stand-in for VS Code that notes what it is asked to do. */
function panel(uri, text, ask) {
  const seen = { html: "", shown: undefined, receive: undefined };
  const disposable = { dispose() {} };
  const vscode = {
    Uri: { parse: (value) => ({ toString: () => value }) },
    ViewColumn: { Beside: -2, One: 1 },
    Position: class { constructor(line, character) { Object.assign(this, { line, character }); } },
    Range: class { constructor(start, end) { Object.assign(this, { start, end }); } },
    window: {
      activeTextEditor: { document: { uri: { toString: () => uri }, languageId: "flow" }, selection: { active: at(text, "pub flow han") } },
      onDidChangeTextEditorSelection: () => disposable,
      createWebviewPanel: () => ({
        webview: { set html(value) { seen.html = value; }, onDidReceiveMessage: (take) => (seen.receive = take) },
        onDidDispose() {}, reveal() {}, dispose() {},
      }),
      showTextDocument: async (_, options) => (seen.shown = options.selection.start),
    },
    workspace: { onDidChangeTextDocument: () => disposable, openTextDocument: async (opened) => opened },
  };
  const built = buildSync({ entryPoints: [join(here, "../src/graph.ts")], bundle: true, platform: "node", external: ["vscode"], write: false });
  const made = { exports: {} };
  const load = (name) => (name === "vscode" ? vscode : Module.createRequire(import.meta.url)(name));
  new Function("require", "module", "exports", built.outputFiles[0].text)(load, made, made.exports);
  return { panel: new made.exports.GraphPanel(ask), seen };
}

test("the graph is drawn, and a click goes to the node", { skip: missing }, async () => {
  const { connection, uri, diagnostics, stop, text } = await connect();
  await connection.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId: "flow", version: 1, text } });
  await diagnostics(1);
  const { panel: graph, seen } = panel(uri, text, (params) => connection.sendRequest("flow/graph", params));
  await graph.show();
  assert.match(seen.html, /<svg[\s\S]*escalate[\s\S]*<\/svg>/);
  assert.match(seen.html, /default-src 'none'/);
  await seen.receive({ node: "escalate" });
  assert.equal(text.split("\n")[seen.shown.line].trim().startsWith("node escalate"), true);
  const before = seen.html;
  await connection.sendNotification("textDocument/didChange", { textDocument: { uri, version: 2 }, contentChanges: [{ text: text.replace("-> sort\n", "-> srt\n") }] });
  await graph.show();
  assert.match(seen.html, /class="old"/);
  assert.ok(seen.html.includes(before.match(/<svg[\s\S]*<\/svg>/)[0]));
  graph.dispose();
  assert.equal(await stop(), 0);
});
