//! One mistake gives one error: takes out what is only said because something else is wrong.
//!
//! Most follow-ups never arise, because what is wrong is poisoned. These are the rest: things that can only be
//! seen by looking at several diagnostics together.

use std::collections::BTreeMap;

use flow_diagnostics::{Diagnostic, Echo, FileId, Span};
use flow_grammar::ast::Item;
use rustc_hash::FxHashSet;

/// Items and text of each file.
pub(super) type Files<'a> = BTreeMap<FileId, (&'a [Item], &'a str)>;

/// Where errors are, by what they say.
struct Errors {
    /// All but those that may be taken out, sorted.
    all: Vec<(FileId, u32)>,
    /// Unknown names and patterns.
    names: Vec<(FileId, u32)>,
    /// Values that may not be there.
    unset: Vec<(FileId, u32)>,
    /// Unknown settings.
    settings: Vec<(FileId, u32)>,
    /// Loops without a bound.
    loops: Vec<(FileId, u32)>,
    /// Signs that nobody understands: what stands between them may be anything.
    signs: Vec<(FileId, u32)>,
    /// People of whom nobody knows which answers approve.
    approvals: Vec<(FileId, u32)>,
    /// What the parser says.
    syntax: Vec<(FileId, u32)>,
    /// Whether there is one at all, but for those that are said only if there is none.
    any: bool,
}

fn places(diagnostics: &[Diagnostic], wanted: impl Fn(&str) -> bool) -> Vec<(FileId, u32)> {
    let mut found: Vec<(FileId, u32)> = diagnostics
        .iter()
        .filter(|found| found.is_error() && wanted(found.code.number))
        .map(|found| (found.primary.span.file, found.primary.span.start))
        .collect();
    found.sort_unstable();
    found
}

fn any(errors: &[(FileId, u32)], file: FileId, (start, end): (u32, u32)) -> bool {
    let first = errors.partition_point(|error| *error < (file, start));
    errors.get(first).is_some_and(|(other, at)| *other == file && *at <= end)
}

/// Removes follow-ups.
pub(super) fn remove(files: &Files<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let errors = Errors {
        all: places(diagnostics, |code| !matches!(code, "FL0901" | "FL0902")),
        names: places(diagnostics, |code| matches!(code, "FL0005" | "FL0117" | "FL0011")),
        unset: places(diagnostics, |code| matches!(code, "FL0301" | "FL0302")),
        settings: places(diagnostics, |code| code == "FL0021"),
        loops: places(diagnostics, |code| code == "FL0401"),
        signs: places(diagnostics, |code| code == "FL0012"),
        approvals: places(diagnostics, |code| code == "FL0609"),
        syntax: places(diagnostics, |code| code < "FL0017"),
        any: diagnostics.iter().any(super::is_mistake),
    };
    let key = |found: &Diagnostic| (found.primary.span.file, found.primary.span.start);
    diagnostics.sort_by_key(key);
    merge_signs(files, diagnostics);
    let mut said: FxHashSet<(FileId, &str, &str)> = FxHashSet::default();
    diagnostics.retain(|found| {
        let name = text_of(files, found.primary.span);
        let repeated = !name.is_empty()
            && matches!(found.code.number, "FL0005" | "FL0202" | "FL0114")
            && !said.insert((found.primary.span.file, found.code.number, name));
        !repeated && !is_follow_up(files, &errors, found)
    });
}

/// Several signs on one line that should be others are one mistake with one fix. Diagnostics are sorted by place.
fn merge_signs(files: &Files<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut merged: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    // The first sign of the line: its file, the end of the line, and where it is in `merged`.
    let mut first: Option<(FileId, u32, usize)> = None;
    for found in diagnostics.drain(..) {
        let span = found.primary.span;
        let (Some(fix), "FL0012") = (&found.fix, found.code.number) else {
            merged.push(found);
            continue;
        };
        let same = first.filter(|(file, end, _)| *file == span.file && span.start <= *end);
        let known = same.and_then(|(_, _, at)| merged.get_mut(at)).and_then(|first| first.fix.as_mut());
        match known {
            Some(known) => known.edits.extend(fix.edits.iter().cloned()),
            None => {
                let (_, end) = line_of(files, span.file, span.start);
                first = Some((span.file, end, merged.len()));
                merged.push(found);
            }
        }
    }
    *diagnostics = merged;
}

fn is_follow_up(files: &Files<'_>, errors: &Errors, found: &Diagnostic) -> bool {
    let span = found.primary.span;
    let item = item_of(files, span.file, span.start);
    let in_item = |errors: &[(FileId, u32)]| item.is_some_and(|item| any(errors, span.file, item));
    match found.echo {
        Some(Echo::Never) => return false,
        Some(Echo::OfNamesInItem) => return in_item(&errors.names),
        Some(Echo::OfNames) => return !errors.names.is_empty(),
        Some(Echo::OfErrors) => return errors.any,
        None => {}
    }
    match found.code.number {
        // The name may be used where something was mistyped.
        "FL0020" => any(&errors.all, span.file, (0, u32::MAX)),
        // The arrow that takes everything lacks its `max`.
        "FL0204" => in_item(&errors.loops),
        // The first arrow may be what could not be read.
        "FL0207" => in_item(&errors.syntax),
        "FL0701" | "FL0702" | "FL0703" => in_item(&errors.approvals),
        "FL0303" | "FL0305" | "FL0306" | "FL0502" => in_item(&errors.all),
        // What a flow calls is not known before it is right.
        "FL0901" | "FL0902" => !errors.all.is_empty(),
        // The setting is there, mistyped.
        "FL0022" | "FL0603" => in_item(&errors.settings),
        // What is called is not known.
        "FL0208" | "FL0608" => in_item(&errors.names),
        // The condition that would say so is mistyped.
        // The number that cannot be read has a type that was not meant.
        "FL0101" => any(&errors.syntax, span.file, (span.start, span.start)),
        // The sign between them is the mistake.
        "FL0005" | "FL0113" => any(&errors.signs, span.file, line_of(files, span.file, span.start)),
        // A value that is not there at all is not also `none`.
        "FL0104" | "FL0105" => {
            let line = line_of(files, span.file, span.start);
            any(&errors.names, span.file, line) || any(&errors.unset, span.file, line)
        }
        _ => false,
    }
}

/// What the source says at a place: the name that is unknown there.
fn text_of<'a>(files: &Files<'a>, span: Span) -> &'a str {
    let text = files.get(&span.file).map_or("", |(_, text)| *text);
    text.get(span.start as usize..span.end as usize).unwrap_or("")
}

fn item_of(files: &Files<'_>, file: FileId, offset: u32) -> Option<(u32, u32)> {
    let (items, _) = files.get(&file)?;
    let after = items.partition_point(|item| item.span.start <= offset);
    let item = items.get(after.checked_sub(1)?)?;
    Some((item.span.start, item.span.end))
}

/// No line that a person wrote is longer; looking further would be slow in a file that is one line.
const LONGEST_LINE: usize = 2_000;

/// The line around a place, or the part of it that is near.
fn line_of(files: &Files<'_>, file: FileId, offset: u32) -> (u32, u32) {
    let bytes = files.get(&file).map_or(&[][..], |(_, text)| text.as_bytes());
    let at = (offset as usize).min(bytes.len());
    let far = (at.saturating_sub(LONGEST_LINE), (at + LONGEST_LINE).min(bytes.len()));
    let before = bytes.get(far.0..at).unwrap_or_default();
    let after = bytes.get(at..far.1).unwrap_or_default();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(far.0, |found| far.0 + found + 1);
    let end = after.iter().position(|byte| *byte == b'\n').map_or(far.1, |found| at + found);
    (u32::try_from(start).unwrap_or(0), u32::try_from(end).unwrap_or(u32::MAX))
}
