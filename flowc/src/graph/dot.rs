//! Graphviz dot. Error arrows are dashed, bounded ones double.

use std::fmt::Write as _;

use super::{Arrow, Box, Kind, Picture};

/// The picture as a dot graph.
#[must_use]
pub fn write(picture: &Picture) -> String {
    let mut text = format!("digraph {} {{\n", quote(&picture.name));
    text.push_str("  node [shape=box, fontname=\"Helvetica\", fontsize=11]\n");
    text.push_str("  edge [fontname=\"Helvetica\", fontsize=9]\n");
    for (at, shape) in picture.boxes.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  n{at} [{}]", box_text(shape));
    }
    for arrow in &picture.arrows {
        let _ = writeln!(text, "  n{} -> n{}{}", arrow.from, arrow.to, arrow_text(arrow));
    }
    text.push_str("}\n");
    text
}

fn box_text(shape: &Box) -> String {
    let label = if shape.detail.is_empty() {
        quote(&shape.title)
    } else {
        quote(&format!("{}\n{}", shape.title, shape.detail))
    };
    let form = match shape.kind {
        Kind::Start => "shape=oval, style=bold",
        Kind::Return | Kind::Fail => "shape=oval",
        Kind::Router => "shape=diamond",
        Kind::Human => "shape=house",
        Kind::Resource => "shape=cylinder",
        Kind::Flow => "shape=box, peripheries=2",
        Kind::Prompt => "shape=box, style=rounded",
        Kind::Tool => "shape=component",
        Kind::Pure | Kind::Many => "shape=box",
    };
    format!("label={label}, {form}")
}

fn arrow_text(arrow: &Arrow) -> String {
    let mut parts = Vec::new();
    if !arrow.label.is_empty() {
        parts.push(format!("label={}", quote(&arrow.label)));
    }
    if arrow.is_error {
        parts.push("style=dashed".to_owned());
    }
    if arrow.max.is_some() {
        parts.push("color=\"black:invis:black\"".to_owned());
    }
    if parts.is_empty() { String::new() } else { format!(" [{}]", parts.join(", ")) }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
