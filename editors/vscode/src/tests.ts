// The tests of `.flow` files in the test explorer. `flowc test --json` runs them; nothing is judged here.

import { execFile } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import * as path from "node:path";

import * as vscode from "vscode";

/** What `flowc test --json` prints. */
interface Report {
  packages: { tests: Verdict[] }[];
}

interface Verdict {
  title: string;
  /** `main.flow:12` */
  at: string;
  passed: boolean;
  failures: { need: string; message: string; values: { expression: string; value: string }[] }[];
  error: { class: string; message: string; node: string } | null;
  path: string;
  elapsed_ms: number;
}

/** A test as it stands in a text. */
export interface Found {
  title: string;
  /** From 0. */
  line: number;
}

/** Items start in column 0, so the first line of a test can be told from all others. */
export function testsIn(text: string): Found[] {
  const found: Found[] = [];
  text.split(/\r?\n/).forEach((line, at) => {
    const title = /^(?:pub\s+)?test\s+"((?:[^"\\]|\\.)*)"/.exec(line);
    if (title) found.push({ title: plain(title[1]), line: at });
  });
  return found;
}

/** A title as the report has it: without escapes. */
function plain(written: string): string {
  const signs: Record<string, string> = { n: "\n", t: "\t", r: "\r", "0": "\0" };
  return written.replace(/\\(?:u\{([0-9A-Fa-f]+)\}|(.))/g, (_, code?: string, sign?: string) =>
    code ? String.fromCodePoint(parseInt(code, 16)) : (signs[sign!] ?? sign!),
  );
}

/** Where a `need` of the test at `line` stands; the test's first line if it cannot be found. */
export function needAt(text: string, line: number, need: string): number {
  const lines = text.split(/\r?\n/);
  const first = need.split(/\r?\n/)[0].trim();
  for (let at = line + 1; at < lines.length && !/^\S/.test(lines[at].replace(/^[)}]/, " ")); at += 1) {
    if (first && lines[at].trim().replace(/^need\s+/, "").startsWith(first)) return at;
  }
  return line;
}

export class FlowTests implements vscode.Disposable {
  private readonly controller = vscode.tests.createTestController("flow", "Flow");
  private readonly watcher = vscode.workspace.createFileSystemWatcher("**/*.flow");
  private readonly listeners: vscode.Disposable[];

  constructor(private readonly binary: () => string) {
    this.controller.createRunProfile("Run", vscode.TestRunProfileKind.Run, (request, token) => this.run(request, token), true);
    this.controller.refreshHandler = () => this.discover();
    this.controller.resolveHandler = async (item) => {
      if (!item) await this.discover();
    };
    this.listeners = [
      this.watcher.onDidCreate((uri) => this.read(uri)),
      this.watcher.onDidChange((uri) => this.read(uri)),
      this.watcher.onDidDelete((uri) => this.controller.items.delete(uri.toString())),
      vscode.workspace.onDidOpenTextDocument((document) => this.show(document)),
      vscode.workspace.onDidChangeTextDocument((event) => this.show(event.document)),
    ];
  }

  dispose(): void {
    this.listeners.forEach((listener) => listener.dispose());
    this.watcher.dispose();
    this.controller.dispose();
  }

  async discover(): Promise<void> {
    const files = await vscode.workspace.findFiles("**/*.flow");
    await Promise.all(files.map((uri) => this.read(uri)));
  }

  private async read(uri: vscode.Uri): Promise<void> {
    const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
    if (open) return this.show(open);
    const bytes = await vscode.workspace.fs.readFile(uri);
    this.update(uri, Buffer.from(bytes).toString("utf8"));
  }

  private show(document: vscode.TextDocument): void {
    if (document.languageId === "flow" && document.uri.scheme === "file") this.update(document.uri, document.getText());
  }

  private update(uri: vscode.Uri, text: string): void {
    const tests = testsIn(text);
    const id = uri.toString();
    if (tests.length === 0) return this.controller.items.delete(id);
    const file = this.controller.items.get(id) ?? this.controller.createTestItem(id, vscode.workspace.asRelativePath(uri), uri);
    file.children.replace(
      tests.map(({ title, line }) => {
        const test = file.children.get(`${id}#${title}`) ?? this.controller.createTestItem(`${id}#${title}`, title, uri);
        test.range = new vscode.Range(line, 0, line, 0);
        return test;
      }),
    );
    this.controller.items.add(file);
  }

  /** One run of `flowc` a package. */
  private async run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = this.controller.createTestRun(request);
    await vscode.workspace.saveAll(false);
    for (const [root, tests] of byPackage(this.asked(request))) {
      tests.forEach((test) => run.started(test));
      if (!token.isCancellationRequested) await judge(run, this.binary(), root, tests, token);
      if (token.isCancellationRequested) tests.forEach((test) => run.skipped(test));
    }
    run.end();
  }

  /** The tests of a request: files stand for all of theirs. */
  private asked(request: vscode.TestRunRequest): vscode.TestItem[] {
    const excluded = new Set(request.exclude?.map((item) => item.id));
    const found = new Map<string, vscode.TestItem>();
    const add = (item: vscode.TestItem): void => {
      if (excluded.has(item.id)) return;
      if (item.parent) found.set(item.id, item);
      else item.children.forEach(add);
    };
    if (request.include) request.include.forEach(add);
    else this.controller.items.forEach(add);
    return [...found.values()];
  }
}

/** A package is a directory with a `flow.toml`; a file below none is one of its own. */
function byPackage(tests: vscode.TestItem[]): Map<string, vscode.TestItem[]> {
  const groups = new Map<string, vscode.TestItem[]>();
  for (const test of tests) {
    const file = test.uri!.fsPath;
    let root = path.dirname(file);
    while (!existsSync(path.join(root, "flow.toml")) && path.dirname(root) !== root) root = path.dirname(root);
    const key = existsSync(path.join(root, "flow.toml")) ? root : file;
    groups.set(key, [...(groups.get(key) ?? []), test]);
  }
  return groups;
}

async function judge(run: vscode.TestRun, binary: string, root: string, tests: vscode.TestItem[], token: vscode.CancellationToken): Promise<void> {
  const cwd = realpathSync(root.endsWith(".flow") ? path.dirname(root) : root);
  const filter = tests.length === 1 ? ["--filter", tests[0].label] : [];
  const { out, err } = await started(binary, ["test", root, "--json", ...filter], cwd, token);
  if (token.isCancellationRequested) return;
  const verdicts = new Map(told(out).map((verdict) => [`${path.resolve(cwd, place(verdict.at).file)}#${verdict.title}`, verdict]));
  run.appendOutput((err || out).replace(/\r?\n/g, "\r\n"));
  for (const test of tests) {
    const verdict = verdicts.get(`${realpathSync(test.uri!.fsPath)}#${test.label}`);
    if (!verdict) run.errored(test, new vscode.TestMessage(err.trim() || "flowc did not run this test"));
    else if (verdict.passed) run.passed(test, verdict.elapsed_ms);
    else run.failed(test, await messages(test.uri!, verdict), verdict.elapsed_ms);
  }
}

/** The verdicts of a report; none if the package has errors, which are told with each test. */
function told(out: string): Verdict[] {
  try {
    return (JSON.parse(out) as Report).packages.flatMap((suite) => suite.tests);
  } catch {
    return [];
  }
}

/** `a/b/main.flow:12`, with the line from 0. */
function place(at: string): { file: string; line: number } {
  const [, file, line] = /^(.*):(\d+)$/.exec(at) ?? ["", at, "1"];
  return { file, line: Number(line) - 1 };
}

/** One message a `need` that does not hold, at its place. */
async function messages(uri: vscode.Uri, verdict: Verdict): Promise<vscode.TestMessage[]> {
  const text = (await vscode.workspace.openTextDocument(uri)).getText();
  const { line } = place(verdict.at);
  const made = verdict.failures.map((failure) => {
    const values = failure.values.map(({ expression, value }) => `${expression} is ${value}`);
    const said = [failure.need && `need ${failure.need}`, failure.message, ...values, verdict.path && `path: ${verdict.path}`];
    const message = new vscode.TestMessage(said.filter(Boolean).join("\n"));
    const at = needAt(text, line, failure.need);
    message.location = new vscode.Location(uri, new vscode.Position(at, 0));
    return message;
  });
  return made.length > 0 ? made : [new vscode.TestMessage(verdict.error?.message ?? "failed")];
}

/** What a program prints. A test that fails makes it end with 1, which is no reason to give up. */
function started(program: string, args: string[], cwd: string, token: vscode.CancellationToken): Promise<{ out: string; err: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: "1" };
    const child = execFile(program, args, { cwd, env, maxBuffer: 64 << 20 }, (error, out, err) => {
      const missing = error && "code" in error && error.code === "ENOENT";
      resolve({ out, err: missing ? `\`${program}\` was not found: install flowc, or set \`flow.path\`` : err });
    });
    token.onCancellationRequested(() => child.kill());
  });
}
