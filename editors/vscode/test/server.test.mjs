// The extension's own code and the real server, without an extension host: the protocol over stdio, the graph panel
// over a stand-in for the `vscode` module.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import rpc from "vscode-languageserver-protocol/node";

import { binary, loaded, missing, root } from "./load.mjs";

async function connect(t) {
  const place = mkdtempSync(join(tmpdir(), "flow-"));
  cpSync(join(root, "examples/estate"), place, { recursive: true });
  const child = spawn(binary, ["lsp"], { stdio: ["pipe", "pipe", "inherit"] });
  // A test that fails must not wait for a server that nobody stops.
  t.after(() => child.kill());
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

test("an example is opened, mended, renamed in and formatted", { skip: missing }, async (t) => {
  const { connection, uri, diagnostics, stop, text } = await connect(t);
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
  return { panel: new (loaded("graph.ts", vscode).GraphPanel)(ask), seen };
}

test("the graph is drawn, and a click goes to the node", { skip: missing }, async (t) => {
  const { connection, uri, diagnostics, stop, text } = await connect(t);
  await connection.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId: "flow", version: 1, text } });
  await diagnostics(1);
  const { panel: graph, seen } = panel(uri, text, (params) => connection.sendRequest("flow/graph", params));
  await graph.show();
  assert.match(seen.html, /<svg[\s\S]*escalate[\s\S]*<\/svg>/);
  assert.match(seen.html, /default-src 'none'/);
  assert.match(seen.html, /data-node="escalate"/);
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

test("the page tells which box was chosen, by mouse and by key, and follows the theme", () => {
  const { page } = loaded("graph.ts", {});
  const html = page('<svg><g data-node="ask"><text>ask</text></g></svg>', false);
  const [, script] = /<script nonce="[^"]+">([^]*)<\/script>/.exec(html);
  const heard = {};
  const sent = [];
  const classes = new Set(["vscode-light"]);
  const body = { classList: { contains: (name) => classes.has(name) }, dataset: {} };
  const document = { body, addEventListener: (name, hear) => (heard[name] = hear) };
  let changed;
  const Observer = class { constructor(told) { changed = told; } observe() {} };
  new Function("acquireVsCodeApi", "document", "MutationObserver", script)(() => ({ postMessage: (message) => sent.push(message) }), document, Observer);
  assert.equal(body.dataset.theme, "light");
  classes.clear();
  classes.add("vscode-dark");
  changed();
  assert.equal(body.dataset.theme, "dark");
  const box = { dataset: { node: "ask" } };
  const on = { closest: (what) => (what === "[data-node]" ? box : null) };
  heard.click({ target: on });
  heard.click({ target: { closest: () => null } });
  heard.keydown({ target: on, key: "Tab" });
  heard.keydown({ target: on, key: "Enter" });
  assert.deepEqual(sent, [{ node: "ask" }, { node: "ask" }]);
});
