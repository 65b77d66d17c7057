//! FL05xx: what fits a model, and what its provider can be told.

use flow_diagnostics::{Diagnostic, Span, index};

use super::bounds::{grouped, rounded};

/// A part of a request.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// `app.statement`.
    pub(crate) name: String,
    /// Tokens of the model.
    pub(crate) tokens: u64,
    /// Where its bound would be written.
    pub(crate) declared: Option<Span>,
}

/// FL0505. `sent`, `answered` and `holds` in tokens of the model.
pub(crate) fn window_too_small(
    call: Span,
    model: (&str, Option<&str>),
    (sent, answered, holds): (u64, u64, u64),
    largest: Option<&Part>,
) -> Diagnostic {
    let (model, of) = model;
    let of = of.map_or_else(String::new, |first| format!(", a fallback of `{first}`,"));
    let message = format!(
        "up to {} tokens may be sent and {} answered; `{model}`{of} holds {}",
        grouped(sent),
        grouped(answered),
        grouped(holds)
    );
    let diagnostic = Diagnostic::new(&index::WINDOW_TOO_SMALL, call, message, "may not fit");
    let Some(part) = largest else {
        return diagnostic.help("send less, or ask a model that holds more");
    };
    let (name, tokens) = (&part.name, grouped(part.tokens));
    let help = format!("largest: `{name}` with {tokens} tokens: bound it, or ask a model that holds more");
    match part.declared {
        Some(declared) => diagnostic.help(help).also(declared, "the largest part"),
        None => diagnostic.help(help),
    }
}

/// FL0506. `cost` is of one attempt.
pub(crate) fn unbounded_text(declared: Span, name: &str, cost: Option<&str>, call: Span) -> Diagnostic {
    let message = match cost {
        Some(cost) => format!("`{name}` is unbounded, so each attempt may cost {cost}"),
        None => format!("`{name}` is unbounded, so each attempt may fill the model's window"),
    };
    let diagnostic = Diagnostic::new(&index::UNBOUNDED_TEXT, declared, message, "any number of tokens")
        .help("bound it, as in `text in ..4k tokens`, or pass less: `.cut(4k tokens)`, `.take(4k tokens)`");
    if call == declared { diagnostic } else { diagnostic.also(call, "sent from here") }
}

/// FL0507. In tokens.
pub(crate) fn output_too_small(span: Span, ty: &str, needs: u64, output: u64) -> Diagnostic {
    let message = format!(
        "`{ty}` needs about {} tokens, `output` allows {}: the JSON may be cut off",
        grouped(needs),
        grouped(output)
    );
    Diagnostic::new(&index::OUTPUT_TOO_SMALL, span, message, "may be too short for the largest answer")
        .help(format!("raise it to `output: {} tokens`, or bound the texts of `{ty}`", rounded(needs)))
}

/// FL0508.
pub(crate) fn no_wire_form(span: Span, provider: &str, place: &str, what: &str, model: Span) -> Diagnostic {
    let message = match place {
        "" => format!("{provider} cannot express {what}"),
        place => format!("{provider} cannot express {what}, the type of `{place}`"),
    };
    let help = match what {
        "`map`" => "use a list of records with the key as a field: `list(Entry)`",
        "`json`" => "declare what it holds as a type, or take it as `text`",
        _ => "answer with less at once: split the prompt, or make the type smaller",
    };
    Diagnostic::new(&index::NO_WIRE_FORM, span, message, "the provider would refuse the request")
        .also(model, "asked here")
        .help(help)
}

/// FL0509.
pub(crate) fn not_enforced(
    span: Span,
    provider: &str,
    (place, range): (&str, &str),
    more: usize,
) -> Diagnostic {
    let others = if more > 0 { format!(" and {more} more") } else { String::new() };
    let of = if place.is_empty() { String::new() } else { format!(" of `{place}`") };
    let message = format!(
        "{provider} does not enforce `{range}`{of}{others} on the wire; it is checked after the answer"
    );
    Diagnostic::new(&index::NOT_ENFORCED, span, message, "the model is told in words")
        .note("an answer outside of it is `Invalid`, or is repaired where the prompt says `repair`")
}
