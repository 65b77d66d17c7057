//! About approval, labels and what follows from them (FL05xx, FL06xx, FL07xx).

use flow_diagnostics::{Diagnostic, Edit, Span, index};

/// A labelled value: what declared the label, and where.
pub(crate) struct Held {
    pub(crate) name: String,
    pub(crate) declared: Span,
}

/// An argument that nobody vouches for.
pub(crate) struct Untrusted<'a> {
    pub(crate) span: Span,
    /// As written.
    pub(crate) text: &'a str,
    pub(crate) tool: &'a str,
    /// Where it is used, if that is elsewhere.
    pub(crate) user: Option<Span>,
    pub(crate) way: &'a str,
    /// Where the value comes from.
    pub(crate) from: Option<String>,
}

/// FL0701. `inside` is the way within the flow that the node calls.
pub(crate) fn unapproved(span: Span, node: &str, tool: &str, way: &str, inside: Option<&str>) -> Diagnostic {
    let message = format!("`{node}` is sensitive and can be reached with nobody's approval: {way}");
    let diagnostic = Diagnostic::new(&index::UNAPPROVED, span, message, format!("runs `{tool}`"));
    let diagnostic = match inside {
        Some(inside) => diagnostic.note(format!("it runs `{tool}` inside {inside}")),
        None => diagnostic,
    };
    diagnostic.help("put a `human` with `approves:`, or a `check` that returns `trusted`, on that path")
}

/// FL0701, the second time.
pub(crate) fn approved_once(span: Span, node: &str, tool: &str, way: &str) -> Diagnostic {
    let message = format!("`{node}` can run again with an approval that was already used: {way}");
    Diagnostic::new(&index::UNAPPROVED, span, message, format!("runs `{tool}` again"))
        .note("one approval is good for one run of a sensitive tool")
        .help("lead the way back through the person or the check, or end it with `-> return`")
}

fn about(code: &'static flow_diagnostics::Code, found: &Untrusted<'_>, message: String) -> Diagnostic {
    let label = format!("goes to `{}`, which is sensitive", found.tool);
    let mut diagnostic = Diagnostic::new(code, found.span, message, label);
    if let Some(user) = found.user {
        diagnostic = diagnostic.also(user, "used here");
    }
    if let Some(from) = &found.from {
        diagnostic = diagnostic.note(from.clone());
    }
    diagnostic.note(format!("on the way {}", found.way))
}

/// FL0702.
pub(crate) fn untrusted(found: &Untrusted<'_>) -> Diagnostic {
    let message = format!("`{}` is not trusted here", found.text);
    about(&index::UNTRUSTED_ARGUMENT, found, message).help(format!(
        "show `{}` to the person who approves, or pass the result of a `check` that returns `trusted`",
        found.text
    ))
}

/// FL0702: the value was checked, but it is not the result of the check that is passed.
pub(crate) fn unchecked(found: &Untrusted<'_>, node: &str) -> Diagnostic {
    let message = format!("`{}` is not trusted here", found.text);
    let edits = vec![Edit { span: found.span, text: node.to_owned() }];
    about(&index::UNTRUSTED_ARGUMENT, found, message)
        .help(format!("you checked it in `{node}`: use the result, `{node}`"))
        .fix(format!("use `{node}`"), edits)
}

/// FL0702: in an arm of a split.
pub(crate) fn untrusted_arm(span: Span, tool: &str, param: &str) -> Diagnostic {
    let message = format!("an arm runs `{tool}`, which is sensitive, with a `{param}` that is not trusted");
    Diagnostic::new(&index::UNTRUSTED_ARGUMENT, span, message, "not trusted")
        .help("show it to the person who approves, or pass the result of a `check` that returns `trusted`")
}

/// FL0702: a declaration wants a trusted value.
pub(crate) fn wants_trust(span: Span, name: &str) -> Diagnostic {
    let message = format!("`{name}` is declared `trusted`, and nobody vouches for the value given to it");
    Diagnostic::new(&index::UNTRUSTED_ARGUMENT, span, message, "not trusted")
        .note("literals, answers of a trusted role, results of a `check` that returns `trusted`, and what was shown and approved are trusted")
        .help("pass one of these, or remove `trusted` from the declaration")
}

/// FL0703.
pub(crate) fn approved_other(found: &Untrusted<'_>, human: &str, shown: &str, at: Span) -> Diagnostic {
    let message = if shown == found.text {
        format!("`{human}` did not approve this `{shown}`: it was made again since, or not shown on this way")
    } else {
        format!("`{human}` approved `{shown}`, this sends `{}`", found.text)
    };
    about(&index::APPROVED_OTHER, found, message)
        .also(at, "this was shown")
        .help(format!("ask again with `{}`, or send `{shown}`", found.text))
}

/// FL0704. `from` is the model whose fallback it is.
pub(crate) fn region(
    span: Span,
    held: &Held,
    (name, region): (&str, Option<&str>),
    from: Option<&str>,
    allowed: &[String],
) -> Diagnostic {
    let message = match region {
        Some(region) => format!("`{}` is `pii`; `{name}` is in region `{region}`", held.name),
        None => format!("`{}` is `pii`; `{name}` does not say where it runs", held.name),
    };
    let diagnostic = Diagnostic::new(&index::PII_REGION, span, message, format!("goes to `{name}`"))
        .also(held.declared, "declared `pii` here");
    let diagnostic = match from {
        Some(from) => diagnostic.note(format!("it gets there as fallback of `{from}`")),
        None => diagnostic,
    };
    let regions = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
    diagnostic.help(format!("allowed: {regions} (flow.toml, `[labels.pii]`)"))
}

/// FL0704 of people.
pub(crate) fn blind_role(span: Span, held: &Held, role: &str) -> Diagnostic {
    let message = format!("`{}` is `pii`; role `{role}` may not see it", held.name);
    Diagnostic::new(&index::PII_REGION, span, message, format!("shown to `{role}`"))
        .also(held.declared, "declared `pii` here")
        .help(format!("flow.toml, `[roles]`: `{role} = {{ sees = [\"pii\"] }}`, or show something else"))
}

/// FL0705.
pub(crate) fn secret(span: Span, held: &Held, what: &str) -> Diagnostic {
    let message = format!("a secret would end up in {what}");
    Diagnostic::new(&index::SECRET_LEAVES, span, message, format!("holds `{}`", held.name))
        .also(held.declared, "declared `secret` here")
        .help("secrets may only be settings of tools and models: `auth: vault(\"…\")`")
}

/// FL0706.
pub(crate) fn shared(span: Span, held: &Held, resource: &str) -> Diagnostic {
    let message = format!("`{}` is `pii`, and `{resource}` is shared between tenants", held.name);
    Diagnostic::new(&index::PII_SHARED, span, message, format!("kept in `{resource}`"))
        .also(held.declared, "declared `pii` here")
        .help("remove `shared: true`, or redact it with a check: `check redact(note: pii text): text`")
}

/// FL0516.
pub(crate) fn untrusted_system(span: Span, name: &str, call: Option<Span>) -> Diagnostic {
    let message = format!("untrusted text in the `system` message: `{name}`");
    let diagnostic = Diagnostic::new(&index::UNTRUSTED_SYSTEM, span, message, "may hold instructions")
        .note("a model obeys its system message, and nobody vouches for this text")
        .help(format!("move `{{{{{name}}}}}` to `user`"));
    match call {
        Some(call) => diagnostic.also(call, "given here"),
        None => diagnostic,
    }
}
