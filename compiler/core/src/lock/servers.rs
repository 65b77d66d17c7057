//! Tools of MCP servers: what was locked of them, and what a package declares (FL0602).
//!
//! What a server offers is not known here: somebody who may ask it puts it into the [`Lock`](super::Lock).

use std::collections::BTreeMap;
use std::sync::Arc;

use flow_diagnostics::{Diagnostic, Span};
use flow_grammar::ast::{ItemKind, Setup};
use flow_ir::setup::{Tool, Transport};
use flow_ir::tool_schema::{Gap, Side, ToolSchema, gaps, is_object};
use flow_ir::types::Type;
use flow_ir::{Bundle, schema};
use serde_json::{Map, Value as Json, json};

use crate::declare;
use crate::names::{Item, Module};
use crate::package::Package;
use crate::report;

/// An MCP server, as it was when its tools were locked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Server {
    /// What it calls itself: name and version.
    pub about: String,
    /// By the server's names.
    pub tools: BTreeMap<String, LockedTool>,
}

/// A tool, as it was when it was locked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockedTool {
    /// Digest of what the server says about it.
    pub description: String,
    /// What it takes and answers.
    pub schema: Arc<ToolSchema>,
}

/// Server and tool of everything that is declared with `mcp(…)`, each once, in the order declared.
#[must_use]
pub fn mcp_tools(bundle: &Bundle) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for tool in &bundle.tools {
        if let Transport::Mcp { server, tool, .. } = &tool.transport {
            let name = (server.to_string(), tool.to_string());
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

/// Writes what was locked into the Bundle, so that a run can compare it with the server.
pub(crate) fn put(bundle: &mut Bundle, servers: &BTreeMap<String, Server>) {
    for tool in &mut bundle.tools {
        if let Transport::Mcp { server, tool, locked } = &mut tool.transport {
            let found = servers.get(server.as_str()).and_then(|server| server.tools.get(tool.as_str()));
            *locked = found.map(|found| Arc::clone(&found.schema));
        }
    }
}

/// FL0602 for every declaration that is not what was locked.
pub(crate) fn compare(
    pkg: &Package<'_>,
    bundle: &Bundle,
    servers: &BTreeMap<String, Server>,
    out: &mut Vec<Diagnostic>,
) {
    for module in &pkg.modules {
        for (item, declared) in module.file.items.iter().zip(&module.items) {
            let (ItemKind::Setup(setup), Some(Item::Tool(id))) = (&item.kind, declared) else { continue };
            let Some(tool) = bundle.tools.get(id.index()) else { continue };
            let Transport::Mcp { server, tool: name, .. } = &tool.transport else { continue };
            let locked = servers.get(server.as_str()).and_then(|server| server.tools.get(name.as_str()));
            if let Some(locked) = locked {
                let subject = Subject { module, setup, tool, server, name, locked: &locked.schema };
                subject.compare(bundle, out);
            }
        }
    }
}

struct Subject<'a> {
    module: &'a Module<'a>,
    setup: &'a Setup,
    tool: &'a Tool,
    server: &'a str,
    name: &'a str,
    locked: &'a ToolSchema,
}

impl Subject<'_> {
    fn compare(&self, bundle: &Bundle, out: &mut Vec<Diagnostic>) {
        let mut found = gaps(Side::Arguments, &self.sent(bundle), self.locked.input());
        if !matches!(bundle.ty(self.tool.ret), Type::Nothing) {
            let wanted = schema::plain(bundle, self.tool.ret);
            let answer = self.locked.result(is_object(bundle, self.tool.ret));
            found.extend(answer.map(|answer| gaps(Side::Reply, &answer, &wanted)).unwrap_or_default());
        }
        out.extend(found.iter().map(|gap| self.say(gap)));
    }

    fn say(&self, gap: &Gap) -> Diagnostic {
        let names = report::mcp::Names { declared: &self.tool.name, server: self.server, tool: self.name };
        let diagnostic = report::mcp::changed(self.span(gap), names, gap);
        match report::mcp::is_new_argument(gap).and_then(|name| self.addition(name)) {
            Some((at, parameter)) => report::mcp::add_parameter(diagnostic, at, &parameter),
            None => diagnostic,
        }
    }

    /// The parameter that it is about, the result type, or the name.
    fn span(&self, gap: &Gap) -> Span {
        let place = match gap.side {
            Side::Arguments => {
                let wire = gap.path.first().map_or("", String::as_str);
                let field = self.tool.params.iter().find(|param| param.wire == wire);
                let params = self.setup.params.iter().flatten();
                let param =
                    params.into_iter().find(|param| field.is_some_and(|it| it.name == param.name.text));
                param.map(|param| param.span)
            }
            Side::Reply => self.setup.ty.as_ref().map(|ty| ty.span),
        };
        self.module.at.span(place.unwrap_or(self.setup.name.span))
    }

    /// Where a parameter for an argument of the server can be written, and the parameter.
    fn addition(&self, name: &str) -> Option<(Span, String)> {
        let schema = self.locked.input().get("properties")?.get(name)?;
        let last = self.setup.params.as_ref()?.last()?.span;
        let end = flow_grammar::Span::new(last.end, last.end);
        Some((self.module.at.span(end), declare::parameter(name, schema)?))
    }

    /// The arguments as they are sent: what is `none` is left out, but where the server wants at least `null`.
    fn sent(&self, bundle: &Bundle) -> Json {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for param in &self.tool.params {
            let name = param.wire.as_str();
            let sent = match bundle.ty(param.ty) {
                Type::Optional { item } if !self.wants_null(name) => *item,
                _ => {
                    required.push(name);
                    param.ty
                }
            };
            properties.insert(name.to_owned(), without_null(schema::plain(bundle, sent)));
        }
        json!({ "type": "object", "properties": properties, "required": required })
    }

    fn wants_null(&self, name: &str) -> bool {
        let null = json!({
            "type": "object", "required": [name],
            "properties": Map::from_iter([(name.to_owned(), json!({ "type": "null" }))]),
        });
        let refused = gaps(Side::Arguments, &null, self.locked.input());
        let about = |gap: &Gap| gap.path.first().is_some_and(|first| first == name);
        self.locked.required().any(|required| required == name) && !refused.iter().any(about)
    }
}

/// Fields that are `none` are left out of records, and not sent as `null`.
fn without_null(mut schema: Json) -> Json {
    let is_null = |arm: &Json| arm.get("type").and_then(Json::as_str) == Some("null");
    if let Some(Json::Object(properties)) = schema.get_mut("properties") {
        for (_, property) in properties.iter_mut() {
            if let Some(arms) = property.get_mut("anyOf").and_then(Json::as_array_mut) {
                arms.retain(|arm| !is_null(arm));
            }
            *property = without_null(property.take());
        }
    }
    for word in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(word) {
            *inner = without_null(inner.take());
        }
    }
    if let Some(arms) = schema.get_mut("anyOf").and_then(Json::as_array_mut) {
        arms.iter_mut().for_each(|arm| *arm = without_null(arm.take()));
    }
    schema
}
