//! About tools of MCP servers (FL0602).

use flow_diagnostics::{Diagnostic, Edit, Span, index};
use flow_ir::tool_schema::{Gap, Side, Why};

use super::names;

/// What a tool is called here and there.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) declared: &'a str,
    pub(crate) server: &'a str,
    pub(crate) tool: &'a str,
}

/// FL0602.
pub(crate) fn changed(span: Span, names: Names<'_>, gap: &Gap) -> Diagnostic {
    let Names { declared, server, tool } = names;
    let message = format!("MCP tool `{tool}` of `{server}` is not what `{declared}` says: {gap}");
    let label = match gap.side {
        Side::Arguments => "the server takes something else",
        Side::Reply => "the server answers something else",
    };
    let diagnostic = Diagnostic::new(&index::MCP_TOOL_CHANGED, span, message, label)
        .note(format!("`flow.lock` holds what the server said when it was locked; `flowc lock --update mcp:{server}` asks it again"));
    match (&gap.why, gap.path.as_slice()) {
        (Why::Unknown(known), [name]) => {
            let known = names::plain(known.iter().map(String::as_str));
            match names::closest(name, &known).as_slice() {
                [(only, _)] => diagnostic.help(format!("did you mean `{only}`?")),
                _ => diagnostic.help(format!("leave `{name}` out")),
            }
        }
        _ => diagnostic.help(help(gap)),
    }
}

fn help(gap: &Gap) -> String {
    let name = gap.path.last().map_or("", String::as_str);
    match (&gap.why, gap.side) {
        (Why::Missing, Side::Arguments) => format!("add `{name}`, and pass it where the tool is called"),
        (Why::Optional, Side::Arguments) => format!("declare `{name}` without `?`"),
        (Why::Missing, Side::Reply) => format!("leave `{name}` out, or make it optional with `?`"),
        (Why::Optional | Why::Null, Side::Reply) if name.is_empty() => {
            "make the result optional: `T?`".to_owned()
        }
        (Why::Optional | Why::Null, Side::Reply) => format!("make it optional: `{name}: T?`"),
        (Why::Choice(text), Side::Reply) => format!("add a variant with the wire name \"{text}\""),
        (Why::Choice(text), Side::Arguments) => {
            format!("leave the variant with the wire name \"{text}\" out")
        }
        (Why::Wider(_, taken), _) => format!("declare what the server takes: {taken}"),
        (Why::Kind(..) | Why::Null | Why::Unknown(_) | Why::Untold, _) => {
            "declare it as the server does".to_owned()
        }
    }
}

/// The argument that a server wants and the declaration does not have.
pub(crate) fn is_new_argument(gap: &Gap) -> Option<&str> {
    match (&gap.why, gap.side, gap.path.as_slice()) {
        (Why::Missing, Side::Arguments, [name]) => Some(name),
        _ => None,
    }
}

/// Adds the edit that declares an argument.
pub(crate) fn add_parameter(diagnostic: Diagnostic, at: Span, parameter: &str) -> Diagnostic {
    let edit = Edit { span: at, text: format!(", {parameter}") };
    diagnostic
        .help(format!("add `{parameter}`, and pass it where the tool is called"))
        .fix(format!("add `{parameter}`"), vec![edit])
}
