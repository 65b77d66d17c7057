//! One JSON object a diagnostic, for editors and scripts. The shape is stable: fields are only added.

use serde_json::{Value, json};

use crate::{Diagnostic, Label, SourceMap, Span};

/// The diagnostic as a JSON object with lines and columns from 1 and byte offsets from 0.
#[must_use]
pub fn to_json(diagnostic: &Diagnostic, sources: &SourceMap) -> Value {
    let secondary: Vec<Value> = diagnostic.secondary.iter().map(|label| label_json(label, sources)).collect();
    json!({
        "code": diagnostic.code.number,
        "name": diagnostic.code.name,
        "severity": diagnostic.severity.text(),
        "message": diagnostic.message,
        "at": label_json(&diagnostic.primary, sources),
        "related": secondary,
        "notes": diagnostic.notes,
        "help": diagnostic.help,
        "fix": diagnostic.fix.as_ref().map(|fix| json!({
            "title": fix.title,
            "edits": fix.edits.iter().map(|edit| json!({
                "place": place_json(edit.span, sources),
                "text": edit.text,
            })).collect::<Vec<_>>(),
        })),
    })
}

fn label_json(label: &Label, sources: &SourceMap) -> Value {
    json!({ "place": place_json(label.span, sources), "text": label.text })
}

fn place_json(span: Span, sources: &SourceMap) -> Value {
    let Some(file) = sources.get(span.file) else {
        return Value::Null;
    };
    let start = file.line_column(span.start);
    let end = file.line_column(span.end);
    json!({
        "file": file.path,
        "start": { "line": start.line, "column": start.column, "offset": span.start },
        "end": { "line": end.line, "column": end.column, "offset": span.end },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::to_json;
    use crate::{Diagnostic, Edit, SourceMap, Span, index};

    #[test]
    fn places_count_lines_and_characters_from_one_and_bytes_from_zero() {
        let mut sources = SourceMap::default();
        let file = sources.add("main.flow", "// ä𝄞\nflow\n");
        let span = Span { file, start: 10, end: 14 };
        let edit = Edit { span, text: "fn".to_owned() };
        let diagnostic = Diagnostic::new(&index::NO_START, span, "m", "l").fix("write `fn`", vec![edit]);
        let place = json!({
            "file": "main.flow",
            "start": { "line": 2, "column": 1, "offset": 10 },
            "end": { "line": 2, "column": 5, "offset": 14 },
        });
        let found = to_json(&diagnostic, &sources);
        assert_eq!(found["at"], json!({ "place": place, "text": "l" }));
        assert_eq!(found["fix"]["edits"][0], json!({ "place": place, "text": "fn" }));
        assert_eq!((&found["code"], &found["severity"]), (&json!("FL0207"), &json!("error")));
    }
}
