//! Real editors with the set-up that the book gives, against the real server.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failed expectation is a failed test"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Whether `program` is there. In CI everything must be.
fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "there is no `{program}`");
    if !found {
        eprintln!("skipped: there is no `{program}`");
    }
    found
}

/// The example, with a test of its flow in a file of its own.
fn package() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(repository("examples/estate")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, place.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let main = std::fs::read_to_string(place.path().join("main.flow")).unwrap();
    let shown = main.replace("\ntype ", "\npub type ").replace("\nenum ", "\npub enum ");
    let shown = shown.replace("\nprompt triage", "\npub prompt triage");
    std::fs::write(place.path().join("main.flow"), shown).unwrap();
    let test = "import main.{Triage, handle, triage}\n\ntest \"spam comes to the sorter\" {\n  \
                given triage = sure(Triage(intent: Spam, urgency: 1, summary: \"Lottery\"), 0.98)\n  \
                when handle(sample(\"mail-1\"))\n  need visited(sort)\n}\n";
    std::fs::write(place.path().join("more.flow"), test).unwrap();
    place
}

/// The code blocks of a page, of one language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository(page)).unwrap();
    let parts = text.split("```").skip(1).step_by(2);
    let wanted = parts.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n'));
    wanted.map(str::to_owned).collect()
}

/// `program` in `place`, with `flowc` on its path and nothing of the user's.
fn editor(program: &str, place: &Path) -> Command {
    let mut command = Command::new(program);
    let ours = Path::new(env!("CARGO_BIN_EXE_flowc")).parent().unwrap().to_owned();
    let known = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(ours).chain(std::env::split_paths(&known))).unwrap();
    command.current_dir(place).env("PATH", path).env("HOME", place.join("home"));
    for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
        command.env(name, place.join("home").join(name));
    }
    command
}

fn run(mut command: Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    format!("{out}{err}")
}

/// The grammar as editors load it, if there is a C compiler.
fn parser(place: &Path) -> Option<PathBuf> {
    if !is_there("cc") {
        return None;
    }
    let source = repository("editors/tree-sitter-flow/src");
    let made = place.join("flow.so");
    let mut command = Command::new("cc");
    command.args(["-shared", "-fPIC", "-O1", "-I"]).arg(&source).arg("-o").arg(&made);
    run({
        command.arg(source.join("parser.c")).arg(source.join("scanner.c"));
        command
    });
    Some(made)
}

#[test]
fn neovim() {
    if !is_there("nvim") {
        return;
    }
    let place = package();
    let setup = blocks("docs/src/editors/neovim.md", "lua").join("\n");
    std::fs::write(place.path().join("init.lua"), setup).unwrap();
    let mut nvim = editor("nvim", place.path());
    nvim.args(["--headless", "-n", "-i", "NONE", "-u", "init.lua", "-c"]);
    nvim.arg(format!("luafile {}", repository("editors/neovim/test.lua").display()));
    if let Some(parser) = parser(place.path()) {
        nvim.env("FLOW_PARSER", parser);
        nvim.env("FLOW_QUERIES", repository("editors/tree-sitter-flow/queries").canonicalize().unwrap());
    }
    let said = run(nvim);
    assert_eq!(said.matches("ok ").count(), 7, "{said}");
}
