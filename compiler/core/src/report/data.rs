//! FL03xx: values and who reads them.

use flow_diagnostics::{Diagnostic, index};
use flow_grammar::Span;
use flow_grammar::ast::Name;

use super::At;
use crate::graph::Use;

/// FL0301. `owner` is the node whose parameter it is; `user` the node that reads, `made` where the value would be
/// made; `way` avoids that.
pub(crate) fn not_assigned(
    at: At,
    read: &Use,
    owner: Option<&str>,
    (user, made): (&str, Span),
    way: Option<&str>,
) -> Diagnostic {
    let name = &read.name;
    let what = match owner {
        Some(owner) => {
            format!("`{name}` is a parameter of `{owner}`, which may not have run when `{user}` uses it")
        }
        None => format!("`{name}` may not have run when `{user}` uses it"),
    };
    let message = way.map_or_else(|| what.clone(), |way| format!("{what}: {way}"));
    let help = match owner {
        Some(owner) => format!("pass it on the edge, or move the use behind `{owner}`"),
        None => format!("pass it on the edge, or move the use behind `{name}`"),
    };
    Diagnostic::new(&index::NOT_ASSIGNED, at.span(read.span), message, "not every way here has produced it")
        .also(at.span(made), "produced here")
        .help(help)
}

/// FL0301: the work of a node reads the node's own result.
pub(crate) fn own_result(at: At, read: Span, name: &str) -> Diagnostic {
    let message = format!("`{name}` is what this node will produce, so it has no value yet");
    Diagnostic::new(&index::NOT_ASSIGNED, at.span(read), message, "used before it is produced")
        .help("give the node a parameter, and pass the last result on the edge that comes back")
}

/// FL0302. `fails_here`: on an error edge of the node itself.
pub(crate) fn failed_value(
    at: At,
    read: Span,
    name: &str,
    fails_here: bool,
    way: Option<&str>,
) -> Diagnostic {
    let what = match fails_here {
        true => format!("`{name}` failed on this edge, so it has no value"),
        false => format!("`{name}` may have failed on the way here, so it may have no value"),
    };
    let message = match way.filter(|_| !fails_here) {
        Some(way) => format!("{what}: {way}"),
        None => what,
    };
    Diagnostic::new(&index::FAILED_VALUE, at.span(read), message, "no value after an error")
        .help("use `error.message`, or pass something else")
}

/// FL0303.
pub(crate) fn unused_node(at: At, name: &Name) -> Diagnostic {
    let message = format!("nothing uses `{}`, and it changes nothing", name.text);
    Diagnostic::new(&index::UNUSED_NODE, at.span(name.span), message, "its value is never read")
        .help(format!("remove the node, or use `{}`", name.text))
}

/// FL0304. `value` is what stands behind `else`.
pub(crate) fn swallowed_error(value: flow_diagnostics::Span) -> Diagnostic {
    let message = "`else` also answers for `Denied`: a wrong token will look like this value";
    Diagnostic::new(&index::SWALLOWED_ERROR, value, message, "taken for every error")
        .help("take the errors you mean on an arrow: `-> … on Timeout, Overload`")
}

/// FL0305.
pub(crate) fn unused_parameter(at: At, name: &Name) -> Diagnostic {
    let message = format!("parameter `{}` is never used", name.text);
    Diagnostic::new(&index::UNUSED_PARAMETER, at.span(name.span), message, "never read")
        .help("remove it, or use it")
}

/// FL0306: a node on a loop.
pub(crate) fn unread_on_loop(at: At, name: &Name) -> Diagnostic {
    let message = format!("`{}` runs in a loop, and nothing reads its value", name.text);
    Diagnostic::new(
        &index::UNREAD_ON_LOOP,
        at.span(name.span),
        message,
        "produced in every round, never read",
    )
    .note("a loop that does not use its last result repeats the same work")
    .help(format!("pass `{}` on an edge, or use it", name.text))
}

/// FL0306: part of a person's answer.
pub(crate) fn unread_answer(at: At, node: &Name, variant: &str, field: &str) -> Diagnostic {
    let message = format!("who answers `{variant}` gives a `{field}`, and nothing reads it");
    Diagnostic::new(
        &index::UNREAD_ON_LOOP,
        at.span(node.span),
        message,
        format!("no use of `{}.{field}`", node.text),
    )
    .help(format!("use `{}.{field}` behind `when {} is {variant}`, or drop the field", node.text, node.text))
}
