//! Mermaid: what GitHub and most wikis draw. It has no double line, so a bounded arrow is thick.

use std::fmt::Write as _;

use super::{Arrow, Box, Kind, Picture};

/// The picture as a Mermaid flowchart.
#[must_use]
pub fn write(picture: &Picture) -> String {
    let mut text = String::from("flowchart TD\n");
    for (at, shape) in picture.boxes.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  n{at}{}", shaped(shape));
    }
    for arrow in &picture.arrows {
        let _ = writeln!(text, "  {}", arrow_text(arrow));
    }
    text
}

fn shaped(shape: &Box) -> String {
    let label = if shape.detail.is_empty() {
        format!("\"{}\"", escape(&shape.title))
    } else {
        format!("\"<b>{}</b><br/>{}\"", escape(&shape.title), escape(&shape.detail))
    };
    let (open, close) = match shape.kind {
        Kind::Start | Kind::Return | Kind::Fail => ("([", "])"),
        Kind::Router => ("{", "}"),
        Kind::Human => ("[/", "/]"),
        Kind::Resource => ("[(", ")]"),
        Kind::Flow => ("[[", "]]"),
        Kind::Prompt => ("(", ")"),
        Kind::Pure | Kind::Tool | Kind::Many => ("[", "]"),
    };
    format!("{open}{label}{close}")
}

fn arrow_text(arrow: &Arrow) -> String {
    let line = match (arrow.is_error, arrow.max) {
        (true, _) => "-.->",
        (false, Some(_)) => "==>",
        (false, None) => "-->",
    };
    let label =
        if arrow.label.is_empty() { String::new() } else { format!("|\"{}\"|", escape(&arrow.label)) };
    format!("n{} {line}{label} n{}", arrow.from, arrow.to)
}

/// Quotes would end a label, `#` starts an entity, `<` a tag.
fn escape(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;")
}
