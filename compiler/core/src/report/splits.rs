//! About splits (FL0801 to FL0803).

use flow_diagnostics::{Diagnostic, Edit, Span, index};

/// FL0801. `rest` is the place of the last share and what would make the sum right, if that is possible.
pub(crate) fn shares(span: Span, split: &str, sum: &str, rest: Option<(Span, String)>) -> Diagnostic {
    let message = format!("the shares of `{split}` add up to {sum}");
    let diagnostic = Diagnostic::new(&index::SHARES, span, message, "every call takes exactly one arm");
    match rest {
        Some((place, share)) => diagnostic
            .help(format!("make them 100 % together: with `{share}` here they are"))
            .also(place, "the last arm")
            .fix(format!("give the last arm `{share}`"), vec![Edit { span: place, text: share }]),
        None => diagnostic.help("make them 100 % together"),
    }
}

/// FL0802. `key` is an expression that may be meant, and `first` where the first line of the split begins.
pub(crate) fn no_key(span: Span, split: &str, key: Option<&str>, first: Option<Span>) -> Diagnostic {
    let message = format!("`{split}` has no `key`: the same customer would flip between its arms");
    let diagnostic = Diagnostic::new(&index::NO_SPLIT_KEY, span, message, "who stays on an arm?");
    let diagnostic = diagnostic.help(format!("`key: {}`", key.unwrap_or("ticket.customer")));
    match (key, first) {
        (Some(key), Some(first)) => {
            let edit = Edit { span: Span { end: first.start, ..first }, text: format!("key: {key}\n  ") };
            diagnostic.fix(format!("add `key: {key}`"), vec![edit])
        }
        _ => diagnostic,
    }
}

/// FL0803. `what` is what the shadow would do: ``calls `crm.save` ``.
pub(crate) fn shadow_writes(span: Span, arm: &str, what: &str) -> Diagnostic {
    let message = format!("a shadow arm only watches, and `{arm}` {what}");
    Diagnostic::new(&index::SHADOW_WRITES, span, message, "would be done a second time")
        .note("its result is recorded and thrown away, so nobody would see what it did")
        .help("shadow a prompt, or a flow that only reads")
}
