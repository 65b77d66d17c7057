//! What a server offers: `tools/list`, page by page.

use std::collections::{BTreeMap, BTreeSet};

use flow_ir::tool_schema::ToolSchema;
use serde_json::{Value, json};

use super::{Broken, Connection, McpCall};

/// Pages of one list; a server that never ends it is broken.
const MOST_PAGES: usize = 100;

/// What a server offers.
#[derive(Clone, PartialEq, Debug)]
pub struct Listing {
    /// What it calls itself: name and version.
    pub about: String,
    /// In the server's order.
    pub tools: Vec<ListedTool>,
}

/// A tool of a server, as it describes it.
#[derive(Clone, PartialEq, Debug)]
pub struct ListedTool {
    /// As the server names it.
    pub name: String,
    /// For models; may be empty.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input: Value,
    /// JSON Schema of its structured answer, if it says so.
    pub output: Option<Value>,
    /// Whether it claims to change nothing. A claim is no proof.
    pub reads: bool,
}

impl ListedTool {
    /// What it takes and answers.
    #[must_use]
    pub fn schema(&self) -> ToolSchema {
        ToolSchema::new(&self.input, self.output.as_ref())
    }
}

/// `name version` of a server, from its answer to `initialize`.
pub(super) fn about(initialized: &Value) -> String {
    let info = initialized.get("serverInfo");
    let word = |key: &str| info.and_then(|info| info.get(key)?.as_str()).unwrap_or_default();
    format!("{} {}", word("name"), word("version")).trim().to_owned()
}

/// All tools of a server.
pub(super) async fn tools(connection: &mut Connection, timeout_ms: u64) -> Result<Vec<ListedTool>, Broken> {
    let mut found = Vec::new();
    let mut params = json!({});
    for _ in 0..MOST_PAGES {
        let page = connection.request("tools/list", params, timeout_ms).await?;
        let tools = page.get("tools").and_then(Value::as_array);
        let tools = tools.ok_or_else(|| Broken::Lost("lists no `tools`".to_owned()))?;
        found.extend(tools.iter().filter_map(listed));
        match page.get("nextCursor").and_then(Value::as_str) {
            Some(cursor) => params = json!({ "cursor": cursor }),
            None => return Ok(found),
        }
    }
    Err(Broken::Lost(format!("lists its tools on more than {MOST_PAGES} pages")))
}

fn listed(tool: &Value) -> Option<ListedTool> {
    let text = |key: &str| tool.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(ListedTool {
        name: tool.get("name")?.as_str()?.to_owned(),
        description: text("description"),
        input: tool.get("inputSchema").cloned().unwrap_or_else(|| json!({ "type": "object" })),
        output: tool.get("outputSchema").filter(|schema| schema.is_object()).cloned(),
        reads: tool.pointer("/annotations/readOnlyHint").and_then(Value::as_bool).unwrap_or(false),
    })
}

/// What the server of a connection offers now.
#[derive(Default)]
pub(super) struct Offered {
    tools: BTreeMap<String, ToolSchema>,
    /// Changes that were told.
    told: BTreeSet<String>,
}

impl Offered {
    pub(super) fn new(tools: Vec<ListedTool>) -> Self {
        let tools = tools.into_iter().map(|tool| (tool.name.clone(), tool.schema()));
        Self { tools: tools.collect(), told: BTreeSet::new() }
    }
}

/// Whether a tool still is what was locked. A change under which everything goes on working is told once a connection.
pub(super) fn still_fits(call: &McpCall, locked: &ToolSchema, offered: &mut Offered) -> Result<(), Broken> {
    let changed = |what: &str| {
        let why = format!(
            "changed `{}` since it was locked: {what}; `flowc lock --update mcp:{}`, then adapt `{}`",
            call.name, call.server, call.tool
        );
        Err(Broken::Changed(why))
    };
    let Some(now) = offered.tools.get(&call.name) else { return changed("it is gone") };
    if now == locked {
        return Ok(());
    }
    let gaps = locked.broken_by(now);
    if !gaps.is_empty() {
        let gaps: Vec<String> = gaps.iter().map(ToString::to_string).collect();
        return changed(&gaps.join(", "));
    }
    if offered.told.insert(call.name.clone()) {
        tracing::warn!(server = %call.server, tool = %call.name, "an MCP tool is not what flow.lock says, and still fits");
    }
    Ok(())
}
