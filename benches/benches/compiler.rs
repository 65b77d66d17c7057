//! The compiler: megabytes per second of each phase beside a limit, and cold checks of whole packages.
//!
//! Times are the best of several runs; building the input and dropping the result are not measured. A cold
//! check is `flow_compiler::check` from texts to diagnostics and a bundle, parsing included. Start reading at
//! [`main`].

#![allow(clippy::print_stdout, missing_docs)]

#[path = "compiler/packages.rs"]
mod packages;

use std::ffi::OsStr;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use flow_compiler::bounds::Bounds;
use flow_compiler::{PackageInput, Workspace};

use crate::packages::{chain, package, single, text};

/// The best time of `rounds` calls, without dropping what they return.
fn best<T>(rounds: u32, mut run: impl FnMut() -> T) -> Duration {
    let time = |_| {
        let start = Instant::now();
        let out = black_box(run());
        let took = start.elapsed();
        drop(out);
        took
    };
    (0..rounds).map(time).min().unwrap_or_default()
}

fn main() {
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let runs = |name: &str| wanted.as_ref().is_none_or(|wanted| name.contains(wanted.as_str()));
    if runs("phases") {
        phases();
    }
    if runs("packages") {
        for (lines, rounds) in [(1_000, 20), (10_000, 5), (100_000, 3)] {
            cold(&format!("{lines} lines"), &package(lines), rounds);
        }
    }
    if runs("bounds") {
        bounds(&package(100_000));
    }
    if runs("edit") {
        edit(&package(1_000));
    }
    if runs("extremes") {
        extremes();
    }
    if runs("process") {
        match binary() {
            Some(flowc) => [1_000, 100_000].iter().for_each(|lines| process(&flowc, *lines)),
            None => println!("whole process: skipped: no `flowc` beside this; cargo build --release first"),
        }
    }
}

/// The whole-program facts by themselves, beside the check that they are part of.
fn bounds(input: &PackageInput) {
    let check = best(3, || flow_compiler::check(input));
    let Some(output) = flow_compiler::check(input).output else {
        println!("bounds: skipped: the package has errors");
        return;
    };
    let took = best(3, || Bounds::of(&output.bundle));
    println!(
        "bounds of {} flows: {:.1} ms, {:.1} % of a cold check of {:.1} ms",
        output.bundle.flows.len(),
        took.as_secs_f64() * 1e3,
        100.0 * took.as_secs_f64() / check.as_secs_f64(),
        check.as_secs_f64() * 1e3,
    );
}

/// One file of a package is typed into, and everything is checked again.
fn edit(input: &PackageInput) {
    let mut workspace = Workspace::default();
    workspace.set_manifest(input.manifest.clone());
    for (path, module, text) in &input.files {
        workspace.set_file(path, module, text);
    }
    let Some((path, module, text)) = input.files.last() else { return };
    let mut number = 0;
    let took = best(20, || {
        number += 1;
        workspace.set_file(path, module, &format!("{text}\nfn typed_{number}(x: int): int = x + {number}\n"));
        workspace.check()
    });
    println!("one file of {} edited: {:.2} ms to diagnostics", input.files.len(), took.as_secs_f64() * 1e3);
}

fn phases() {
    let source = text(1 << 20);
    let rate = |took: Duration| source.len() as f64 / took.as_secs_f64() / 1e6;
    let limit = best(20, || source.bytes().filter(|byte| *byte == b'\n').count());
    let lex = best(20, || flow_grammar::lexer::lex(&source));
    let parse = best(20, || flow_grammar::parse(&source));
    let format = best(5, || flow_grammar::format(&source));
    println!("phases over {} bytes", source.len());
    for (name, took) in [("count line breaks", limit), ("lex", lex), ("parse", parse), ("format", format)] {
        let ratio = took.as_secs_f64() / lex.as_secs_f64();
        println!("  {name:<20} {:>9.1} MB/s {ratio:>8.2} x the time of lexing", rate(took));
    }
}

fn cold(name: &str, input: &PackageInput, rounds: u32) {
    let bytes: usize = input.files.iter().map(|(_, _, text)| text.len()).sum();
    let lines: usize = input.files.iter().map(|(_, _, text)| text.lines().count()).sum();
    let parse =
        best(rounds, || input.files.iter().map(|(_, _, text)| flow_grammar::parse(text)).collect::<Vec<_>>());
    let check = best(rounds, || flow_compiler::check(input));
    let checked = flow_compiler::check(input);
    println!(
        "cold check, {name}: {lines} lines, {bytes} bytes, {} files: {:.1} ms; parsing {:.1} ms; ratio {:.1}; {} errors",
        input.files.len(),
        check.as_secs_f64() * 1e3,
        parse.as_secs_f64() * 1e3,
        check.as_secs_f64() / parse.as_secs_f64(),
        checked.diagnostics.iter().filter(|found| found.is_error()).count(),
    );
    if let Some(found) = checked.diagnostics.iter().find(|found| found.is_error()) {
        println!("  first: {} {}", found.code.number, found.message);
    }
}

/// The release build of the binary, where cargo puts it: one directory above the benchmarks.
fn binary() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?;
    Some(here.parent()?.parent()?.join("flowc")).filter(|path| path.exists())
}

/// `flowc check DIR`, from starting the process to its end, beside the smallest thing it can do.
fn process(flowc: &Path, lines: usize) {
    let root = std::env::temp_dir().join(format!("flowc-bench-{}-{lines}", std::process::id()));
    if let Err(error) = write(&root, &package(lines)) {
        return println!("whole process: skipped: {}: {error}", root.display());
    }
    let time = |args: &[&OsStr]| {
        best(10, || Command::new(flowc).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status())
    };
    let clean = Command::new(flowc).arg("check").arg(&root).stdout(Stdio::null()).status();
    assert!(clean.is_ok_and(|status| status.success()), "the package is not clean: {}", root.display());
    let check = time(&["check".as_ref(), root.as_os_str()]);
    let start = time(&["--version".as_ref()]);
    let milliseconds = |took: Duration| took.as_secs_f64() * 1e3;
    println!(
        "whole process, {lines} lines: {:.1} ms; `flowc --version` {:.1} ms",
        milliseconds(check),
        milliseconds(start)
    );
    let _ = std::fs::remove_dir_all(&root);
}

fn write(root: &Path, input: &PackageInput) -> std::io::Result<()> {
    std::fs::create_dir_all(root)?;
    for (name, _, text) in &input.files {
        std::fs::write(root.join(name), text)?;
    }
    let (name, text) = input.manifest.as_ref().ok_or(std::io::ErrorKind::NotFound)?;
    std::fs::write(root.join(name), text)
}

fn extremes() {
    cold("a flow of 10,000 nodes", &single(chain(10_000, false)), 1);
    cold("a flow of 100,000 nodes", &single(chain(100_000, false)), 1);
    cold("100,000 nodes with one name for all parameters", &single(chain(100_000, true)), 1);
    cold("a file of 10 MB", &single(text(10_000_000)), 1);
    cold("10,000 nested brackets", &single(format!("fn f(): int = {}1\n", "(".repeat(10_000))), 1);
    cold("100,000 bytes that are no UTF-8", &single(flow_grammar::decode(&[0xFF; 100_000])), 1);
    cold("100,000 NUL bytes", &single("\0".repeat(100_000)), 1);
}
