//! About the text itself (FL0001 to FL0016): what the parser found, in words.

use flow_diagnostics::{Code, Diagnostic, Edit, Fix, index};
use flow_grammar::{SyntaxError, SyntaxErrorKind};

use super::At;

/// A mistake of the text as a diagnostic.
pub(crate) fn syntax(at: At, error: &SyntaxError) -> Diagnostic {
    let (code, message, label) = words(&error.kind);
    let mut diagnostic = Diagnostic::new(code, at.span(error.span), message, label);
    diagnostic.help = help(&error.kind);
    match &error.kind {
        SyntaxErrorKind::UnterminatedText { opened, .. } => {
            diagnostic = diagnostic.also(at.span(*opened), "it opened here");
        }
        SyntaxErrorKind::Unclosed { opened, bracket } => {
            diagnostic = diagnostic.also(at.span(*opened), format!("`{bracket}` opened here"));
        }
        _ => {}
    }
    if let Some(edit) = &error.fix {
        let title = if edit.text.trim().is_empty() {
            "remove it".to_owned()
        } else {
            format!("write `{}`", edit.text.trim())
        };
        let edits = vec![Edit { span: at.span(edit.span), text: edit.text.to_string() }];
        diagnostic.fix = Some(Fix { title, edits });
    }
    diagnostic
}

type Words = (&'static Code, String, String);

fn words(kind: &SyntaxErrorKind) -> Words {
    match kind {
        SyntaxErrorKind::UnknownUnit { unit, .. } => {
            (&index::UNKNOWN_UNIT, format!("I do not know the unit `{unit}`"), "unknown unit".to_owned())
        }
        SyntaxErrorKind::UnterminatedText { is_block, .. } => {
            let what = if *is_block { "`\"\"\"` block" } else { "text" };
            (
                &index::UNTERMINATED_TEXT,
                format!("this {what} never ends"),
                "ends here at the latest".to_owned(),
            )
        }
        SyntaxErrorKind::MixedBody { is_enum } => {
            let message = if *is_enum {
                "`enum` bodies hold variants, not fields"
            } else {
                "`type` bodies hold fields, not variants"
            };
            (&index::MIXED_BODY, message.to_owned(), "does not belong here".to_owned())
        }
        SyntaxErrorKind::Separator { found } => (
            &index::STRAY_SEPARATOR,
            "lines in `{ }` are separated by new lines".to_owned(),
            format!("`{found}` is not needed"),
        ),
        SyntaxErrorKind::EqualsForColon => {
            (&index::EQUALS_FOR_COLON, "settings and fields use `:`".to_owned(), "`=` here".to_owned())
        }
        SyntaxErrorKind::WrongCase { name, wants_upper, .. } => {
            let rule =
                if *wants_upper { "types and variants are UpperCamel" } else { "values are lower_case" };
            (&index::WRONG_CASE, format!("`{name}`: {rule}"), "wrong case".to_owned())
        }
        SyntaxErrorKind::ForeignHabit { found, wanted } => (
            &index::FOREIGN_HABIT,
            format!("`{found}` is `{wanted}` here"),
            "another language's spelling".to_owned(),
        ),
        SyntaxErrorKind::Unclosed { bracket, .. } => (
            &index::UNBALANCED_BRACKET,
            format!("`{bracket}` is never closed"),
            "expected before this".to_owned(),
        ),
        SyntaxErrorKind::Unopened { bracket } => {
            (&index::UNBALANCED_BRACKET, format!("`{bracket}` closes nothing"), "no partner".to_owned())
        }
        SyntaxErrorKind::Unexpected { .. }
        | SyntaxErrorKind::BadCharacter { .. }
        | SyntaxErrorKind::BadLiteral { .. }
        | SyntaxErrorKind::NotAnItem { .. }
        | SyntaxErrorKind::TemplateBlock { .. }
        | SyntaxErrorKind::TooDeep { .. } => rarer_words(kind),
    }
}

/// The decoder puts U+001A where bytes are not UTF-8, one for one.
fn bad_character(found: &str) -> String {
    if found.chars().all(|c| c == '\u{1a}') {
        let bytes = if found.len() == 1 { "this byte is" } else { "these bytes are" };
        return format!("{bytes} not UTF-8");
    }
    format!("`{}` is no part of the language", found.escape_debug())
}

fn rarer_words(kind: &SyntaxErrorKind) -> Words {
    match kind {
        SyntaxErrorKind::Unexpected { found, expected, context } => {
            let wanted = match expected.as_slice() {
                [] => String::new(),
                [only] => format!(", {only} should stand here"),
                [init @ .., last] => format!(", {} or {last} should stand here", init.join(", ")),
            };
            let message = format!("{found} does not go on {context}{wanted}");
            (&index::UNEXPECTED_TOKEN, message, "not here".to_owned())
        }
        SyntaxErrorKind::BadCharacter { found } => {
            (&index::BAD_CHARACTER, bad_character(found), "not understood".to_owned())
        }
        SyntaxErrorKind::BadLiteral { reason } => {
            (&index::BAD_LITERAL, (*reason).to_owned(), "cannot be read".to_owned())
        }
        SyntaxErrorKind::NotAnItem { found, .. } => {
            (&index::NOT_AN_ITEM, format!("`{found}` starts no declaration"), "in column 0".to_owned())
        }
        SyntaxErrorKind::TemplateBlock { reason } => {
            (&index::TEMPLATE_BLOCK, (*reason).to_owned(), "in this template".to_owned())
        }
        SyntaxErrorKind::TooDeep { limit } => {
            (&index::TOO_DEEP, format!("this is nested more than {limit} levels deep"), "too deep".to_owned())
        }
        SyntaxErrorKind::UnknownUnit { .. }
        | SyntaxErrorKind::UnterminatedText { .. }
        | SyntaxErrorKind::MixedBody { .. }
        | SyntaxErrorKind::Separator { .. }
        | SyntaxErrorKind::EqualsForColon
        | SyntaxErrorKind::WrongCase { .. }
        | SyntaxErrorKind::ForeignHabit { .. }
        | SyntaxErrorKind::Unclosed { .. }
        | SyntaxErrorKind::Unopened { .. } => {
            (&index::UNEXPECTED_TOKEN, "this cannot be read".to_owned(), String::new())
        }
    }
}

fn help(kind: &SyntaxErrorKind) -> Option<String> {
    match kind {
        SyntaxErrorKind::UnknownUnit { suggestion, .. } => {
            let units = "units are ms s min h d % tokens USD EUR GBP KB MB GB";
            Some(match suggestion {
                Some(unit) => format!("write `{unit}`; {units}"),
                None => units.to_owned(),
            })
        }
        SyntaxErrorKind::UnterminatedText { is_block, .. } => {
            Some(if *is_block { "close it with `\"\"\"`" } else { "close it with `\"`" }.to_owned())
        }
        SyntaxErrorKind::MixedBody { is_enum } => Some(if *is_enum {
            "fields belong into a `type`".to_owned()
        } else {
            "variants belong into an `enum`".to_owned()
        }),
        SyntaxErrorKind::Separator { found } => Some(format!("remove the `{found}`")),
        SyntaxErrorKind::EqualsForColon => Some("write `:`".to_owned()),
        SyntaxErrorKind::WrongCase { suggestion, .. } => Some(format!("rename it to `{suggestion}`")),
        SyntaxErrorKind::ForeignHabit { wanted, .. } => Some(format!("write `{wanted}`")),
        SyntaxErrorKind::Unclosed { bracket, .. } => Some(format!("close it with `{}`", partner(*bracket))),
        SyntaxErrorKind::Unopened { bracket } => Some(format!("remove the `{bracket}`")),
        SyntaxErrorKind::NotAnItem { suggestion, .. } => Some(match suggestion {
            Some(keyword) => format!("did you mean `{keyword}`?"),
            None => "declarations start with import, type, enum, fn, check, model, prompt, tool, human, resource, split, flow, on, test or eval".to_owned(),
        }),
        SyntaxErrorKind::TooDeep { .. } => Some("give a part of it a name: a `fn` or a node".to_owned()),
        SyntaxErrorKind::Unexpected { .. }
        | SyntaxErrorKind::BadCharacter { .. }
        | SyntaxErrorKind::BadLiteral { .. }
        | SyntaxErrorKind::TemplateBlock { .. } => None,
    }
}

const fn partner(bracket: char) -> char {
    match bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}
