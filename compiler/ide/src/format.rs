//! Formatting as edits of whole lines, so that what is right keeps its cursor and its marks.

use flow_grammar::Span;
use similar::{ChangeTag, TextDiff};

use crate::Change;
use crate::package::View;
use crate::walk;

/// The edits that make a file look as it should; with a range, those that touch its lines.
#[must_use]
pub fn format(view: &View, range: Option<Span>) -> Vec<Change> {
    let before = view.text();
    let is_windows = before.contains("\r\n");
    let after = if is_windows {
        flow_grammar::format(&before.replace("\r\n", "\n")).replace('\n', "\r\n")
    } else {
        flow_grammar::format_parsed(before, &view.parsed)
    };
    let mut changes = differences(&view.path, before, &after);
    if let Some(range) = range {
        changes.retain(|change| change.span.start <= range.end && range.start <= change.span.end);
    }
    changes
}

/// The edits of the declaration around an offset: what typing its closing bracket does.
#[must_use]
pub fn format_item(view: &View, offset: u32) -> Vec<Change> {
    let item = walk::item_at(&view.parsed.file, offset).map(|item| item.span);
    item.map(|span| format(view, Some(span))).unwrap_or_default()
}

fn differences(path: &str, before: &str, after: &str) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let mut at = 0_u32;
    let mut open: Option<Change> = None;
    for change in TextDiff::from_lines(before, after).iter_all_changes() {
        let length = u32::try_from(change.value().len()).unwrap_or(u32::MAX);
        if change.tag() == ChangeTag::Equal {
            changes.extend(open.take());
            at += length;
            continue;
        }
        let edit = open.get_or_insert_with(|| Change {
            path: path.to_owned(),
            span: Span::new(at, at),
            text: String::new(),
        });
        if change.tag() == ChangeTag::Delete {
            at += length;
            edit.span.end = at;
        } else {
            edit.text.push_str(change.value());
        }
    }
    changes.extend(open);
    changes
}
