//! What the signs mean, below the picture: only those that are in it.

use std::fmt::Write as _;

use super::super::Picture;
use super::super::layout::Size;
use super::icons;

/// Pixels a character.
const WORD: f64 = 6.2;
/// Of the line, in pixels.
const HEIGHT: f64 = 26.0;
/// From the left edge, and between entries, in pixels.
const GAP: f64 = 20.0;
/// Of a sample, in pixels.
const SAMPLE: f64 = 26.0;

/// A sample, and what it means.
type Entry = (String, &'static str);

fn entries(picture: &Picture) -> Vec<Entry> {
    let any = |sign: fn(&super::super::Arrow) -> bool| picture.arrows.iter().any(sign);
    let line = |class: &str| format!("<path class=\"{class}\" d=\"M0 0H{SAMPLE}\"/>");
    let shield = format!(
        "<g transform=\"translate({} 0)\"><path class=\"s\" d=\"{}\"/><path class=\"s-in\" d=\"{}\"/></g>",
        SAMPLE / 2.0,
        icons::SHIELD,
        icons::TICK
    );
    let all = [
        (any(|arrow| arrow.is_error), line("a e"), "on an error"),
        (any(|arrow| arrow.max.is_some()), line("a m") + &line("i"), "at most so often"),
        (any(|arrow| arrow.clears), shield, "approves what was shown"),
        (any(|arrow| arrow.is_dearest), line("h") + &line("a"), "the dearest way"),
    ];
    all.into_iter().filter(|(is_there, ..)| *is_there).map(|(_, sample, words)| (sample, words)).collect()
}

/// How much room it needs.
pub(super) fn room(picture: &Picture) -> Size {
    let entries = entries(picture);
    if entries.is_empty() {
        return Size::default();
    }
    Size { width: entries.iter().map(|(_, words)| width(words)).sum::<f64>() + GAP, height: HEIGHT }
}

fn width(words: &str) -> f64 {
    SAMPLE + 7.0 + words.chars().count() as f64 * WORD + GAP
}

/// Writes it along the line `y`.
pub(super) fn write(text: &mut String, picture: &Picture, y: f64) {
    let mut x = GAP;
    for (sample, words) in entries(picture) {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "<g transform=\"translate({x:.1} {y:.1})\">{sample}<text class=\"k\" x=\"{}\" y=\"3.5\">{words}</text></g>",
            SAMPLE + 7.0
        );
        x += width(words);
    }
}
