// The test explorer over a stand-in for `vscode.tests`: what is found in files, and what the real `flowc` says of it.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { Items, item } from "./items.mjs";
import { binary, loaded, missing, root } from "./load.mjs";

const uriOf = (file) => ({ fsPath: file, scheme: "file", toString: () => pathToFileURL(file).href });

/** The explorer of a copy of an example, with what it does noted. */
function explorer(change = (text) => text, program = binary) {
  const place = realpathSync(mkdtempSync(join(tmpdir(), "flow-")));
  cpSync(join(root, "examples/estate"), place, { recursive: true });
  const main = join(place, "main.flow");
  writeFileSync(main, change(readFileSync(main, "utf8")));
  const seen = { started: [], passed: [], failed: new Map(), errored: new Map(), skipped: [], ended: 0 };
  const controller = {
    items: new Items(undefined),
    createTestItem: item,
    createRunProfile: (_, __, run) => (controller.run = run),
    createTestRun: () => ({
      started: ({ label }) => seen.started.push(label),
      passed: ({ label }) => seen.passed.push(label),
      failed: ({ label }, messages) => seen.failed.set(label, messages),
      errored: ({ label }, message) => seen.errored.set(label, message.message),
      skipped: ({ label }) => seen.skipped.push(label),
      appendOutput() {},
      end: () => (seen.ended += 1),
    }),
    dispose() {},
  };
  const disposable = { dispose() {} };
  const vscode = {
    Position: class { constructor(line, character) { Object.assign(this, { line, character }); } },
    Range: class { constructor(line, character) { Object.assign(this, { start: { line, character } }); } },
    Location: class { constructor(uri, position) { Object.assign(this, { uri, position }); } },
    TestMessage: class { constructor(message) { this.message = message; } },
    TestRunProfileKind: { Run: 1 },
    tests: { createTestController: () => controller },
    workspace: {
      textDocuments: [],
      asRelativePath: (uri) => uri.fsPath.slice(place.length + 1),
      createFileSystemWatcher: () => ({ onDidCreate: () => disposable, onDidChange: () => disposable, onDidDelete: () => disposable, dispose() {} }),
      findFiles: async () => readdirSync(place).filter((name) => name.endsWith(".flow")).map((name) => uriOf(join(place, name))),
      fs: { readFile: async (uri) => readFileSync(uri.fsPath) },
      onDidChangeTextDocument: () => disposable,
      onDidOpenTextDocument: () => disposable,
      openTextDocument: async (uri) => ({ getText: () => readFileSync(uri.fsPath, "utf8") }),
      saveAll: async () => true,
    },
  };
  const { FlowTests } = loaded("tests.ts", vscode);
  const tests = new FlowTests(() => program);
  const token = { isCancellationRequested: false, onCancellationRequested: () => disposable };
  const run = (include) => controller.run({ include }, token);
  const file = () => controller.items.get(pathToFileURL(main).href);
  return { tests, controller, seen, run, file, token, text: readFileSync(main, "utf8") };
}

const { testsIn, needAt } = loaded("tests.ts", {});

test("tests are found where they stand, by their titles without escapes", () => {
  const text = 'test "a \\"b\\" \\u{1F600}" {\n}\r\n\n  test "inside"\nfn test(a: text): text = "test \\"no\\""\npub test "c" {\n';
  assert.deepEqual(testsIn(text), [{ title: 'a "b" 😀', line: 0 }, { title: "c", line: 5 }]);
});

test("a need is found in its own test", () => {
  const text = 'test "a" {\n  need x\n}\n\ntest "b" {\n  need y == 1\n    and z\n  need x\n}\n';
  assert.equal(needAt(text, 4, "x"), 7);
  assert.equal(needAt(text, 4, "y == 1\n    and z"), 5);
  assert.equal(needAt(text, 0, "y == 1"), 0, "not in this test");
});

test("every test of an example is found and passes", { skip: missing }, async () => {
  const { tests, seen, run, file, text } = explorer();
  await tests.discover();
  const titles = [...file().children.values()].map((found) => found.label);
  assert.equal(titles.length, text.match(/^test /gm).length);
  assert.match(text.split("\n")[file().children.values().next().value.range.start.line], /^test /);
  await run(undefined);
  assert.deepEqual(seen.passed, titles);
  assert.deepEqual([seen.failed.size, seen.errored.size, seen.ended], [0, 0, 1]);
  tests.dispose();
});

test("one test is run alone, and its failure stands at the need that does not hold", { skip: missing }, async () => {
  const { tests, seen, run, file, text } = explorer((text) => text.replace("need visits(rewrite) == 2", "need visits(rewrite) == 3"));
  await tests.discover();
  const wanted = [...file().children.values()].find((found) => found.label === "three rejections end with a person");
  await run([wanted]);
  assert.deepEqual(seen.started, [wanted.label]);
  const [message] = seen.failed.get(wanted.label);
  assert.match(message.message, /need visits\(rewrite\) == 3/);
  assert.match(message.message, /visits\(rewrite\) is 2/);
  assert.equal(text.split("\n")[message.location.position.line].trim(), "need visits(rewrite) == 3");
  tests.dispose();
});

test("a package with an error tells it with every test", { skip: missing }, async () => {
  const { tests, seen, run } = explorer((text) => text.replace("-> sort\n", "-> srt\n"));
  await tests.discover();
  await run(undefined);
  assert.equal(seen.passed.length, 0);
  assert.ok(seen.errored.size > 3);
  for (const said of seen.errored.values()) assert.match(said, /FL0202/);
  tests.dispose();
});

test("without the binary every test says what to do", async () => {
  const { tests, seen, run } = explorer(undefined, join(root, "no-such-flowc"));
  await tests.discover();
  await run(undefined);
  assert.ok(seen.errored.size > 3);
  for (const said of seen.errored.values()) assert.match(said, /flow\.path/);
  tests.dispose();
});

test("a cancelled run says nothing of the tests", { skip: missing }, async () => {
  const { tests, seen, run, token } = explorer();
  await tests.discover();
  token.isCancellationRequested = true;
  await run(undefined);
  assert.equal(seen.passed.length, 0);
  assert.ok(seen.skipped.length > 3);
  tests.dispose();
});
