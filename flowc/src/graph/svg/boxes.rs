//! Boxes: a drawing of the kind, the name, what is called, what it costs.

use std::fmt::Write as _;

use super::super::cost::money;
use super::super::layout::{Point, Size};
use super::super::{Box, Cost, Kind};
use super::{escape, icons};

/// Pixels a character at the sizes of the style sheet; wide enough for the usual sans fonts.
const TITLE: f64 = 8.0;
const DETAIL: f64 = 6.2;
const COST: f64 = 6.4;
/// Between the border and what is inside, in pixels.
const PAD: f64 = 12.0;
/// Of a drawing and the gap behind it, in pixels.
const ICON: f64 = 20.0;
/// Of lines of text, in pixels.
const LINE: f64 = 16.0;
/// Of the bar that shows a share, with the gap above it, in pixels.
const BAR: f64 = 6.0;

/// How much room a box needs.
pub(super) fn room(shape: &Box) -> Size {
    let wide = |text: &str, pixels: f64| text.chars().count() as f64 * pixels;
    let icon = if icons::of(shape.kind).is_some() { ICON } else { 0.0 };
    let cost = shape.cost.map_or(0.0, |cost| wide(&words(cost).concat(), COST));
    let title = wide(&shape.title, TITLE) + icon;
    let lines = 1 + usize::from(!shape.detail.is_empty()) + usize::from(shape.cost.is_some());
    let bar = if shape.dearest.is_some_and(|share| share.part > 0.0) { BAR } else { 0.0 };
    Size {
        width: title.max(wide(&shape.detail, DETAIL)).max(cost).max(40.0) + 2.0 * PAD,
        height: lines as f64 * LINE + 16.0 + bar,
    }
}

/// `usual 0.0004 · worst 0.012 USD`, in pieces that are written differently.
fn words(cost: Cost) -> [String; 4] {
    let worst = money(cost.worst);
    let usual = money(cost.usual);
    let usual = usual.strip_suffix(" USD").filter(|_| worst.ends_with(" USD")).unwrap_or(&usual).to_owned();
    ["usual ".to_owned(), usual, " · worst ".to_owned(), worst]
}

/// Writes one box around `middle`.
pub(super) fn write(text: &mut String, shape: &Box, size: Size, middle: Point) {
    let (left, top) = (middle.x - size.width / 2.0, middle.y - size.height / 2.0);
    let name = if shape.node.is_empty() {
        String::new()
    } else {
        format!(" data-node=\"{}\" tabindex=\"0\" role=\"button\"", escape(&shape.node))
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "<g class=\"box {}\"{name} transform=\"translate({left:.1} {top:.1})\">\n<title>{}</title>",
        shape.kind.word(),
        escape(&spoken(shape)),
    );
    outline(text, shape, size);
    inside(text, shape, size);
    text.push_str("</g>\n");
}

/// What is shown when the pointer rests on the box, and read aloud.
fn spoken(shape: &Box) -> String {
    let mut words = vec![format!("{} ({})", shape.title, shape.kind.word())];
    words.extend((!shape.detail.is_empty()).then(|| shape.detail.clone()));
    words.extend(shape.cost.map(|cost| {
        let of = if shape.kind == Kind::Start { "a run" } else { "a visit" };
        format!("{of}: usually {}, at most {}", money(cost.usual), money(cost.worst))
    }));
    words.extend(shape.dearest.map(|share| {
        let times = if share.visits == 1 { "once".to_owned() } else { format!("{} times", share.visits) };
        format!("on the dearest way {times}, {:.0} % of its cost", share.part * 100.0)
    }));
    words.join("\n")
}

fn outline(text: &mut String, shape: &Box, size: Size) {
    let round = match shape.kind {
        Kind::Start | Kind::Return | Kind::Fail => (size.height / 2.0).min(16.0),
        Kind::Prompt
        | Kind::Router
        | Kind::Pure
        | Kind::Tool
        | Kind::Human
        | Kind::Resource
        | Kind::Flow
        | Kind::Many => 7.0,
    };
    let (width, height) = (size.width, size.height);
    if shape.dearest.is_some() {
        let (width, height, round) = (width + 6.0, height + 6.0, round + 3.0);
        let _ = writeln!(
            text,
            "<rect class=\"r\" x=\"-3\" y=\"-3\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{round}\"/>"
        );
    }
    let _ = writeln!(text, "<rect class=\"b\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{round}\"/>");
}

fn inside(text: &mut String, shape: &Box, size: Size) {
    let mut line = 20.5;
    let mut left = PAD;
    if let Some(icon) = icons::of(shape.kind) {
        let _ = writeln!(text, "<path class=\"icon\" transform=\"translate({PAD} 9)\" d=\"{icon}\"/>");
        left += ICON;
    }
    let alone = shape.detail.is_empty() && shape.cost.is_none();
    // A title alone stands in the middle; with lines below it, all begin at the left.
    if alone && icons::of(shape.kind).is_none() {
        let _ = writeln!(
            text,
            "<text class=\"t\" x=\"{:.1}\" y=\"{line}\" text-anchor=\"middle\">{}</text>",
            size.width / 2.0,
            escape(&shape.title)
        );
        return;
    }
    let _ = writeln!(text, "<text class=\"t\" x=\"{left}\" y=\"{line}\">{}</text>", escape(&shape.title));
    if !shape.detail.is_empty() {
        line += LINE;
        let _ = writeln!(text, "<text class=\"d\" x=\"{PAD}\" y=\"{line}\">{}</text>", escape(&shape.detail));
    }
    if let Some(cost) = shape.cost {
        line += LINE;
        let [a, usual, b, worst] = words(cost).map(|word| escape(&word));
        let _ = writeln!(
            text,
            "<text class=\"c\" x=\"{PAD}\" y=\"{line}\" xml:space=\"preserve\">{a}<tspan class=\"w\">{usual}</tspan>{b}\
             <tspan class=\"w\">{worst}</tspan></text>"
        );
    }
    share(text, shape, size);
}

/// How much of the dearest way's cost is spent here, as a bar under the box, and how often it comes by.
fn share(text: &mut String, shape: &Box, size: Size) {
    let Some(share) = shape.dearest else { return };
    let room = size.width - 2.0 * PAD;
    if share.part > 0.0 {
        let _ = writeln!(
            text,
            "<rect class=\"bar\" x=\"{PAD}\" y=\"{:.1}\" width=\"{:.1}\" height=\"3\" rx=\"1.5\"/>",
            size.height - 9.0,
            (share.part * room).max(3.0),
        );
    }
    if share.visits > 1 {
        let words = format!("×{}", share.visits);
        let width = words.chars().count() as f64 * 6.5 + 8.0;
        let _ = writeln!(
            text,
            "<rect class=\"bar\" x=\"{:.1}\" y=\"-9\" width=\"{width:.1}\" height=\"16\" rx=\"8\"/>\
             <text class=\"v\" x=\"{:.1}\" y=\"2.5\">{words}</text>",
            size.width - width - 6.0,
            size.width - width / 2.0 - 6.0,
        );
    }
}
