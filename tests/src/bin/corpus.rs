//! Prints the corpus of defects as a table: `cargo xtask corpus`.

use std::path::Path;
use std::process::ExitCode;

use flow_diagnostics::index;
use flow_tests::corpus::{Defect, defects};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on its streams")]
fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/defects");
    let corpus = match defects(&folder) {
        Ok(corpus) => corpus,
        Err(why) => {
            eprintln!("error: {why}");
            return ExitCode::FAILURE;
        }
    };
    let (mut found, mut clean) = (0_usize, 0_usize);
    println!("{:<20} {:<7} {:<24} {:<6} {:<6} mistake", "where", "code", "name", "found", "twin");
    for defect in &corpus {
        let verdict = defect.verdict();
        found += usize::from(verdict.complaints.is_empty());
        clean += usize::from(verdict.about_twin.is_empty());
        println!("{}", row(defect, verdict.complaints.is_empty(), verdict.about_twin.is_empty()));
    }
    println!("{} defects: {found} found at their place and alone, {clean} twins clean", corpus.len());
    if found == corpus.len() && clean == corpus.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn row(defect: &Defect, found: bool, clean: bool) -> String {
    let name = index::find(&defect.code).map_or("?", |code| code.name);
    let found = if found { "yes" } else { "NO" };
    let clean = if clean { "clean" } else { "NO" };
    format!("{:<20} {:<7} {name:<24} {found:<6} {clean:<6} {}", defect.place, defect.code, defect.title)
}
