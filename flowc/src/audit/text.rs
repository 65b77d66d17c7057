//! The report on one page.

use std::fmt::Write as _;

use super::{Audit, Entry, Section};
use crate::terminal::{BOLD, DIM, NAME, paint};

/// The report as text, with a line to sign.
#[must_use]
pub fn write(audit: &Audit) -> String {
    let mut out = String::new();
    let _ =
        writeln!(out, "{} {}", paint(BOLD, format!("Audit of {}", audit.package)), paint(DIM, &audit.digest));
    for section in &audit.sections {
        write_section(section, &mut out);
    }
    let _ = writeln!(out, "\nReviewed by ______________________  on ______________");
    out
}

fn write_section(section: &Section, out: &mut String) {
    let _ = writeln!(out, "\n{}  {}", paint(BOLD, section.title), paint(DIM, section.question));
    if section.entries.is_empty() {
        let _ = writeln!(out, "  nothing");
    }
    for entry in &section.entries {
        write_entry(entry, out);
    }
}

fn write_entry(entry: &Entry, out: &mut String) {
    let _ = write!(out, "  {} {}", entry.kind, paint(NAME, &entry.name));
    for fact in &entry.facts {
        let _ = write!(out, "; {} {}", paint(DIM, fact.key), fact.values.join(", "));
    }
    out.push('\n');
}
