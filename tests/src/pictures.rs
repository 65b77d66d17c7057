//! Messages as pictures of the terminal, for the book: drawn from what the real renderer prints.

use std::path::Path;

use flow_diagnostics::render::pretty::{Style, render};

use crate::checking::check;
use crate::literate;

/// The most common messages, by the page in `docs/errors` whose first block shows them.
pub const CODES: [&str; 12] = [
    "FL0005", "FL0101", "FL0104", "FL0202", "FL0205", "FL0301", "FL0401", "FL0402", "FL0407", "FL0501",
    "FL0601", "FL0608",
];

/// A picture of what `flowc check` says to a program with this mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Picture {
    /// `FL0301.svg`.
    pub name: String,
    /// The file.
    pub svg: String,
}

/// All pictures, made anew from the pages in `docs/errors` of the repository at `root`.
///
/// # Errors
/// When a page is not there or shows no message.
pub fn all(root: &Path) -> Result<Vec<Picture>, String> {
    CODES.iter().map(|code| picture(root, code)).collect()
}

fn picture(root: &Path, code: &str) -> Result<Picture, String> {
    let path = root.join("docs/errors").join(format!("{code}.md"));
    let page = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let case = literate::cases(&page).into_iter().next().ok_or_else(|| format!("{code}: no block"))?;
    let checked = check(&case.files);
    let found = checked.found.iter().find(|found| found.code.number == code);
    let found = found.ok_or_else(|| format!("{code}: the first block does not show it"))?;
    let style = Style { color: true, unicode: true, width: 88 };
    let ansi = render(found, &checked.map, style);
    Ok(Picture { name: format!("{code}.svg"), svg: draw(ansi.trim_end()) })
}

/// Text with escape codes as a drawing on a dark ground.
fn draw(ansi: &str) -> String {
    let svg = anstyle_svg::Term::new().render_svg(ansi);
    format!("{}\n", svg.trim_end())
}
