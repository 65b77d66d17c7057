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
    if let SyntaxErrorKind::BadCharacter { found } = &error.kind
        && let Some((_, plain)) = lookalike(found)
    {
        let edits = vec![Edit { span: at.span(error.span), text: plain.to_owned() }];
        diagnostic.fix = Some(Fix { title: format!("write `{plain}`"), edits });
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
    match lookalike(found) {
        Some((what, _)) => format!("`{}` is {what}, which is no part of the language", found.escape_debug()),
        None => format!("`{}` is no part of the language", found.escape_debug()),
    }
}

/// What should stand here, and what does. An end is not called a thing that stands somewhere.
fn unexpected(found: &str, expected: &[impl AsRef<str>], context: &str) -> String {
    let words: Vec<&str> = expected.iter().map(AsRef::as_ref).collect();
    let wanted = match words.as_slice() {
        [] => return format!("{found} has no place in {context}"),
        [only] if only.starts_with("the end of the ") => {
            return format!("{} should end before {found}", only.replace("the end of ", ""));
        }
        [only] => (*only).to_owned(),
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    };
    match found.strip_prefix("the end of the ") {
        Some(part) => format!("{wanted} should stand here, but the {part} ends"),
        None => format!("{wanted} should stand here, not {found}"),
    }
}

/// Signs that word processors write for those of the keyboard: what they are called, and which is meant.
fn lookalike(found: &str) -> Option<(&'static str, &'static str)> {
    match found {
        "\u{201c}" | "\u{201d}" | "\u{201e}" | "\u{ab}" | "\u{bb}" => Some(("a typographic quote", "\"")),
        "\u{a0}" | "\u{202f}" | "\u{2007}" | "\u{3000}" => Some(("a no-break blank", " ")),
        "\u{2013}" | "\u{2014}" | "\u{2212}" => Some(("a typographic dash", "-")),
        "\u{ff1a}" => Some(("a wide colon", ":")),
        "\u{ff0c}" => Some(("a wide comma", ",")),
        "\u{ff08}" => Some(("a wide bracket", "(")),
        "\u{ff09}" => Some(("a wide bracket", ")")),
        _ => None,
    }
}

fn rarer_words(kind: &SyntaxErrorKind) -> Words {
    match kind {
        SyntaxErrorKind::Unexpected { found, expected, context } => {
            let message = unexpected(found, expected, context);
            (&index::UNEXPECTED_TOKEN, message, "expected here".to_owned())
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
        SyntaxErrorKind::BadCharacter { found } => {
            lookalike(found).map(|(_, plain)| format!("write `{plain}` as the keyboard has it"))
        }
        SyntaxErrorKind::TemplateBlock { .. } => Some(
            "a block is `{{each x in xs}} … {{end}}` or `{{if condition}} … {{else}} … {{end}}`".to_owned(),
        ),
        SyntaxErrorKind::Unexpected { .. } | SyntaxErrorKind::BadLiteral { .. } => None,
    }
}

const fn partner(bracket: char) -> char {
    match bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}
