//! Embeds the pages of `docs/errors`, so that `flowc explain` works offline.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let folder = manifest.join("../docs/errors");
    println!("cargo::rerun-if-changed={}", folder.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("pages.rs"), table(&pages(&folder)?))
}

fn pages(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries: io::Result<Vec<PathBuf>> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
    let mut pages: Vec<PathBuf> = entries?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    Ok(pages)
}

/// `&[("FL0001", include_str!("…/FL0001.md")), …]`
fn table(pages: &[PathBuf]) -> String {
    let mut rows = String::new();
    for page in pages {
        let name = page.file_stem().unwrap_or_default().to_string_lossy();
        // Writing to a String cannot fail.
        let _ = writeln!(rows, "    ({name:?}, include_str!({:?})),", page.display().to_string());
    }
    format!("&[\n{rows}]\n")
}
