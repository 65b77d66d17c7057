//! `"""` blocks: the text keeps its inner shape and moves with the line that holds it.

use crate::lexer::{BLANKS, is_blank};

/// Prints a block, given with its quotes, for a line that is `indent` blanks in.
///
/// The text stands two blanks further in than the line, the closing quotes under it.
pub(super) fn reindent(block: &str, indent: usize) -> String {
    let mut lines: Vec<&str> =
        block.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let (Some(last), true) = (lines.pop(), !lines.is_empty()) else { return block.to_owned() };
    let closes_alone = last.trim_start_matches([' ', '\t']) == "\"\"\"";
    let first = lines.first().copied().unwrap_or_default();
    let inner = lines.get(1..).unwrap_or_default();
    let counted = inner.iter().copied().chain((!closes_alone).then_some(last));
    let common = common_indent(counted.filter(|line| !is_blank(line)));
    let mut out =
        if first.trim_end_matches(BLANKS) == "\"\"\"" { "\"\"\"".to_owned() } else { first.to_owned() };
    for line in inner {
        push_line(&mut out, line, common, indent);
    }
    if closes_alone {
        out.push('\n');
        out.push_str(&" ".repeat(indent));
        out.push_str("\"\"\"");
    } else {
        push_line(&mut out, last, common, indent);
    }
    out
}

fn push_line(out: &mut String, line: &str, common: usize, indent: usize) {
    out.push('\n');
    if !is_blank(line) {
        out.push_str(&" ".repeat(indent + 2));
        out.push_str(line.get(common..).unwrap_or_default());
    }
}

/// Length of the blanks that all lines begin with.
fn common_indent<'l>(lines: impl Iterator<Item = &'l str>) -> usize {
    let blanks = lines.map(|line| {
        let length = line.len() - line.trim_start_matches([' ', '\t']).len();
        line.get(..length).unwrap_or_default()
    });
    let common = blanks.reduce(|left, right| {
        let same = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count();
        left.get(..same).unwrap_or_default()
    });
    common.map_or(0, str::len)
}
