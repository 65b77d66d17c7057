//! `// flow:allow unused-parameter "reason"`: silences a warning or hint on its line or the next.

use flow_diagnostics::{Diagnostic, FileId, Severity, index};
use flow_grammar::Trivia;

use crate::report::{self, At};

/// Takes out the diagnostics that comments of this file silence; FL0026 and FL0027 for comments that do not.
pub(super) fn apply(file: FileId, text: &str, trivia: &Trivia, diagnostics: &mut Vec<Diagnostic>) {
    let mut found = Vec::new();
    for comment in &trivia.comments {
        let span = At(file).span(comment.span);
        let written = text.get(comment.span.range()).unwrap_or("").trim_start_matches('/').trim();
        let Some(rest) = written.strip_prefix("flow:allow") else { continue };
        let (code, reason) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
        let Some(code_row) = index::find(code) else {
            found.push(report::names::bad_allow(span, format!("there is no warning `{code}`")));
            continue;
        };
        if code_row.severity == Severity::Error {
            found
                .push(report::names::bad_allow(span, format!("`{code}` is an error and cannot be silenced")));
            continue;
        }
        let reason = reason.trim();
        let is_quoted = reason.len() > 2 && reason.starts_with('"') && reason.ends_with('"');
        if !is_quoted {
            found.push(report::names::bad_allow(span, format!("`{code}` is silenced without a reason")));
            continue;
        }
        let before = diagnostics.len();
        let (start, end) = covered(text, comment.span.end as usize);
        diagnostics.retain(|diagnostic| {
            let at = diagnostic.primary.span;
            let is_here = at.file == file && (start..=end).contains(&(at.start as usize));
            !(is_here && diagnostic.code.number == code_row.number)
        });
        if diagnostics.len() == before {
            found.push(report::names::unused_allow(span, code));
        }
    }
    diagnostics.extend(found);
}

/// The line of an offset and the next line that holds more than a comment.
fn covered(text: &str, offset: usize) -> (usize, usize) {
    let start = text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let mut end = offset;
    let mut lines = text.get(offset..).unwrap_or("").split_inclusive('\n');
    end += lines.next().map_or(0, str::len);
    for line in lines {
        end += line.len();
        let code = line.trim();
        if !code.is_empty() && !code.starts_with("//") {
            break;
        }
    }
    (start, end.saturating_sub(1))
}
