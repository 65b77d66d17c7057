//! The language server as an editor feels it: the real binary, a package of 1,000 files, times at the client's end.
//!
//! Every time is from the moment before a message is written to the moment after its answer is read and parsed, so it
//! holds the client's part too. All of them are counted, none is left out; p99 is of one run. Start reading at [`main`].

#![allow(clippy::print_stdout, clippy::indexing_slicing, missing_docs)]

#[path = "editor/client.rs"]
mod client;
#[path = "editor/package.rs"]
mod package;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;

fn main() {
    let Some(flowc) = binary() else {
        return println!("skipped: no `flowc` beside this; cargo build --release -p flowc first");
    };
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let runs = |name: &str| wanted.as_ref().is_none_or(|wanted| name.contains(wanted.as_str()));
    let Ok(directory) = tempfile::tempdir() else { return println!("skipped: no temporary directory") };
    let files = package::files();
    let root = directory.path();
    if let Err(error) = write(root, &files) {
        return println!("skipped: {}: {error}", root.display());
    }
    let lines: usize = files.iter().map(|(_, text)| text.lines().count()).sum();
    println!("a package of {} files, {lines} lines", files.len());
    let package = Package { flowc: &flowc, root, files: &files };
    if runs("start") {
        start(&package);
    }
    if runs("edits") {
        edits(&package, 1_000);
        hub(&package);
    }
    if runs("questions") {
        questions(&package, 1_000);
    }
    if runs("burst") {
        burst(&package, 2_000);
    }
}

struct Package<'a> {
    flowc: &'a Path,
    root: &'a Path,
    files: &'a [(String, String)],
}

impl Package<'_> {
    /// A server that has looked at everything once.
    fn client(&self) -> Option<Client> {
        let mut client = Client::start(self.flowc, self.root)?;
        let (name, text) = self.files.first()?;
        client.open(name, text);
        client.diagnostics(name, Some(1))?;
        Some(client)
    }

    fn text(&self, name: &str) -> &str {
        self.files.iter().find(|(other, _)| other == name).map_or("", |(_, text)| text)
    }

    /// The files that import a file.
    fn importers(&self, name: &str) -> Vec<&(String, String)> {
        let module = format!("import {}.", name.trim_end_matches(".flow"));
        self.files.iter().filter(|(_, text)| text.contains(&module)).collect()
    }
}

/// The release build of the binary, where cargo puts it: one directory above the benchmarks.
fn binary() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?;
    Some(here.parent()?.parent()?.join("flowc")).filter(|path| path.exists())
}

fn write(root: &Path, files: &[(String, String)]) -> std::io::Result<()> {
    std::fs::write(root.join("flow.toml"), package::MANIFEST)?;
    for (name, text) in files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(root))?;
        std::fs::write(path, text)?;
    }
    Ok(())
}

/// Times, told as they are.
fn tell(name: &str, times: &mut [Duration], aim: f64) {
    times.sort_unstable();
    let at = |part: f64| {
        let row = (times.len() as f64 * part).ceil() as usize;
        times.get(row.max(1) - 1).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    println!(
        "{name}: median {:.2} ms, p99 {:.2} ms, worst {:.2} ms of {}; p99 is {:.2} of the aim of {aim} ms",
        at(0.5),
        at(0.99),
        at(1.0),
        times.len(),
        at(0.99) / aim,
    );
}

/// From starting the process to the first diagnostics of an open document.
fn start(package: &Package<'_>) {
    let mut times = Vec::new();
    let mut memory = None;
    for _ in 0..5 {
        let begun = Instant::now();
        let Some(client) = package.client() else { return println!("start: the server is gone") };
        times.push(begun.elapsed());
        memory = client.memory();
    }
    times.sort_unstable();
    let milliseconds = |at: usize| times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3);
    println!(
        "start to first diagnostics: {:.0} to {:.0} ms of 5; the aim is 300 ms",
        milliseconds(0),
        milliseconds(4)
    );
    if let Some((now, most)) = memory {
        println!("memory after the start: {now:.0} MB, at most {most:.0} MB; the aim is 200 MB");
    }
}

/// A change of a text, and the change that takes it back.
struct Edit {
    range: Value,
    undo: Value,
    new: String,
    old: String,
}

/// What people do to a line: half a word, a comment, another number, a line of its own.
fn edit(random: &mut fastrand::Rng, text: &str) -> Edit {
    let rows: Vec<&str> = text.lines().collect();
    let row = random.usize(..rows.len().max(1));
    let line = rows.get(row).copied().unwrap_or("");
    let place = |start: usize, end: usize| json!({ "start": { "line": row, "character": start }, "end": { "line": row, "character": end } });
    let digit = line.bytes().position(|byte| byte.is_ascii_digit());
    let insert = |at: usize, new: &str| Edit {
        range: place(at, at),
        undo: match new.ends_with('\n') {
            true => {
                json!({ "start": { "line": row, "character": at }, "end": { "line": row + 1, "character": 0 } })
            }
            false => place(at, at + new.len()),
        },
        new: new.to_owned(),
        old: String::new(),
    };
    match (random.u8(..4), digit) {
        (0, Some(at)) => {
            let old = line.get(at..at + 1).unwrap_or("").to_owned();
            let new = if old == "7" { "8" } else { "7" };
            Edit { range: place(at, at + 1), undo: place(at, at + 1), new: new.to_owned(), old }
        }
        (0 | 1, _) => insert(0, "// a thought\n"),
        (2, _) => insert(line.len(), " wo"),
        _ => insert(random.usize(..=line.len()), "x"),
    }
}

/// Random files are typed into; what is said about them and about their importers comes back.
fn edits(package: &Package<'_>, rounds: usize) {
    let Some(mut client) = package.client() else { return println!("edits: the server is gone") };
    let mut random = fastrand::Rng::with_seed(7);
    let (mut own, mut others, mut wrong) = (Vec::new(), Vec::new(), 0);
    while own.len() < rounds {
        let (name, text) = &package.files[random.usize(..package.files.len())];
        client.open(name, text);
        let importers = package.importers(name);
        let watched: Vec<&String> = importers.iter().take(3).map(|(name, _)| name).collect();
        for importer in importers.iter().take(3) {
            client.open(&importer.0, &importer.1);
        }
        client.told(Instant::now(), (name, 1), &watched);
        // What is still on its way about the opening must not be taken for an answer to an edit.
        for _ in 0..2 {
            let place = json!({ "line": 0, "character": 0 });
            client.ask(
                "textDocument/hover",
                json!({ "textDocument": { "uri": client.uri(name) }, "position": place }),
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        for step in 0..2 {
            let done = edit(&mut random, text);
            for (version, range, new) in [(2, &done.range, &done.new), (3, &done.undo, &done.old)] {
                let version = version + step * 2;
                let message = client.change(name, version, range, new);
                let begun = Instant::now();
                client.raw(&message);
                let Some(told) = client.told(begun, (name, version), &watched) else {
                    return println!("edits: the server is gone");
                };
                wrong += usize::from(told.count > 0);
                own.push(told.own);
                if !watched.is_empty() {
                    others.push(told.all);
                }
            }
        }
        for name in watched.into_iter().chain([name]) {
            client.tell("textDocument/didClose", json!({ "textDocument": { "uri": client.uri(name) } }));
        }
    }
    println!("{wrong} of {} edits left a mistake or a warning in their file", own.len());
    tell("an edit to fresh diagnostics of the file", &mut own, 5.0);
    tell("an edit to fresh diagnostics of its importers", &mut others, 20.0);
    if let Some((now, most)) = client.memory() {
        println!("memory after {rounds} edits: {now:.0} MB, at most {most:.0} MB; the aim is 200 MB");
    }
}

/// The file that hundreds import is typed into.
fn hub(package: &Package<'_>) {
    let Some(mut client) = package.client() else { return println!("hub: the server is gone") };
    let name = "common.flow";
    let rows = package.text(name).lines().count();
    let at = json!({ "start": { "line": rows, "character": 0 }, "end": { "line": rows, "character": 0 } });
    let mut times = Vec::new();
    for version in 2..22 {
        let line = format!("\n/// More.\npub fn more_{version}(x: int): int = x + {version}\n");
        let message = client.change(name, version, &at, &line);
        let begun = Instant::now();
        client.raw(&message);
        client.diagnostics(name, Some(version));
        times.push(begun.elapsed());
    }
    println!("{} files import {name}, into which is typed:", package.importers(name).len());
    tell("  to fresh diagnostics of all of them", &mut times, 20.0);
}

/// Hover and completion in random places, each right behind an edit that nobody has looked at.
fn questions(package: &Package<'_>, rounds: usize) {
    let Some(mut client) = package.client() else { return println!("questions: the server is gone") };
    let mut random = fastrand::Rng::with_seed(11);
    for (method, title) in [("textDocument/hover", "hover"), ("textDocument/completion", "completion")] {
        let (mut calm, mut typing) = (Vec::new(), Vec::new());
        while typing.len() < rounds {
            let (name, text) = &package.files[random.usize(..package.files.len())];
            client.open(name, text);
            client.diagnostics(name, Some(1));
            for version in 2..6 {
                let (place, edit) = (somewhere(&mut random, text), edit(&mut random, text));
                let question = json!({ "textDocument": { "uri": client.uri(name) }, "position": place });
                let begun = Instant::now();
                client.ask(method, question.clone());
                calm.push(begun.elapsed());
                let (there, back) = (version * 2, version * 2 + 1);
                let message = client.change(name, there, &edit.range, &edit.new);
                let begun = Instant::now();
                client.raw(&message);
                client.ask(method, question);
                typing.push(begun.elapsed());
                let message = client.change(name, back, &edit.undo, &edit.old);
                client.raw(&message);
                client.diagnostics(name, Some(back));
            }
            client.tell("textDocument/didClose", json!({ "textDocument": { "uri": client.uri(name) } }));
        }
        tell(&format!("{title}, when nothing was typed"), &mut calm, 5.0);
        tell(&format!("{title}, right behind an edit"), &mut typing, 5.0);
    }
}

fn somewhere(random: &mut fastrand::Rng, text: &str) -> Value {
    let rows: Vec<&str> = text.lines().collect();
    let row = random.usize(..rows.len().max(1));
    let column = random.usize(..=rows.get(row).map_or(0, |line| line.len()));
    json!({ "line": row, "character": column })
}

/// Edits that are written at once, and a question whose answer shows that they were applied in order.
fn burst(package: &Package<'_>, count: i32) {
    let Some(mut client) = package.client() else { return println!("burst: the server is gone") };
    let name = "area_7/flow_3.flow";
    let text = package.text(name);
    let row = text.lines().position(|line| line.starts_with("/// ")).unwrap_or(0);
    let column = text.lines().nth(row).map_or(0, str::len);
    client.open(name, text);
    client.diagnostics(name, Some(1));
    let mut written = String::new();
    let mut bytes = Vec::new();
    for number in 0..count {
        let letter = char::from(b'a' + u8::try_from(number * 7 % 26).unwrap_or(0));
        let at = column + written.len();
        written.push(letter);
        let range =
            json!({ "start": { "line": row, "character": at }, "end": { "line": row, "character": at } });
        bytes.extend(client.change(name, number + 2, &range, &letter.to_string()));
    }
    let begun = Instant::now();
    client.raw(&bytes);
    let place = json!({ "line": row + 1, "character": 10 });
    let answer = client
        .ask("textDocument/hover", json!({ "textDocument": { "uri": client.uri(name) }, "position": place }));
    let took = begun.elapsed();
    let is_right = answer.is_some_and(|answer| answer.to_string().contains(&written));
    assert!(is_right, "the edits were not applied in order");
    client.diagnostics(name, Some(count + 1));
    println!(
        "{count} edits at once: hover after them, with all in order, in {:.0} ms; diagnostics in {:.0} ms",
        took.as_secs_f64() * 1e3,
        begun.elapsed().as_secs_f64() * 1e3,
    );
}
