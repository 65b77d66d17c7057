//! Markdown on a terminal: headings bold, code coloured, everything else as it is written.

use crate::terminal::{BOLD, DIM, NAME, paint};

/// The page with styles.
pub(super) fn styled(page: &str) -> String {
    let mut text = String::new();
    let mut in_code = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            continue;
        }
        text.push_str(&if in_code { code(line) } else { prose(line) });
        text.push('\n');
    }
    text
}

fn code(line: &str) -> String {
    match line.split_once("//") {
        Some((before, comment)) => {
            format!("    {}{}", paint(NAME, before), paint(DIM, format!("//{comment}")))
        }
        None => format!("    {}", paint(NAME, line)),
    }
}

fn prose(line: &str) -> String {
    if line.starts_with('#') {
        return paint(BOLD, line.trim_start_matches('#').trim_start());
    }
    // Every second piece stands between backticks. An odd one out is no code.
    let pieces: Vec<&str> = line.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return line.to_owned();
    }
    let style = |(at, piece): (usize, &&str)| {
        if at % 2 == 1 { paint(NAME, format!("`{piece}`")) } else { (*piece).to_owned() }
    };
    pieces.iter().enumerate().map(style).collect()
}
