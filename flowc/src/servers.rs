//! MCP servers of a package, asked what they offer; and what is locked of that.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;
use std::sync::Arc;

use flow_compiler::lock::{Lock, LockedTool, mcp_tools};
use flow_compiler::manifest::Mcp;
use flow_ir::{Bundle, Digest};
use flow_providers::mcp::{ListedTool, Listing, McpServers};

use crate::commands::run::world;
use crate::exit::Stop;
use crate::terminal::Terminal;

/// A server may be a program that is fetched before it starts.
const PATIENCE_MS: u64 = 60_000;

/// The servers of a package, each asked at most once.
pub(crate) struct Servers {
    servers: McpServers,
    runtime: tokio::runtime::Runtime,
    asked: BTreeMap<String, Listing>,
}

impl Servers {
    /// Nobody is asked yet.
    ///
    /// # Errors
    /// When `[egress]` of flow.toml cannot be read, or the system has no usable TLS.
    pub(crate) fn new(egress: &[String], mcp: &[Mcp], root: PathBuf) -> Result<Self, Stop> {
        let servers = world::providers(egress)?.mcp(world::servers(mcp), root);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Stop::usage(format!("cannot start: {error}")))?;
        Ok(Self { servers, runtime, asked: BTreeMap::new() })
    }

    /// What a server offers.
    ///
    /// # Errors
    /// When flow.toml does not name it, or it cannot be reached, does not answer in time, or refuses.
    pub(crate) fn offered(&mut self, name: &str) -> Result<&Listing, Stop> {
        match self.asked.entry(name.to_owned()) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => {
                let listed = self.runtime.block_on(self.servers.list(name, PATIENCE_MS));
                Ok(new.insert(listed.map_err(|error| Stop::run_failed(error.message))?))
            }
        }
    }
}

/// What is to be asked for again: all tools of a server, or one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Renewal {
    server: String,
    tool: Option<String>,
}

impl std::str::FromStr for Renewal {
    type Err = String;

    /// `mcp:crm`, `mcp:crm/create_task`.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_prefix("mcp:").filter(|name| !name.is_empty());
        let name =
            name.ok_or("what can be renewed is an MCP server, `mcp:NAME`, or one tool, `mcp:NAME/TOOL`")?;
        Ok(match name.split_once('/') {
            Some((server, tool)) => Self { server: server.to_owned(), tool: Some(tool.to_owned()) },
            None => Self { server: name.to_owned(), tool: None },
        })
    }
}

impl Renewal {
    fn covers(&self, server: &str, tool: &str) -> bool {
        self.server == server && self.tool.as_deref().is_none_or(|only| only == tool)
    }
}

/// Puts every MCP tool that a package declares into its lock: as `before` has it, or, where that has nothing or it is
/// to be renewed, as its server says now.
///
/// # Errors
/// When a server cannot be asked, does not offer a tool, or what is to be renewed is not declared.
pub(crate) fn lock_tools(
    lock: &mut Lock,
    bundle: &Bundle,
    (before, renewals): (&Lock, &[Renewal]),
    servers: &mut Servers,
    terminal: &Terminal,
) -> Result<(), Stop> {
    let declared = mcp_tools(bundle);
    for renewal in renewals {
        if !declared.iter().any(|(server, tool)| renewal.covers(server, tool)) {
            let Renewal { server, tool } = renewal;
            let what = tool.as_ref().map_or(server.clone(), |tool| format!("{server}/{tool}"));
            return Err(Stop::usage(format!("the package declares no tool of `mcp:{what}`")));
        }
    }
    for (server, tool) in &declared {
        let known = before.server(server).and_then(|known| Some((&known.about, known.tools.get(tool)?)));
        let is_renewed = renewals.iter().any(|renewal| renewal.covers(server, tool));
        if let Some((about, locked)) = known.filter(|_| !is_renewed) {
            lock.put(server, about, tool, locked.clone());
            continue;
        }
        let listing = servers.offered(server)?;
        let now = locked(one(listing, server, tool)?);
        if let Some((_, before)) = known {
            differences(before, &now)
                .iter()
                .for_each(|line| terminal.note(format!("mcp:{server}/{tool}: {line}")));
        }
        lock.put(server, &listing.about, tool, now);
    }
    Ok(())
}

fn locked(tool: &ListedTool) -> LockedTool {
    let description = Digest::of(tool.description.as_bytes()).to_string();
    LockedTool { description, schema: Arc::new(tool.schema()) }
}

fn one<'l>(listing: &'l Listing, server: &str, tool: &str) -> Result<&'l ListedTool, Stop> {
    listing.tools.iter().find(|found| found.name == tool).ok_or_else(|| {
        let names: Vec<String> = listing.tools.iter().map(|tool| format!("`{}`", tool.name)).collect();
        let offers = if names.is_empty() { "no tools".to_owned() } else { names.join(", ") };
        Stop::run_failed(format!("the MCP server `{server}` offers no tool `{tool}`"))
            .help(format!("it offers {offers}"))
    })
}

/// What a reviewer must know about a renewed tool.
fn differences(before: &LockedTool, now: &LockedTool) -> Vec<String> {
    let mut lines: Vec<String> =
        before.schema.broken_by(&now.schema).iter().map(ToString::to_string).collect();
    if lines.is_empty() && before.schema != now.schema {
        lines.push("it takes or answers something else, and everything that worked still does".to_owned());
    }
    if before.description != now.description {
        lines.push("it describes itself otherwise".to_owned());
    }
    lines
}
