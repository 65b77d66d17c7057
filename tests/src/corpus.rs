//! The corpus of defects: small programs with one mistake each, and their correct twins.
//!
//! How they are written says `tests/corpus/README.md`.

use std::path::{Path, PathBuf};

use flow_diagnostics::Diagnostic;

use crate::checking::{Checked, check};

/// What every program may import besides the modules of `tests/world`.
const HOUSE: (&str, &str) = ("house.flow", include_str!("../corpus/house.flow"));

/// Files that are shared: what is found in them says nothing about a program.
const SHARED: [&str; 4] = [HOUSE.0, "models.flow", "desk.flow", "std/prelude.flow"];

/// A program with one mistake, and the same without it.
#[derive(Clone, Debug, Default)]
pub struct Defect {
    /// `tests/corpus/defects/values.md:7`.
    pub place: String,
    /// What the mistake is.
    pub title: String,
    /// How it happens elsewhere.
    pub seen: String,
    /// The code that must be reported.
    pub code: String,
    /// The file that it must be reported in.
    pub file: String,
    /// Its line there, from 1.
    pub line: u32,
    /// What stands at the place it must point at.
    pub item: String,
    /// Names and texts of the files with the mistake.
    pub wrong: Vec<(String, String)>,
    /// The same without it.
    pub right: Vec<(String, String)>,
}

/// What the compiler makes of a defect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// What was reported instead of the expected finding; empty if it is the only one.
    pub complaints: Vec<String>,
    /// What was reported about the twin.
    pub about_twin: Vec<String>,
}

impl Verdict {
    /// Whether the mistake was found, at its place, and nothing else was said.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.complaints.is_empty() && self.about_twin.is_empty()
    }
}

/// Every defect below a folder, by file and place.
///
/// # Errors
/// When a file cannot be read, or a block says no code or several.
pub fn defects(folder: &Path) -> Result<Vec<Defect>, String> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    paths.extend(entries.flatten().map(|entry| entry.path()));
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        read(&name, &text, &mut found)?;
    }
    Ok(found)
}

fn read(name: &str, text: &str, found: &mut Vec<Defect>) -> Result<(), String> {
    let mut next = Defect::default();
    let mut block: Option<Vec<&str>> = None;
    for (number, line) in (1..).zip(text.lines()) {
        match &mut block {
            Some(lines) if line == "```" => {
                let whole = std::mem::take(lines);
                found.push(defect(std::mem::take(&mut next), &whole)?);
                block = None;
            }
            Some(lines) => lines.push(line),
            None if line == "```diff" => block = Some(Vec::new()),
            None => {
                if let Some(title) = line.strip_prefix("## ") {
                    let place = format!("{name}:{number}");
                    next = Defect { place, title: title.to_owned(), ..Defect::default() };
                } else if !line.is_empty() {
                    next.seen = format!("{} {line}", next.seen).trim().to_owned();
                }
            }
        }
    }
    Ok(())
}

/// Takes a block apart.
fn defect(mut defect: Defect, lines: &[&str]) -> Result<Defect, String> {
    let (mut wrong, mut right) = (Files::default(), Files::default());
    for line in lines {
        let (mark, rest) = line.split_at_checked(1).unwrap_or((" ", ""));
        let (kept, expected) = marker(rest);
        if let Some((code, item)) = expected {
            if !defect.code.is_empty() {
                return Err(format!("{}: two lines say a code", defect.place));
            }
            (defect.code, defect.item) = (code, item);
            (defect.file, defect.line) = (wrong.name.clone(), wrong.line() + 1);
        }
        match mark {
            "-" => wrong.push(kept),
            "+" => right.push(kept),
            " " => {
                wrong.push(kept);
                right.push(kept);
            }
            _ => return Err(format!("{}: `{line}` begins with no blank, `-` or `+`", defect.place)),
        }
    }
    if defect.code.is_empty() {
        return Err(format!("{}: no line says a code", defect.place));
    }
    (defect.wrong, defect.right) = (wrong.done(), right.done());
    Ok(defect)
}

/// The line without ``// FL0301 `item` ``, and these two.
fn marker(line: &str) -> (&str, Option<(String, String)>) {
    let Some(at) = line.rfind("// FL").or_else(|| line.rfind("# FL")) else { return (line, None) };
    let (kept, words) = line.split_at(at);
    let (code, item) = words.trim_start_matches(['/', '#', ' ']).split_once(' ').unwrap_or((words, ""));
    let item = item.trim().strip_prefix('`').and_then(|item| item.strip_suffix('`')).unwrap_or("");
    (kept.trim_end(), Some((code.to_owned(), item.to_owned())))
}

/// Files that are being collected line by line.
struct Files {
    name: String,
    text: String,
    done: Vec<(String, String)>,
}

impl Default for Files {
    fn default() -> Self {
        Self { name: "main.flow".to_owned(), text: String::new(), done: Vec::new() }
    }
}

impl Files {
    fn push(&mut self, line: &str) {
        if let Some(next) = line.strip_prefix("//= ") {
            let name = std::mem::replace(&mut self.name, next.trim().to_owned());
            self.done.push((name, std::mem::take(&mut self.text)));
            return;
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn line(&self) -> u32 {
        u32::try_from(self.text.lines().count()).unwrap_or(u32::MAX)
    }

    fn done(mut self) -> Vec<(String, String)> {
        self.done.push((self.name, self.text));
        self.done
    }
}

impl Defect {
    /// Checks both programs.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let checked = with_house(&self.wrong);
        let found = own(&checked);
        let is_it = |diagnostic: &Diagnostic| {
            let span = diagnostic.primary.span;
            let file = checked.map.get(span.file);
            diagnostic.code.number == self.code
                && file.is_some_and(|file| file.path == self.file)
                && checked.map.line_column(span).line == self.line
                && file.and_then(|file| file.text.get(span.start as usize..span.end as usize))
                    == Some(&*self.item)
        };
        let is_right = matches!(found.as_slice(), [only] if is_it(only));
        let complaints = if is_right { Vec::new() } else { described(&checked, &found) };
        let is_silent = !is_right && found.is_empty();
        let twin = with_house(&self.right);
        Verdict {
            complaints: if is_silent { vec!["nothing was found".to_owned()] } else { complaints },
            about_twin: described(&twin, &own(&twin)),
        }
    }
}

fn with_house(files: &[(String, String)]) -> Checked {
    let mut all = files.to_vec();
    all.push((HOUSE.0.to_owned(), HOUSE.1.to_owned()));
    check(&all)
}

/// What is said about the program itself.
fn own(checked: &Checked) -> Vec<&Diagnostic> {
    let is_own = |found: &&Diagnostic| {
        let file = checked.map.get(found.primary.span.file);
        file.is_none_or(|file| !SHARED.contains(&file.path.as_str()))
    };
    checked.found.iter().filter(is_own).collect()
}

fn described(checked: &Checked, found: &[&Diagnostic]) -> Vec<String> {
    let one = |found: &&Diagnostic| {
        let span = found.primary.span;
        let at = checked.map.line_column(span);
        let file = checked.map.get(span.file);
        let path = file.map_or("", |file| file.path.as_str());
        let item = file.and_then(|file| file.text.get(span.start as usize..span.end as usize)).unwrap_or("");
        let item = item.replace('\n', "⏎");
        format!("{path}:{}:{} {} at `{item}`: {}", at.line, at.column, found.code.number, found.message)
    };
    found.iter().map(one).collect()
}
