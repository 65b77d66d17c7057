//! SVG: one file, no script, no font to load; legible in light and dark.

use std::fmt::Write as _;

use super::layout::{self, Layout, Point, Request, Route, Size};
use super::{Arrow, Box, Kind, Picture};

/// Pixels a character at the sizes used below; wide enough for the usual sans fonts.
const TITLE: f64 = 7.4;
const DETAIL: f64 = 6.2;
const LABEL: f64 = 5.8;

const STYLE: &str = "\
text{font-family:ui-sans-serif,system-ui,Helvetica,Arial,sans-serif;text-anchor:middle;fill:#1f2430}\
.t{font-size:13px;font-weight:600}.d{font-size:11px;fill:#5a6274}.l{font-size:10px;fill:#3c4456}\
.b{stroke:#5a6274;stroke-width:1.2;fill:#fff}.start,.return,.fail{stroke-width:1.8}.start{fill:#eef1f6}\
.prompt{fill:#eef3ff}.tool{fill:#fff5e6}.human{fill:#ffeef1}.resource{fill:#ecf8f0}.flow{fill:#f5efff}\
.return{fill:#e8f6ec}.fail{fill:#fdecec}\
.a{fill:none;stroke:#5a6274;stroke-width:1.3}.e{stroke:#b3443c;stroke-dasharray:5 3}\
.m{stroke-width:4.2}.i{fill:none;stroke:#fff;stroke-width:1.8}.p{fill:#fff}";

/// The picture as an SVG document.
#[must_use]
pub fn write(picture: &Picture) -> String {
    let request = Request {
        boxes: picture.boxes.iter().map(room).collect(),
        arrows: picture.arrows.iter().map(|arrow| (arrow.from, arrow.to, words(arrow))).collect(),
    };
    let layout = layout::lay(&request);
    let mut text = head(&picture.name, layout.size);
    for (arrow, route) in picture.arrows.iter().zip(&layout.routes) {
        line(&mut text, arrow, route);
    }
    for (arrow, route) in picture.arrows.iter().zip(&layout.routes) {
        label(&mut text, arrow, route);
    }
    boxes(&mut text, picture, &request, &layout);
    text.push_str("</svg>\n");
    text
}

fn room(shape: &Box) -> Size {
    let title = shape.title.chars().count() as f64 * TITLE;
    let detail = shape.detail.chars().count() as f64 * DETAIL;
    let height = if shape.detail.is_empty() { 32.0 } else { 46.0 };
    Size { width: title.max(detail).max(44.0) + 24.0, height }
}

fn words(arrow: &Arrow) -> Size {
    if arrow.label.is_empty() {
        return Size::default();
    }
    Size { width: arrow.label.chars().count() as f64 * LABEL + 8.0, height: 14.0 }
}

fn head(name: &str, size: Size) -> String {
    let (width, height) = (size.width.ceil(), size.height.ceil());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"p\" width=\"100%\" height=\"100%\"/>\n\
         <defs>{}{}</defs>\n",
        escape(name),
        tip("tip", "#5a6274"),
        tip("err", "#b3443c"),
    )
}

fn tip(id: &str, color: &str) -> String {
    format!(
        "<marker id=\"{id}\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"{color}\"/></marker>"
    )
}

fn line(text: &mut String, arrow: &Arrow, route: &Route) {
    let path = curve(&route.points);
    let (class, end) = if arrow.is_error { (" e", "err") } else { ("", "tip") };
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
    if arrow.label.is_empty() {
        return;
    }
    let (size, middle) = (words(arrow), route.label);
    let _ = writeln!(
        text,
        "<rect class=\"p\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"3\"/>\
         <text class=\"l\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
        middle.x - size.width / 2.0,
        middle.y - size.height / 2.0,
        size.width,
        size.height,
        middle.x,
        middle.y + 3.5,
        escape(&arrow.label),
    );
}

fn boxes(text: &mut String, picture: &Picture, request: &Request, layout: &Layout) {
    for ((shape, size), middle) in picture.boxes.iter().zip(&request.boxes).zip(&layout.boxes) {
        let round = match shape.kind {
            Kind::Start | Kind::Return | Kind::Fail => size.height / 2.0,
            Kind::Prompt => 10.0,
            Kind::Router
            | Kind::Pure
            | Kind::Tool
            | Kind::Human
            | Kind::Resource
            | Kind::Flow
            | Kind::Many => 3.0,
        };
        let _ = writeln!(
            text,
            "<rect class=\"b {}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{round}\"/>",
            shape.kind.word(),
            middle.x - size.width / 2.0,
            middle.y - size.height / 2.0,
            size.width,
            size.height,
        );
        let title = if shape.detail.is_empty() { middle.y + 4.5 } else { middle.y - 4.0 };
        let _ = writeln!(
            text,
            "<text class=\"t\" x=\"{:.1}\" y=\"{title:.1}\">{}</text>",
            middle.x,
            escape(&shape.title)
        );
        if !shape.detail.is_empty() {
            let _ = writeln!(
                text,
                "<text class=\"d\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                middle.x,
                middle.y + 13.0,
                escape(&shape.detail)
            );
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
