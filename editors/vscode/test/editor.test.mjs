// The whole extension under `vscode-languageclient` against the real server: what a person does in the editor.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { editor } from "./editor.mjs";
import { binary, loaded, missing, root } from "./load.mjs";

/** An editor on a copy of an example, with the extension in it. */
async function started(t, settings = {}) {
  const place = realpathSync(mkdtempSync(join(tmpdir(), "flow-")));
  cpSync(join(root, "examples/estate"), place, { recursive: true });
  const made = editor(place, { flow: { path: binary, ...settings } });
  const extension = loaded("extension.ts", made.vscode);
  const context = { subscriptions: [] };
  await extension.activate(context);
  t.after(async () => {
    context.subscriptions.forEach((one) => one.dispose());
    await extension.deactivate();
  });
  assert.deepEqual(made.errors, []);
  return { ...made, place, main: made.open(join(place, "main.flow")) };
}

const isClean = (found) => found.every(({ severity }) => severity !== 0);
const hasCode = (code) => (found) => found.some((one) => (one.code?.value ?? one.code) === code);

test("diagnostics follow typing, and a quick fix takes them away", { skip: missing }, async (t) => {
  const { main, type, until, providers, apply, token, vscode } = await started(t);
  await until(main, isClean);
  const at = main.behind("\n  -> ");
  type(main, [{ range: new vscode.Range(at, main.behind("\n  -> sort")), newText: "srt" }]);
  const found = await until(main, hasCode("FL0202"));
  const wrong = found.find((one) => hasCode("FL0202")([one]));
  assert.equal(main.getText(wrong.range), "srt");
  assert.ok(wrong.code.target.toString().endsWith("FL0202.md"), "the page of the code");
  const context = { diagnostics: [wrong], triggerKind: 1, only: undefined };
  const actions = await providers.CodeActionsProvider.provideCodeActions(main, wrong.range, context, token);
  const fix = actions.find((action) => action.isPreferred);
  await apply(fix.edit);
  assert.equal(main.getText(), readFileSync(main.fileName, "utf8"), "as it was");
  await until(main, isClean);
});

test("a type is renamed in the files that use it", { skip: missing }, async (t) => {
  const { main, open, until, providers, apply, token, place } = await started(t);
  const models = open(join(place, "models.flow"));
  await until(main, isClean);
  const before = [main, models].map((document) => document.getText());
  const edit = await providers.RenameProvider.provideRenameEdits(models, models.behind("model f"), "quick", token);
  assert.equal(edit.entries().length, 2, "both files");
  await apply(edit);
  assert.match(models.getText(), /model quick\b/);
  assert.match(main.getText(), /using quick\b/);
  assert.doesNotMatch(main.getText(), /using fast\b/);
  await until(main, isClean);
  const back = await providers.RenameProvider.provideRenameEdits(main, main.behind("using qui"), "fast", token);
  await apply(back);
  assert.deepEqual([main, models].map((document) => document.getText()), before);
  await assert.rejects(async () => providers.RenameProvider.provideRenameEdits(main, main.behind("node so"), "gather", token), /gather/);
});

test("a document is formatted as `flowc fmt` does it", { skip: missing }, async (t) => {
  const { main, type, until, providers, token, vscode } = await started(t);
  await until(main, isClean);
  const written = main.getText();
  const at = main.behind("node sort");
  type(main, [{ range: new vscode.Range(at, at), newText: "     " }]);
  const options = { tabSize: 2, insertSpaces: true };
  const edits = await providers.DocumentFormattingEditProvider.provideDocumentFormattingEdits(main, options, token);
  type(main, edits);
  assert.equal(main.getText(), written);
  await until(main, isClean);
});

test("hover, completion, hints and lenses come through the client", { skip: missing }, async (t) => {
  const { main, until, providers, token, vscode, change } = await started(t);
  await until(main, isClean);
  const hover = await providers.HoverProvider.provideHover(main, main.behind("node so"), token);
  assert.match([hover.contents].flat().map((one) => one.value).join(), /may raise/);
  const offered = await providers.CompletionItemProvider.provideCompletionItems(main, main.behind("    -> "), token, { triggerKind: 0 });
  const labels = (offered.items ?? offered).map((item) => item.label.label ?? item.label);
  assert.ok(labels.includes("gather"), labels.join());
  const whole = new vscode.Range(0, 0, main.lineCount, 0);
  const hints = async () => (await providers.InlayHintsProvider.provideInlayHints(main, whole, token)).map((hint) => hint.label);
  assert.ok((await hints()).some((label) => label.includes("USD")));
  change({ flow: { path: binary, inlayHints: { bounds: false } } });
  for (;;) if (!(await hints()).some((label) => label.includes("USD"))) break;
  const lenses = await providers.CodeLensProvider.provideCodeLenses(main, token);
  assert.ok(lenses.some((lens) => lens.command?.command === "flow.showGraph"));
});

test("hints that are off stay off from the beginning, and the first look shows its progress", { skip: missing }, async (t) => {
  const { main, until, providers, token, vscode, progress } = await started(t, { inlayHints: { bounds: false, types: false } });
  await until(main, isClean);
  const whole = new vscode.Range(0, 0, main.lineCount, 0);
  const hints = (await providers.InlayHintsProvider.provideInlayHints(main, whole, token)).map((hint) => hint.label);
  assert.ok(hints.length > 0 && hints.every((label) => label.includes("error")), hints.join());
  assert.ok(progress.some((message) => /checking \d+ files/.test(message ?? "")), progress.join());
});

test("a binary that is not there is told with what to do", async () => {
  const place = realpathSync(mkdtempSync(join(tmpdir(), "flow-")));
  const made = editor(place, { flow: { path: join(place, "no-such-flowc") } });
  const extension = loaded("extension.ts", made.vscode);
  await extension.activate({ subscriptions: [] });
  assert.match(made.errors.at(-1), /flow\.path/);
  await extension.deactivate();
});
