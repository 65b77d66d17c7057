//! Whatever is typed into the examples, the editor's side answers: no panic, and what is remembered from edit to edit
//! is what a look at everything finds.
//!
//! Random edits from a fixed seed: a few in every run; `FLOWC_EDIT_MINUTES=30` goes on for that long with seeds of its
//! own, and says what it did.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test stops at the first surprise"
)]

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;
use flow_compiler::PackageInput;
use flow_diagnostics::{Diagnostic, SourceMap};
use flow_grammar::Span;
use flow_ide::Package;
use flow_tests::checking::package;

const EXAMPLES: [&str; 6] = ["chatbot", "estate", "onboarding", "rag", "support", "underwriting"];

/// How many edits of each example there are when nobody says for how long.
const EDITS: usize = 25;

/// What hands and clipboards leave behind.
const PASTED: [&str; 40] = [
    "-> ",
    "{",
    "}",
    "(",
    ")",
    "\"",
    "\"\"\"",
    "{{",
    "}}",
    "{{end}}",
    "when ",
    " on Error",
    " max 2",
    "node x = ",
    "\nnode y\n    -> return x\n",
    "\nflow ",
    "\npub flow more(): text {\n  -> return \"x\"\n}\n",
    "\nimport main.{handle}\n",
    "\nimport models\n",
    "\nfn f(): int = f()\n",
    "\nenum Other { Spam  Ham }\n",
    "pii ",
    "secret ",
    "trusted ",
    "pub ",
    "effect: Sensitive",
    "effect: Write",
    "approves: [Approve]",
    "within 8h",
    "using fast",
    ", ",
    ".",
    ": ",
    "none",
    "// flow:allow unused-parameter \"why not\"\n",
    "/// ",
    "\r\n",
    "\t",
    "ä𝄞",
    "\0",
];

/// A package with what an editor knows of it.
struct Desk {
    originals: Vec<(String, String)>,
    texts: Vec<(String, String)>,
    package: Package,
}

fn module(name: &str) -> Vec<String> {
    vec![name.trim_end_matches(".flow").to_owned()]
}

impl Desk {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples");
        let originals = package(&root.join(name));
        let mut desk = Self { originals: originals.clone(), texts: Vec::new(), package: Package::default() };
        for (name, text) in originals {
            desk.texts.push((name, String::new()));
            desk.write(desk.texts.len() - 1, text);
        }
        desk
    }

    fn write(&mut self, row: usize, text: String) {
        let name = self.texts[row].0.clone();
        match name.as_str() {
            "flow.toml" => self.package.set_manifest(Some((name, text.clone()))),
            _ => self.package.set_file(&name, &module(&name), &text),
        }
        self.texts[row].1 = text;
    }

    /// Changes one file, and gives its row.
    fn edit(&mut self, rng: &mut Rng) -> usize {
        let row = rng.usize(..self.texts.len());
        let text = self.texts[row].1.clone();
        let (a, b) = (place(rng, &text), place(rng, &text));
        let (start, end) = (a.min(b), a.max(b));
        let near = (start..=text.len()).skip(1 + rng.usize(..12)).find(|at| text.is_char_boundary(*at));
        let pasted = PASTED[rng.usize(..PASTED.len())];
        let new = match rng.u8(..12) {
            0 | 1 => self.originals[row].1.clone(),
            2 => format!("{}{}", &text[..start], &text[end..]),
            3 | 4 => format!("{}{}", &text[..start], &text[near.unwrap_or(start)..]),
            5 => {
                let other = &self.originals[rng.usize(..self.originals.len())].1;
                let (a, b) = (place(rng, other), place(rng, other));
                format!("{}{}{}", &text[..start], &other[a.min(b)..a.max(b)], &text[start..])
            }
            6 => swapped(rng, &text),
            7 => text.replace('\n', "\r\n").replace("\r\r", "\r"),
            8 => format!("{pasted}\n{text}"),
            _ => format!("{}{pasted}{}", &text[..start], &text[start..]),
        };
        // Halves that are pasted again and again must not grow without end.
        let new = if new.len() > 60_000 { self.originals[row].1.clone() } else { new };
        self.write(row, new);
        row
    }

    fn input(&self) -> PackageInput {
        let manifest = self.texts.iter().find(|(name, _)| name == "flow.toml").cloned();
        let files = self.texts.iter().filter(|(name, _)| name != "flow.toml");
        PackageInput {
            manifest,
            files: files.map(|(name, text)| (name.clone(), module(name), text.clone())).collect(),
        }
    }

    /// What is remembered must be what a look at everything finds.
    fn compare(&mut self) {
        let warm = self.package.diagnose();
        let cold = flow_compiler::check(&self.input());
        let (warm, cold) = (shown(&warm.sources, &warm.diagnostics), shown(&cold.sources, &cold.diagnostics));
        let extra: Vec<_> = warm.iter().filter(|line| !cold.contains(line)).collect();
        let lost: Vec<_> = cold.iter().filter(|line| !warm.contains(line)).collect();
        assert!(warm == cold, "only remembered: {extra:#?}\nonly looked up: {lost:#?}");
    }

    /// Asks everything that an editor can ask about a place.
    fn ask(&mut self, row: usize, rng: &mut Rng) {
        let findings = flow_ide::diagnose(&mut self.package);
        let (name, text) = &self.texts[row];
        let Some(view) = self.package.view(name) else { return };
        let none = Vec::new();
        let findings = findings.get(name).unwrap_or(&none);
        let at = u32::try_from(place(rng, text)).unwrap();
        let other = u32::try_from(place(rng, text)).unwrap();
        let range = Span::new(at.min(other), at.max(other));
        let package = &self.package;
        black_box((
            flow_ide::hover(package, &view, at),
            flow_ide::complete(package, &view, at),
            flow_ide::signature(package, &view, at),
            flow_ide::definition(&view, at),
            flow_ide::type_definition(package, &view, at),
            flow_ide::references(package, &view, at, true),
            flow_ide::highlights(&view, at),
            flow_ide::outline(&view),
            flow_ide::folds(&view),
            flow_ide::selections(&view, at),
            flow_ide::hints(&view, range),
        ));
        black_box((
            flow_ide::lenses(&view),
            flow_ide::tokens(package, &view),
            flow_ide::links(package, &view),
            flow_ide::search(package, "se"),
            flow_ide::format_item(&view, at),
            flow_ide::rename(package, &view, at, "another").is_ok(),
        ));
        if let Some(found) = flow_ide::callables_at(package, &view, at) {
            black_box((flow_ide::incoming(package, &found.place), flow_ide::outgoing(package, &found.place)));
        }
        for action in flow_ide::actions(package, &view, findings, range) {
            for change in action.changes {
                let text = &self.texts.iter().find(|(name, _)| *name == change.path).unwrap().1;
                assert!(text.get(change.span.range()).is_some(), "{} edits no text", action.title);
            }
        }
        for change in flow_ide::format(&view, None) {
            assert!(text.get(change.span.range()).is_some(), "formatting edits no text");
        }
    }
}

fn place(rng: &mut Rng, text: &str) -> usize {
    let at = rng.usize(..=text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Two lines change places: a program that is often right, and means something else.
fn swapped(rng: &mut Rng, text: &str) -> String {
    let mut lines: Vec<&str> = text.split('\n').collect();
    let (a, b) = (rng.usize(..lines.len()), rng.usize(..lines.len()));
    lines.swap(a, b);
    lines.join("\n")
}

fn shown(sources: &SourceMap, list: &[Diagnostic]) -> Vec<String> {
    let line = |found: &Diagnostic| {
        let path = sources.get(found.primary.span.file).map_or("", |file| &file.path);
        format!("{path}: {} {found:?}", found.code.number)
    };
    list.iter().map(line).collect()
}

/// Edits an example, and says after how many edits it is done.
fn rough(name: &str, seed: u64, goes_on: &dyn Fn(usize) -> bool) -> usize {
    let mut rng = Rng::with_seed(seed);
    let mut desk = Desk::new(name);
    let mut edits = 0;
    while goes_on(edits) {
        let before = desk.texts.clone();
        let row = desk.edit(&mut rng);
        edits += 1;
        let survives = catch_unwind(AssertUnwindSafe(|| {
            desk.compare();
            desk.ask(row, &mut rng);
        }));
        if survives.is_err() {
            let (name_of, after) = &desk.texts[row];
            panic!("{name}, seed {seed}, edit {edits}: {name_of} was\n{}\nand is\n{after}", before[row].1);
        }
    }
    edits
}

#[test]
fn random_edits_are_answered_as_if_nothing_were_remembered() {
    let minutes = std::env::var("FLOWC_EDIT_MINUTES").ok().and_then(|text| text.parse::<u64>().ok());
    let Some(minutes) = minutes else {
        for (seed, name) in (0..).zip(EXAMPLES) {
            rough(name, seed, &|edits| edits < EDITS);
        }
        return;
    };
    let end = Instant::now() + Duration::from_secs(minutes * 60);
    let (mut edits, mut seed) = (0, 1_000);
    while Instant::now() < end {
        let name = EXAMPLES[seed as usize % EXAMPLES.len()];
        edits += rough(name, seed, &|edits| edits < 200 && Instant::now() < end);
        seed += 1;
    }
    eprintln!("{edits} edits in {minutes} minutes, {} packages: nothing found", seed - 1_000);
}
