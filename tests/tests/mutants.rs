//! Mistakes put into the example programs: each must be reported, and first where it was made.
//!
//! The mistakes are made in the text, a line at a time, by rules that know a little of the tree: what is a person,
//! which parameters differ in type. The table of results is printed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeMap;
use std::path::Path;

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::{File, Item, ItemKind, Param, SetupKind, TypeBody};
use flow_tests::checking::{check, package};

/// A program with one mistake.
struct Mutant {
    kind: &'static str,
    program: String,
    /// What was done, for the table.
    what: String,
    text: String,
    /// Lines of the item it was done in, from 1, after the change.
    item: (usize, usize),
    /// A word that the first error may name instead: a declaration was changed and its users are wrong now.
    about: Option<String>,
}

struct Program {
    name: String,
    files: Vec<(String, String)>,
    text: String,
    file: File,
}

impl Program {
    fn lines(&self) -> Vec<&str> {
        self.text.lines().collect()
    }

    fn line_of(&self, offset: u32) -> usize {
        self.text[..offset as usize].matches('\n').count() + 1
    }

    /// First and last line of the item that a line belongs to.
    fn item_of(&self, line: usize) -> Option<(&Item, usize, usize)> {
        let extents =
            self.file.items.iter().map(|item| {
                (item, self.line_of(item.span.start), self.line_of(item.span.end.saturating_sub(1)))
            });
        extents.into_iter().find(|(_, first, last)| (*first..=*last).contains(&line))
    }

    /// The program with a line replaced, or removed.
    fn with_line(&self, line: usize, new: Option<&str>) -> String {
        let mut lines = self.lines();
        match new {
            Some(new) => lines[line - 1] = new,
            None => drop(lines.remove(line - 1)),
        }
        lines.join("\n") + "\n"
    }

    fn mutant(&self, kind: &'static str, line: usize, new: Option<&str>) -> Option<Mutant> {
        let (_, first, last) = self.item_of(line)?;
        let old = self.lines()[line - 1].trim().to_owned();
        let what = new.map_or_else(|| format!("- {old}"), |new| format!("{old}  =>  {}", new.trim()));
        let last = if new.is_some() { last } else { last - 1 };
        let text = self.with_line(line, new);
        Some(Mutant {
            kind,
            program: self.name.clone(),
            what: format!("{line}: {what}"),
            text,
            item: (first, last),
            about: None,
        })
    }

    fn params(&self, callee: &str) -> Option<&[Param]> {
        self.file.items.iter().find_map(|item| match &item.kind {
            ItemKind::Setup(setup) if setup.name.text == callee => setup.params.as_deref(),
            ItemKind::Fn(decl) if decl.name.text == callee => Some(&decl.params),
            ItemKind::Check(decl) if decl.name.text == callee => Some(&decl.params),
            _ => None,
        })
    }

    fn is_person(&self, callee: &str) -> bool {
        let is_it = |item: &Item| matches!(&item.kind, ItemKind::Setup(setup) if setup.kind == SetupKind::Human && setup.name.text == callee);
        self.file.items.iter().any(is_it)
    }
}

fn programs() -> Vec<Program> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples");
    let mut names: Vec<_> = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.join("flow.toml").exists());
    names.sort();
    names
        .iter()
        .map(|path| {
            let files = package(path);
            let text = files.iter().find(|(name, _)| name == "main.flow").unwrap().1.clone();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let file = flow_grammar::parse(&text).file;
            Program { name, files, text, file }
        })
        .collect()
}

/// `lookup` becomes `loookup`.
fn misspelled(word: &str) -> String {
    let middle = word.len() / 2;
    format!("{}{}{}", &word[..middle], &word[middle..=middle], &word[middle..])
}

/// The word that starts at the beginning of a text.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

fn all_mutants(program: &Program) -> Vec<Mutant> {
    let mut out = Vec::new();
    for (index, line) in program.lines().iter().enumerate() {
        let Some((item, ..)) = program.item_of(index + 1) else { continue };
        match &item.kind {
            ItemKind::Flow(_) => flow_line(program, index + 1, line, &mut out),
            ItemKind::Setup(_) => setup_line(program, index + 1, line, &mut out),
            _ => {}
        }
        words(program, index + 1, line, &mut out);
    }
    declarations(program, &mut out);
    shapes(program, &mut out);
    out
}

fn flow_line(program: &Program, at: usize, line: &str, out: &mut Vec<Mutant>) {
    let indent = &line[..line.len() - line.trim_start().len()];
    let trimmed = line.trim();
    if let Some(rest) = trimmed.strip_prefix("-> ") {
        if let Some((before, _)) = trimmed.split_once(" max ") {
            out.extend(program.mutant("drop max", at, Some(&format!("{indent}{before}"))));
        }
        if ["Expired", "Invalid"].iter().any(|class| trimmed.ends_with(&format!("on {class}"))) {
            out.extend(program.mutant("remove an outcome's edge", at, None));
        }
        let target = word(rest);
        if !["return", "fail"].contains(&target) {
            let new = format!("{indent}-> {}{}", misspelled(target), &rest[target.len()..]);
            out.extend(program.mutant("misspell a target", at, Some(&new)));
        }
        if let Some((before, variant)) = trimmed.split_once(" is ").filter(|_| trimmed.contains(" when ")) {
            let variant = variant.trim_start_matches("not ");
            if variant.starts_with(char::is_uppercase) {
                let old = word(variant);
                let new = format!("{indent}{before} is {}{}", misspelled(old), &variant[old.len()..]);
                out.extend(program.mutant("misspell a variant", at, Some(&new)));
            }
        }
        if let Some(open) =
            rest.find('(').filter(|open| *open == target.len() && !["return", "fail"].contains(&target))
            && let Some(close) = rest.rfind(')').filter(|_| !rest.contains('"'))
        {
            let new = format!("{indent}-> {}{}", &rest[..open], &rest[close + 1..]);
            out.extend(program.mutant("pass nothing", at, Some(&new)));
        }
    }
    if trimmed.starts_with("node ") && trimmed.contains(" = ") {
        node_line(program, at, line, out);
    }
}

fn node_line(program: &Program, at: usize, line: &str, out: &mut Vec<Mutant>) {
    let Some((before, work)) = line.split_once(" = ") else { return };
    let callee = word(work);
    if work[callee.len()..].starts_with(['(', '.']) {
        let new = format!("{before} = {}{}", misspelled(callee), &work[callee.len()..]);
        out.extend(program.mutant("misspell a callable", at, Some(&new)));
    }
    if let Some((call, model)) = line.split_once(" using ") {
        let new = format!("{call}{}", &model[word(model).len()..]);
        out.extend(program.mutant("drop using", at, Some(&new)));
    }
    if program.is_person(callee) && line.contains(" within ") {
        let new = line.split(" within ").next().unwrap();
        out.extend(program.mutant("drop within of a person", at, Some(new)));
    }
    let Some(params) = program.params(callee) else { return };
    let Some(args) = work[callee.len()..].strip_prefix('(').and_then(|rest| rest.split_once(')')) else {
        return;
    };
    let list: Vec<&str> = args.0.split(", ").collect();
    if args.0.contains(['(', '"']) || list.len() != params.len() || list.is_empty() || list == [""] {
        return;
    }
    let fewer = format!("{before} = {callee}({}){}", list[1..].join(", "), args.1);
    out.extend(program.mutant("drop an argument", at, Some(&fewer)));
    let differ = list.len() >= 2 && params[0].ty.base.text != params[1].ty.base.text;
    if differ {
        let mut swapped = list;
        swapped.swap(0, 1);
        let new = format!("{before} = {callee}({}){}", swapped.join(", "), args.1);
        out.extend(program.mutant("swap arguments", at, Some(&new)));
    }
}

fn setup_line(program: &Program, at: usize, line: &str, out: &mut Vec<Mutant>) {
    let indent = &line[..line.len() - line.trim_start().len()];
    let Some((name, value)) = line.trim().split_once(": ").filter(|_| indent == "  ") else { return };
    if name.contains(|c: char| !c.is_ascii_lowercase() && c != '_') {
        return;
    }
    let new = format!("{indent}{}: {value}", misspelled(name));
    out.extend(program.mutant("misspell a setting", at, Some(&new)));
    match name {
        "effect" => out.extend(program.mutant("drop effect", at, None)),
        "timeout" => out.extend(program.mutant("wrong unit", at, Some(&format!("{indent}timeout: 2 USD")))),
        "keep" => out.extend(program.mutant("wrong unit", at, Some(&format!("{indent}keep: 4k tokens")))),
        "output" => out.extend(program.mutant("wrong unit", at, Some(&format!("{indent}output: 3s")))),
        "approves" => {
            out.extend(program.mutant(
                "misspell a variant",
                at,
                Some(&format!("{indent}approves: [Aprove]")),
            ));
        }
        _ => {}
    }
}

/// Type names, and names in holes.
fn words(program: &Program, at: usize, line: &str, out: &mut Vec<Mutant>) {
    if let Some(hole) =
        line.find("{{").filter(|hole| line[hole + 2..].starts_with(|c: char| c.is_ascii_lowercase()))
    {
        let name = word(&line[hole + 2..]);
        if !["each", "if", "end", "else", "error"].contains(&name) {
            let new = format!("{}{}{}", &line[..hole + 2], misspelled(name), &line[hole + 2 + name.len()..]);
            out.extend(program.mutant("misspell in a hole", at, Some(&new)));
        }
    }
    let is_header = ["pub flow", "flow", "prompt", "tool", "human", "check", "fn"]
        .iter()
        .any(|key| line.starts_with(key));
    if let Some(colon) = line.find(": ").filter(|_| is_header) {
        let ty = word(&line[colon + 2..]);
        if ty.len() > 2 && !["trusted", "pii", "secret"].contains(&ty) {
            let new = format!("{}{}{}", &line[..colon + 2], misspelled(ty), &line[colon + 2 + ty.len()..]);
            out.extend(program.mutant("misspell a type", at, Some(&new)));
        }
    }
}

/// A field or a variant less: the users are wrong now.
fn declarations(program: &Program, out: &mut Vec<Mutant>) {
    for item in &program.file.items {
        let parts: Vec<(String, u32)> = match &item.kind {
            ItemKind::Type(decl) => match &decl.body {
                TypeBody::Record(fields) => {
                    fields.iter().map(|field| (field.name.text.to_string(), field.span.start)).collect()
                }
                TypeBody::Alias(_) => Vec::new(),
            },
            ItemKind::Enum(decl) => decl
                .variants
                .iter()
                .map(|variant| (variant.name.text.to_string(), variant.span.start))
                .collect(),
            _ => Vec::new(),
        };
        if parts.len() < 2 {
            continue;
        }
        for (name, offset) in parts {
            let uses = program.text.match_indices(&format!(".{name}")).count()
                + program.text.match_indices(&format!("is {name}")).count();
            if uses > 0 {
                let mutant = program.mutant("remove a field or variant", program.line_of(offset), None);
                out.extend(mutant.map(|mutant| Mutant { about: Some(name), ..mutant }));
            }
        }
    }
}

/// Edges that everything else rests on, start arrows, whole nodes.
fn shapes(program: &Program, out: &mut Vec<Mutant>) {
    for item in &program.file.items {
        let ItemKind::Flow(flow) = &item.kind else { continue };
        let is_normal =
            |edge: &&flow_grammar::ast::Edge| !matches!(edge.guard, Some(flow_grammar::ast::Guard::On(_)));
        for node in &flow.nodes {
            let last = node.edges.iter().rfind(is_normal);
            if let Some(edge) = last.filter(|edge| edge.guard.is_none() && edge.max.is_none()) {
                out.extend(program.mutant("delete the last edge", program.line_of(edge.span.start), None));
            }
            if let Some(renamed) = flow.nodes.iter().find(|other| other.name.text != node.name.text) {
                let line = program.line_of(node.head.start);
                let old = program.lines()[line - 1];
                let new = old.replacen(
                    &format!("node {}", node.name.text),
                    &format!("node {}", renamed.name.text),
                    1,
                );
                out.extend(program.mutant("name a node twice", line, Some(&new)));
            }
        }
        let starts: Vec<_> = flow.entry.iter().filter(is_normal).collect();
        if let [only] = starts.as_slice() {
            out.extend(program.mutant("delete the start", program.line_of(only.span.start), None));
        }
    }
}

/// The first error, if the mistake was found at all.
fn first_error(program: &Program, mutant: &Mutant) -> Option<(usize, Diagnostic)> {
    let files: Vec<(String, String)> = program
        .files
        .iter()
        .map(|(name, text)| {
            (name.clone(), if name == "main.flow" { mutant.text.clone() } else { text.clone() })
        })
        .collect();
    let checked = check(&files);
    let first = checked.found.iter().find(|diagnostic| diagnostic.is_error())?;
    let file = checked.map.get(first.primary.span.file).map_or("", |file| file.path.as_str());
    let line =
        if file == "main.flow" { checked.map.line_column(first.primary.span).line as usize } else { 0 };
    Some((line, first.clone()))
}

#[derive(Default)]
struct Row {
    made: usize,
    reported: usize,
    placed: usize,
}

#[test]
fn mistakes_are_reported_where_they_were_made() {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut missed = Vec::new();
    for program in programs() {
        let clean = check(&program.files).found;
        assert!(
            !clean.iter().any(Diagnostic::is_error),
            "{} is not clean: {:?}",
            program.name,
            clean.first()
        );
        for mutant in all_mutants(&program) {
            let row = rows.entry(mutant.kind).or_default();
            row.made += 1;
            let Some((line, error)) = first_error(&program, &mutant) else {
                missed.push(format!("silent    {} {} {}", mutant.program, mutant.kind, mutant.what));
                continue;
            };
            row.reported += 1;
            let names_it =
                mutant.about.as_ref().is_some_and(|name| error.message.contains(&format!("`{name}`")));
            if (mutant.item.0..=mutant.item.1).contains(&line) || names_it {
                row.placed += 1;
            } else {
                missed.push(format!(
                    "elsewhere {} {} {}\n          {line}: {}",
                    mutant.program, mutant.kind, mutant.what, error.message
                ));
            }
        }
    }
    let total = rows.values().fold(Row::default(), |sum, row| Row {
        made: sum.made + row.made,
        reported: sum.reported + row.reported,
        placed: sum.placed + row.placed,
    });
    println!("{:<28} {:>5} {:>9} {:>9}", "mistake", "made", "reported", "in place");
    for (kind, row) in &rows {
        println!("{kind:<28} {:>5} {:>9} {:>9}", row.made, row.reported, row.placed);
    }
    println!("{:<28} {:>5} {:>9} {:>9}", "all", total.made, total.reported, total.placed);
    println!("\n{}", missed.join("\n"));
    assert!(total.made >= 60, "only {} mutants", total.made);
    assert!(
        total.placed * 100 >= total.made * 95,
        "{} of {} in place\n{}",
        total.placed,
        total.made,
        missed.join("\n")
    );
}
