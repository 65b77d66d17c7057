//! `flow/graph`: the picture beside the text.

use flow_ide::position::Lines;
use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::{Position, Range, Uri};

use crate::convert;
use crate::desk::Desk;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GraphParams {
    /// The document.
    uri: Uri,
    /// The cursor; without it and without `flow`, the first flow of the document.
    position: Option<Position>,
    /// The name of a flow.
    flow: Option<String>,
}

/// A picture.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Drawn {
    /// The flow's name.
    flow: String,
    /// `None` while the file or what it imports has errors: the last picture is still the best there is.
    svg: Option<String>,
    /// Where each node stands.
    nodes: Vec<DrawnNode>,
}

#[derive(Debug, Serialize)]
struct DrawnNode {
    name: String,
    range: Range,
}

pub(crate) fn draw(desk: &mut Desk, params: &GraphParams) -> Option<Drawn> {
    let encoding = desk.encoding;
    let (_, view) = desk.view(&params.uri)?;
    let text = view.text();
    let lines = Lines::of(text);
    let symbols = flow_ide::outline(&view);
    let is_flow = |symbol: &&flow_ide::Symbol| symbol.kind == Some(flow_ide::Kind::Flow);
    let at_cursor = params.position.and_then(|position| {
        flow_ide::flow_at(&view, lines.offset(text, convert::position(position), encoding))
    });
    let first = || symbols.iter().find(is_flow).map(|symbol| symbol.name.clone());
    let flow = params.flow.clone().or(at_cursor).or_else(first)?;
    let symbol = symbols.iter().filter(is_flow).find(|symbol| symbol.name == flow)?;
    let nodes = symbol.children.iter().map(|node| DrawnNode {
        name: node.name.clone(),
        range: convert::range(text, &lines, node.name_span, encoding),
    });
    let nodes = nodes.collect();
    let svg = view.analysis.bundle.as_ref().and_then(|bundle| desk.host.graph(bundle, &flow));
    Some(Drawn { flow, svg, nodes })
}
