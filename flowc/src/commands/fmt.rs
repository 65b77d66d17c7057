//! `flowc fmt [PATH…|-] [--check]`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use similar::{ChangeTag, TextDiff};

use crate::exit::{Exit, Outcome, Stop};
use crate::load;
use crate::terminal::{BAD, BOLD, DIM, GOOD, Terminal, count, paint};

/// `flowc fmt [PATH…|-] [--check]`
///
/// There are no options: there is one style. A declaration that cannot be parsed is left as it is.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Files and directories; `-` formats stdin to stdout.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Change nothing; show what would change, and exit with 1 if anything would.
    #[arg(long)]
    pub check: bool,
}

/// Formats files in place.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    if args.paths.iter().any(|path| path == Path::new("-")) {
        return standard_input(args, terminal);
    }
    let files = files(&args.paths)?;
    let mut changed = 0;
    for path in &files {
        changed += usize::from(format_file(path, args.check, terminal)?);
    }
    let done = if args.check { "would change" } else { "changed" };
    terminal.note(format!("{}, {changed} {done}", count(files.len(), "file")));
    Ok(if args.check && changed > 0 { Exit::Diagnostics } else { Exit::Ok })
}

fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Stop> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(load::flow_files(path, load::Nested::Enter)?);
        } else {
            files.push(path.clone());
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn standard_input(args: &Args, terminal: &Terminal) -> Outcome {
    if args.paths.len() > 1 {
        return Err(Stop::usage("`-` stands alone: stdin is formatted to stdout"));
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let before = decode(&bytes, "stdin")?;
    let after = format(&before, "stdin", terminal);
    if !args.check {
        terminal.print(&after)?;
        return Ok(Exit::Ok);
    }
    if before == after {
        return Ok(Exit::Ok);
    }
    terminal.print(&diff("stdin", &before, &after))?;
    Ok(Exit::Diagnostics)
}

/// Whether the file is, or would be, changed.
fn format_file(path: &Path, only_check: bool, terminal: &Terminal) -> Result<bool, Stop> {
    let name = load::shown(&path.canonicalize().unwrap_or_else(|_| path.to_owned()));
    let before = decode(&load::read_bytes(path)?, &name)?;
    let after = format(&before, &name, terminal);
    if before == after {
        return Ok(false);
    }
    if only_check {
        terminal.print(&diff(&name, &before, &after))?;
        return Ok(true);
    }
    replace(path, &after).map_err(|error| Stop::usage(format!("cannot write `{name}`: {error}")))?;
    Ok(true)
}

/// A formatter must not touch bytes that it cannot print back.
fn decode(bytes: &[u8], name: &str) -> Result<String, Stop> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        Stop::usage(format!("`{name}` is not UTF-8: byte {} is no part of a character", error.valid_up_to()))
            .help("nothing was changed; `flowc check` shows the place")
    })
}

fn format(before: &str, name: &str, terminal: &Terminal) -> String {
    let parsed = flow_grammar::parse(before);
    if !parsed.errors.is_empty() {
        let mistakes = count(parsed.errors.len(), "mistake");
        terminal.note(format!(
            "{name}: {mistakes} in the text; what cannot be read is left as it is (see `flowc check`)"
        ));
    }
    flow_grammar::format(before)
}

/// Written beside the file and renamed over it, so that a full disk or a crash never leaves half a file.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let target = path.canonicalize()?;
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = target.with_file_name(name);
    let written = std::fs::write(&beside, text)
        .and_then(|()| std::fs::set_permissions(&beside, std::fs::metadata(&target)?.permissions()))
        .and_then(|()| std::fs::rename(&beside, &target));
    if written.is_err() {
        // The error that matters is the first one.
        drop(std::fs::remove_file(&beside));
    }
    written
}

/// A unified diff with three lines around each change.
fn diff(name: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut text = format!(
        "{}\n{}\n",
        paint(BOLD, format!("--- {name}")),
        paint(BOLD, format!("+++ {name}, formatted"))
    );
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        text.push_str(&paint(DIM, hunk.header()));
        text.push('\n');
        for change in hunk.iter_changes() {
            let line = change.value().trim_end_matches(['\n', '\r']);
            text.push_str(&match change.tag() {
                ChangeTag::Delete => paint(BAD, format!("-{line}")),
                ChangeTag::Insert => paint(GOOD, format!("+{line}")),
                ChangeTag::Equal => format!(" {line}"),
            });
            text.push('\n');
        }
    }
    text
}
