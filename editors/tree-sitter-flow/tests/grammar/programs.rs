//! Every program of the repository that is known to have no mistake in its shape.

use std::path::{Path, PathBuf};

use crate::generation;

/// A text, and where it stands.
pub struct Program {
    pub place: String,
    pub text: String,
}

fn repository() -> PathBuf {
    generation::root().join("../..").canonicalize().expect("the repository")
}

fn files(below: &Path, extension: &str) -> Vec<PathBuf> {
    let all = ignore::WalkBuilder::new(below).sort_by_file_path(Path::cmp).build();
    let paths = all.filter_map(Result::ok).map(ignore::DirEntry::into_path);
    paths.filter(|path| path.is_file() && path.extension().is_some_and(|end| end == extension)).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap_or(path).display().to_string()
}

/// The `.flow` files.
pub fn sources() -> Vec<Program> {
    let paths = files(&repository(), "flow");
    paths.iter().map(|path| Program { place: shown(path), text: read(path) }).collect()
}

/// The defects of the corpus and their twins: a mistake of meaning is none of shape. Those that are about
/// writing have defects of shape.
pub fn corpus() -> Vec<Program> {
    let mut found = Vec::new();
    for path in files(&repository().join("tests/corpus/defects"), "md") {
        let text = read(&path);
        for (number, block) in fenced(&text, |info| info == "diff") {
            let place = format!("{}:{number}", shown(&path));
            if !path.ends_with("writing.md") {
                found.extend(split(&place, &side(&block, '-')));
            }
            found.extend(split(&place, &side(&block, '+')));
        }
    }
    found
}

/// The programs of the book, all but those that show a mistake.
pub fn book() -> Vec<Program> {
    let mut found = Vec::new();
    for path in files(&repository().join("docs/src"), "md") {
        for (number, block) in fenced(&read(&path), |info| info == "flow") {
            found.push(Program { place: format!("{}:{number}", shown(&path)), text: block });
        }
    }
    found
}

/// The blocks whose info string is wanted, with the number of their first line.
fn fenced(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        if let Some(info) = line.strip_prefix("```") {
            found.extend(open.take());
            inside = !inside;
            open = (inside && wanted(info.trim())).then(|| (at + 2, String::new()));
        } else if let Some((_, block)) = &mut open {
            block.push_str(line);
            block.push('\n');
        }
    }
    found
}

/// One side of a difference: the lines that begin with `kept`, and those of both sides.
fn side(block: &str, kept: char) -> String {
    let other = if kept == '-' { '+' } else { '-' };
    let lines = block.lines().filter(|line| !line.starts_with(other));
    lines.map(|line| format!("{}\n", line.get(1..).unwrap_or_default())).collect()
}

/// The files of one block: `//= name` begins another.
fn split(place: &str, text: &str) -> Vec<Program> {
    let mut files = vec![String::new()];
    for line in text.lines() {
        if line.starts_with("//= ") {
            files.push(String::new());
        }
        files.iter_mut().last().expect("one at least").push_str(&format!("{line}\n"));
    }
    let is_program = |text: &String| {
        text.lines().next().is_none_or(|name| !name.starts_with("//= ") || name.ends_with(".flow"))
    };
    files.into_iter().filter(is_program).map(|text| Program { place: place.to_owned(), text }).collect()
}
