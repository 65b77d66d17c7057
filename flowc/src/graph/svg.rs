//! SVG: one file, no script, no font to load; legible in light and dark.
//!
//! Boxes that stand for a node carry its name as `data-node`, for whoever shows the picture beside the text.

mod boxes;
mod icons;
mod legend;
mod style;

use std::fmt::Write as _;

use super::layout::{self, Point, Request, Route, Size};
use super::{Arrow, Picture};

/// Pixels a character of the words on arrows.
const LABEL: f64 = 5.9;
/// Of a shield and the gap behind it, in pixels.
const SHIELD: f64 = 18.0;

/// The picture as an SVG document.
#[must_use]
pub fn write(picture: &Picture) -> String {
    let request = Request {
        boxes: picture.boxes.iter().map(boxes::room).collect(),
        arrows: picture.arrows.iter().map(|arrow| (arrow.from, arrow.to, words(arrow))).collect(),
    };
    let layout = layout::lay(&request);
    let legend = legend::room(picture);
    let size =
        Size { width: layout.size.width.max(legend.width), height: layout.size.height + legend.height };
    let mut text = head(&picture.name, size);
    let arrows = || picture.arrows.iter().zip(&layout.routes);
    // What is below comes first: the way is under all lines, lines are under words, boxes are above everything.
    for (_, route) in arrows().filter(|(arrow, _)| arrow.is_dearest) {
        let _ = writeln!(text, "<path class=\"h\" d=\"{}\"/>", curve(&route.points));
    }
    for (arrow, route) in arrows() {
        line(&mut text, arrow, route);
    }
    for (arrow, route) in arrows() {
        label(&mut text, arrow, route);
    }
    for ((shape, size), middle) in picture.boxes.iter().zip(&request.boxes).zip(&layout.boxes) {
        boxes::write(&mut text, shape, *size, *middle);
    }
    legend::write(&mut text, picture, layout.size.height + legend.height / 2.0 - 4.0);
    text.push_str("</svg>\n");
    text
}

fn words(arrow: &Arrow) -> Size {
    let shield = if arrow.clears { SHIELD } else { 0.0 };
    if arrow.label.is_empty() && !arrow.clears {
        return Size::default();
    }
    Size { width: arrow.label.chars().count() as f64 * LABEL + shield + 8.0, height: 16.0 }
}

fn head(name: &str, size: Size) -> String {
    let (width, height) = (size.width.ceil(), size.height.ceil());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n<style>{}</style>\n\
         <rect class=\"p\" width=\"100%\" height=\"100%\"/>\n\
         <defs>{}{}</defs>\n",
        escape(name),
        style::sheet(),
        tip("tip"),
        tip("tip-e"),
    )
}

fn tip(name: &str) -> String {
    format!(
        "<marker id=\"{name}\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"{name}\" d=\"M0 0L8 4L0 8z\"/></marker>"
    )
}

fn line(text: &mut String, arrow: &Arrow, route: &Route) {
    let path = curve(&route.points);
    let (class, end) = if arrow.is_error { (" e", "tip-e") } else { ("", "tip") };
    let bounded = if arrow.max.is_some() { " m" } else { "" };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "<path class=\"a{class}{bounded}\" d=\"{path}\" marker-end=\"url(#{end})\"/>");
    if arrow.max.is_some() {
        let _ = writeln!(text, "<path class=\"i\" d=\"{path}\"/>");
    }
}

/// Through all points, leaving and reaching each of them vertically.
fn curve(points: &[Point]) -> String {
    let mut path = String::new();
    let mut before: Option<Point> = None;
    for point in points {
        let _ = match before {
            None => write!(path, "M{:.1} {:.1}", point.x, point.y),
            Some(from) => {
                let bend = from.y.midpoint(point.y);
                let (x, y) = (point.x, point.y);
                write!(path, "C{:.1} {bend:.1} {x:.1} {bend:.1} {x:.1} {y:.1}", from.x)
            }
        };
        before = Some(*point);
    }
    path
}

fn label(text: &mut String, arrow: &Arrow, route: &Route) {
    let (size, middle) = (words(arrow), route.label);
    if size == Size::default() {
        return;
    }
    let left = middle.x - size.width / 2.0;
    let (words, anchor) = if arrow.clears { (left + 4.0 + SHIELD, "start") } else { (middle.x, "middle") };
    let _ = writeln!(
        text,
        "<rect class=\"p\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"4\"/>\
         <text class=\"l\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
        middle.y - size.height / 2.0,
        size.width,
        size.height,
        words,
        middle.y + 3.5,
        escape(&arrow.label),
    );
    if arrow.clears {
        let _ = writeln!(
            text,
            "<g transform=\"translate({:.1} {:.1})\"><title>approved: behind this arrow, what was shown is trusted\
             </title><path class=\"s\" d=\"{}\"/><path class=\"s-in\" d=\"{}\"/></g>",
            left + 2.0 + SHIELD / 2.0,
            middle.y,
            icons::SHIELD,
            icons::TICK,
        );
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
