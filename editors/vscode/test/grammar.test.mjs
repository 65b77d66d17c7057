// The TextMate grammar reads every example: declarations, nodes, holes and comments get their scopes.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";

const require = createRequire(import.meta.url);
const root = new URL("../../../", import.meta.url);

await oniguruma.loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")).buffer);
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () =>
    textmate.parseRawGrammar(
      readFileSync(new URL("../syntaxes/flow.tmLanguage.json", import.meta.url), "utf8"),
      "flow.tmLanguage.json",
    ),
});
const grammar = await registry.loadGrammar("source.flow");

function scoped(text) {
  const found = [];
  let state = textmate.INITIAL;
  for (const line of text.split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    for (const token of tokens) {
      found.push([line.slice(token.startIndex, token.endIndex), token.scopes.at(-1), token.scopes]);
    }
    state = ruleStack;
  }
  return { found, state };
}

for (const name of readdirSync(new URL("examples/", root))) {
  test(`${name} ends outside of every string`, () => {
    const text = readFileSync(new URL(`examples/${name}/main.flow`, root), "utf8");
    const { found, state } = scoped(text);
    assert.equal(state.depth, 1);
    const flows = found.filter(([word, scope]) => word === "flow" && scope === "keyword.declaration.flow");
    assert.equal(flows.length, text.match(/^(pub )?flow /gm).length);
    const nodes = found.filter(([word, scope]) => word === "node" && scope === "keyword.declaration.flow");
    assert.equal(nodes.length, text.match(/^ {2}node /gm).length);
  });
}

test("holes in a text hold code, and quotes in them do not end it", () => {
  const { found } = scoped('fn f(a: text): text = "x {{case a { _ => "in" }}} y" // done\n');
  assert.ok(found.some(([word, scope]) => word === "case" && scope === "keyword.control.flow"));
  assert.ok(found.some(([word, scope]) => word.includes("done") && scope.startsWith("comment")));
});

test("quantities are one number and one unit", () => {
  const { found } = scoped("  timeout: 4k tokens\n");
  assert.deepEqual(
    found.filter(([word]) => word.trim()).map(([word, scope]) => [word.trim(), scope]),
    [
      ["timeout", "variable.other.property.flow"],
      [":", "source.flow"],
      ["4k", "constant.numeric.flow"],
      ["tokens", "keyword.other.unit.flow"],
    ],
  );
});
