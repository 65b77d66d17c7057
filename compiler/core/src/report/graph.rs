//! FL02xx: the shape of a flow.

use flow_diagnostics::{Diagnostic, Edit, index};
use flow_grammar::Span;
use flow_grammar::ast::{Flow, Name, Node};

use super::At;
use crate::graph::listed;

/// FL0004, for the names of a flow. `was` says what the name is already.
pub(crate) fn two_things(at: At, name: &Name, first: &Name, was: &str) -> Diagnostic {
    let message = format!("`{}` names two things in this flow", name.text);
    Diagnostic::new(&index::DUPLICATE_NAME, at.span(name.span), message, "given here again")
        .also(at.span(first.span), "first given here")
        .help(format!("it is also {was}; rename one"))
}

/// FL0201.
pub(crate) fn dead_end(at: At, node: &Node) -> Diagnostic {
    let message = format!("node `{}` goes nowhere", node.name.text);
    let label =
        if node.edges.is_empty() { "no arrow leaves this node" } else { "only errors leave this node" };
    Diagnostic::new(&index::DEAD_END, at.span(node.name.span), message, label)
        .note("a run that gets here could neither go on nor end")
        .help("add `-> next`, `-> return …` or `-> fail …`")
}

/// FL0202.
pub(crate) fn unknown_node(at: At, name: &Name, near: Option<&str>, nodes: &[String]) -> Diagnostic {
    let message = format!("there is no node `{}` in this flow", name.text);
    let span = at.span(name.span);
    let diagnostic = Diagnostic::new(&index::UNKNOWN_NODE, span, message, "this arrow leads nowhere");
    match near {
        Some(near) => {
            let edit = Edit { span, text: near.to_owned() };
            diagnostic.help(format!("did you mean `{near}`?")).fix(format!("go to `{near}`"), vec![edit])
        }
        None if nodes.is_empty() => diagnostic.help(format!("add `node {} = …`", name.text)),
        None => diagnostic.help(format!("nodes here are {}", listed(nodes, "and"))),
    }
}

/// FL0203. `from` is a node that does lead here, but is not reached either.
pub(crate) fn unreachable_node(at: At, name: &Name, from: Option<&str>) -> Diagnostic {
    let message = format!("nothing leads to `{}`", name.text);
    let label = match from {
        Some(from) => format!("only `{from}` leads here, and nothing leads there"),
        None => "no arrow names this node".to_owned(),
    };
    Diagnostic::new(&index::UNREACHABLE_NODE, at.span(name.span), message, label)
        .note("a node that is never reached never runs, so it protects nothing")
        .help(format!("add `-> {}` where it should run, or delete it", name.text))
}

/// Why an edge is never taken.
#[derive(Debug)]
pub(crate) enum WhyDead {
    /// An edge above takes all that comes.
    Behind {
        /// That edge.
        taker: Span,
        /// Its line.
        line: u32,
    },
    /// The edges above take every case of a value.
    Covered {
        /// The value.
        path: String,
    },
    /// Its condition cannot hold here.
    Contradicts {
        /// The value it tests.
        path: String,
        /// What the value can still be.
        left: Vec<String>,
    },
}

/// FL0204.
pub(crate) fn dead_edge(at: At, edge: Span, why: &WhyDead) -> Diagnostic {
    let message = "this edge is never taken";
    let report = |label: String| Diagnostic::new(&index::DEAD_EDGE, at.span(edge), message, label);
    match why {
        WhyDead::Behind { taker, line } => report(format!("line {line} takes every run before it gets here"))
            .also(at.span(*taker), "already taken here")
            .help(format!("move it up, or give line {line} a condition")),
        WhyDead::Covered { path } => report(format!("the edges above take every case of `{path}`"))
            .help("delete it, or make one of them narrower"),
        WhyDead::Contradicts { path, left } if left.is_empty() => {
            report(format!("`{path}` can be nothing else here")).help("delete it")
        }
        WhyDead::Contradicts { path, left } => {
            report(format!("here `{path}` can only be {}", listed(left, "or")))
                .help("delete it, or test something else")
        }
    }
}

/// What falls through the edges of a node.
#[derive(Debug)]
pub(crate) enum Gap {
    /// Cases of a value.
    Cases {
        /// The value.
        path: String,
        /// Its cases that no edge takes.
        left: Vec<String>,
    },
    /// The last edge has only a `max`.
    UsedUp {
        /// That edge as written.
        edge: String,
    },
    /// The last edge has a condition that says nothing about cases.
    Condition {
        /// It, as written.
        text: String,
    },
}

/// FL0205. `node` is the place, `last` its last normal edge.
pub(crate) fn not_exhaustive(at: At, node: Span, last: Span, gap: &Gap) -> Diagnostic {
    let (message, label, help) = match gap {
        Gap::Cases { path, left } => {
            let (first, rest) = (left.first().map_or("", String::as_str), left.len() > 1);
            let cases = listed(left, "or");
            let takes = if rest { "no edge takes them" } else { "no edge takes it" };
            let message = format!("`{path}` may be {cases} and {takes}");
            let help = format!("add `-> … when {path} is {first}`, or an edge without a condition last");
            (message, "the last arrow is not always taken", help)
        }
        Gap::UsedUp { edge } => {
            let message = format!("`{edge}` may be used up and no edge is left");
            (
                message,
                "not taken again when it was taken so often",
                "add an edge without `max` last".to_owned(),
            )
        }
        Gap::Condition { text } => {
            let message = format!("no edge is taken when `{text}` does not hold");
            (message, "the last arrow has a condition", "add an edge without a condition last".to_owned())
        }
    };
    Diagnostic::new(&index::NOT_EXHAUSTIVE, at.span(last), message, label)
        .also(at.span(node), "every run that gets here must go on")
        .help(help)
}

/// FL0206. `offer` is what the edge could pass.
pub(crate) fn edge_arguments(
    at: At,
    target: Span,
    node: &Node,
    passed: usize,
    offer: Option<&str>,
) -> Diagnostic {
    let params: Vec<String> = node.params.iter().flatten().map(|param| param.name.text.to_string()).collect();
    let passes = match passed {
        0 => "nothing".to_owned(),
        1 => "1 value".to_owned(),
        n => format!("{n} values"),
    };
    let name = &node.name.text;
    let message = match params.len() {
        0 => format!("`{name}` takes nothing, this edge passes {passes}"),
        _ => format!("`{name}` takes `({})`, this edge passes {passes}", params.join(", ")),
    };
    let span = at.span(target);
    let diagnostic = Diagnostic::new(&index::EDGE_ARGUMENTS, span, message, format!("passes {passes}"))
        .also(at.span(node.name.span), "declared here");
    match offer {
        Some(value) => {
            let text = format!("{name}({value})");
            let help = format!("`-> {text}`?");
            diagnostic.help(help).fix(format!("pass `{value}`"), vec![Edit { span, text }])
        }
        None if params.is_empty() => {
            let text = name.to_string();
            diagnostic.help(format!("`-> {text}`")).fix("pass nothing", vec![Edit { span, text }])
        }
        None => diagnostic.help(format!("write `-> {name}({})` with a value for each", params.join(", "))),
    }
}

/// FL0207. `body` is the gap behind the opening brace.
pub(crate) fn no_start(at: At, flow: &Flow, first: Option<&Name>, body: Span) -> Diagnostic {
    let message = format!("flow `{}` never says where it starts", flow.name.text);
    let span = at.span(flow.name.span);
    let diagnostic =
        Diagnostic::new(&index::NO_START, span, message, "no arrow stands before the first node");
    match first {
        Some(first) => {
            let text = format!("\n  -> {}\n", first.text);
            let help = format!("put `-> {}` first in the body", first.text);
            let edit = Edit { span: at.span(body), text };
            diagnostic.help(help).fix(format!("start at `{}`", first.text), vec![edit])
        }
        None => diagnostic.help("put an arrow first in the body: `-> return …`, or one to a node"),
    }
}

/// FL0209. `arrow` leads from the handler to the main line.
pub(crate) fn handler_loop(at: At, arrow: Span, (handler, entry): (&str, &str)) -> Diagnostic {
    let message = format!("the error handler `{handler}` leads back into the flow at `{entry}`");
    Diagnostic::new(&index::HANDLER_LOOP, at.span(arrow), message, "from here the flow starts over")
        .note("nodes behind a handler have no handler themselves, so this one protects nothing")
        .help("end the handler with `-> return …` or `-> fail …`")
}

/// FL0210.
pub(crate) fn never_returns(at: At, flow: &Flow, ret: &str, fails: Option<Span>) -> Diagnostic {
    let message = format!("flow `{}` can never return `{ret}`", flow.name.text);
    let label = match fails {
        Some(_) => "every way through it ends in `fail`",
        None => "no way through it ends",
    };
    let diagnostic = Diagnostic::new(&index::NEVER_RETURNS, at.span(flow.name.span), message, label);
    let diagnostic =
        fails.into_iter().fold(diagnostic, |diagnostic, span| diagnostic.also(at.span(span), "fails here"));
    diagnostic.help("add `-> return …` to one of them, or declare no result")
}

/// FL0213. `lost` are the nodes whose errors are not handled any more.
pub(crate) fn handler_shared(
    at: At,
    arrow: Span,
    (handler, entry): (&str, &str),
    lost: &[String],
) -> Diagnostic {
    let message =
        format!("the error handler `{handler}` goes on at `{entry}`, which the main line reaches too");
    let shown = lost.get(..lost.len().min(6)).unwrap_or(lost);
    let more = if lost.len() > shown.len() {
        format!(" and {} more", lost.len() - shown.len())
    } else {
        String::new()
    };
    let joined = if more.is_empty() { listed(shown, "and") } else { listed(shown, ",").replace(" , ", ", ") };
    Diagnostic::new(&index::HANDLER_SHARED, at.span(arrow), message, "joins the main line here")
        .note(format!(
            "errors of {joined}{more} are not handled by the header: a handler does not handle itself"
        ))
        .help("end the handler with `-> return …` or `-> fail …`, or give these nodes edges of their own")
}
