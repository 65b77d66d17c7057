// What the tests share: the real binary, and the extension's own modules over a stand-in for `vscode`.

import { existsSync } from "node:fs";
import Module from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { buildSync } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
export const root = join(here, "../../..");
export const binary = process.env.FLOWC ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/flowc");
/** Why tests that need the binary are skipped, or `false`. */
export const missing = existsSync(binary) ? false : `there is no ${binary}: build flowc, or set FLOWC`;
if (missing && process.env.CI) throw new Error(missing);

/** A module of the extension with `vscode` for what the editor would give it. */
export function loaded(name, vscode) {
  const built = buildSync({ entryPoints: [join(here, "../src", name)], bundle: true, platform: "node", external: ["vscode"], write: false });
  const made = { exports: {} };
  const load = (wanted) => (wanted === "vscode" ? vscode : Module.createRequire(import.meta.url)(wanted));
  new Function("require", "module", "exports", built.outputFiles[0].text)(load, made, made.exports);
  return made.exports;
}
