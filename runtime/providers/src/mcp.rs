//! `tool f(a: T): R = mcp("server", "tool")`: tools of Model Context Protocol servers.
//!
//! A server is a program that is talked to on its standard input and output, or an address (streamable HTTP). Which it
//! is says flow.toml. A connection is opened at the first call, kept, and opened again when it broke. `stdio` and
//! `http` carry messages, `wire` is what they say.
//!
//! Written here and not with `rmcp`: its HTTP client is its own, and bytes leave this process in one place, where the
//! guard, the deadlines and the proxy are.

mod http;
mod listing;
mod stdio;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flow_ir::tool_schema::ToolSchema;
use flow_ir::units::ErrorClass;
use serde_json::{Value, json};

use crate::http::Egress;
use crate::secrets::{SecretString, Secrets, redact, variable_of};
use crate::tool::{ToolError, ToolReply};

pub use listing::{ListedTool, Listing};

/// A server, as flow.toml names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct McpServer {
    /// As in `mcp("name", …)`.
    pub name: String,
    /// Where it is.
    pub place: McpPlace,
    /// The environment variable or vault entry of its token. A program gets it under that variable's name.
    pub auth: Option<String>,
}

/// Where a server is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum McpPlace {
    /// A program and its arguments, run in the package.
    Command(Vec<String>),
    /// `https://…`.
    Address(String),
}

/// A call with everything evaluated.
#[derive(Clone, PartialEq, Debug)]
pub struct McpCall {
    /// As declared, for messages.
    pub tool: String,
    /// As flow.toml names it.
    pub server: String,
    /// The tool, as the server names it.
    pub name: String,
    /// A JSON object.
    pub arguments: Value,
    /// Whether the return type is text: then text is taken as it is.
    pub text: bool,
    /// Whether the return type is an object: others come wrapped as `{"result": …}`.
    pub object: bool,
    /// As the tool was when it was locked: a server whose tool no longer fits is not called.
    pub locked: Option<Arc<ToolSchema>>,
    /// Told to the server, which may know what it means.
    pub idempotency_key: Option<String>,
    /// After this nobody waits any more.
    pub timeout_ms: u64,
}

/// The servers of a package and the connections to them.
pub struct McpServers {
    servers: Vec<McpServer>,
    directory: PathBuf,
    egress: Egress,
    secrets: Arc<dyn Secrets>,
    open: Mutex<HashMap<String, Slot>>,
}

/// One call at a time: answers on one pipe are told apart by their ids, but a broken pipe breaks all of them.
type Slot = Arc<tokio::sync::Mutex<Option<Open>>>;

/// A connection, and what is known of its server.
struct Open {
    connection: Connection,
    about: String,
    /// Asked for when a locked tool is called first, and again when the server says that it changed.
    offered: Option<listing::Offered>,
}

enum Connection {
    Stdio(Box<stdio::Pipe>),
    Http(Box<http::Session>),
}

/// Why a message was not answered.
pub(crate) enum Broken {
    /// The connection is of no use any more.
    Lost(String),
    /// The server answers with an error; the connection lives.
    Refused(String),
    /// The server wants another proof.
    Denied(String),
    /// The tool is not what was locked; it was not called.
    Changed(String),
}

/// What is asked of a server, for messages.
#[derive(Clone, Copy)]
struct Asking<'a> {
    server: &'a str,
    /// The declared tool that is called; `None` if the server is only asked what it offers.
    tool: Option<&'a str>,
    timeout_ms: u64,
}

impl Asking<'_> {
    fn error(self, class: ErrorClass, why: &str) -> ToolError {
        let about = self.tool.map(|tool| format!("`{tool}`: ")).unwrap_or_default();
        ToolError::new(class, format!("{about}{why}"))
    }
}

impl McpServers {
    /// Nothing is started yet.
    #[must_use]
    pub fn new(
        servers: Vec<McpServer>,
        directory: PathBuf,
        egress: Egress,
        secrets: Arc<dyn Secrets>,
    ) -> Self {
        Self { servers, directory, egress, secrets, open: Mutex::new(HashMap::new()) }
    }

    /// Calls a tool once.
    ///
    /// # Errors
    /// The server is not named in flow.toml, cannot be reached, does not answer in time, or refuses.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection, which ends a program.
    pub async fn call(&self, call: &McpCall) -> Result<ToolReply, ToolError> {
        let asking = Asking { server: &call.server, tool: Some(&call.tool), timeout_ms: call.timeout_ms };
        let token = self.token(asking)?;
        let result = self.patiently(asking, token.as_ref(), self.ask(asking, call, token.as_ref())).await?;
        wire::reply(call, &result).map_err(|(class, why)| {
            let why = redact(&why, token.as_ref());
            asking.error(class, &format!("the MCP server `{}` {why}", call.server))
        })
    }

    /// Asks a server what it offers.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection, which ends a program.
    pub async fn list(&self, server: &str, timeout_ms: u64) -> Result<Listing, ToolError> {
        let asking = Asking { server, tool: None, timeout_ms };
        let token = self.token(asking)?;
        let listed = async {
            let mut open = self.connect(asking, token.as_ref()).await?;
            let tools = listing::tools(&mut open.connection, timeout_ms).await?;
            Ok(Listing { about: open.about, tools })
        };
        self.patiently(asking, token.as_ref(), listed).await
    }

    /// Waits for an answer, and says in words why there is none.
    async fn patiently<T>(
        &self,
        asking: Asking<'_>,
        token: Option<&SecretString>,
        answer: impl Future<Output = Result<T, Broken>>,
    ) -> Result<T, ToolError> {
        let server = asking.server;
        let limit = Duration::from_millis(asking.timeout_ms);
        let asked = tokio::time::timeout(limit, answer).await.map_err(|_| {
            let why = format!("the MCP server `{server}` did not answer within {} ms", asking.timeout_ms);
            asking.error(ErrorClass::Timeout, &why)
        })?;
        let failed = |class, why: String| {
            let why = redact(&why, token);
            asking.error(class, &format!("the MCP server `{server}` {why}"))
        };
        asked.map_err(|broken| match broken {
            Broken::Lost(why) => failed(ErrorClass::Overload, why),
            Broken::Refused(why) | Broken::Changed(why) => failed(ErrorClass::Failed, why),
            Broken::Denied(why) => failed(ErrorClass::Denied, why),
        })
    }

    fn server(&self, asking: Asking<'_>) -> Result<&McpServer, ToolError> {
        let name = asking.server;
        let found = self.servers.iter().find(|server| server.name == name);
        found.ok_or_else(|| {
            let why = format!(
                "flow.toml names no MCP server `{name}`; add `[mcp.{name}]` with `command = [\"…\"]` or `url = \"https://…\"`"
            );
            asking.error(ErrorClass::Denied, &why)
        })
    }

    fn token(&self, asking: Asking<'_>) -> Result<Option<SecretString>, ToolError> {
        let server = self.server(asking)?;
        let Some(name) = server.auth.as_deref() else { return Ok(None) };
        self.secrets.secret(name).map(Some).ok_or_else(|| {
            let why = format!(
                "the MCP server `{}` needs the token `{name}`, and there is none: set {}",
                server.name,
                variable_of(name)
            );
            asking.error(ErrorClass::Denied, &why)
        })
    }

    async fn ask(
        &self,
        asking: Asking<'_>,
        call: &McpCall,
        token: Option<&SecretString>,
    ) -> Result<Value, Broken> {
        let slot = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(open.entry(call.server.clone()).or_default())
        };
        let mut slot = slot.lock().await;
        // Taken out while it is used: a call that is given up takes its connection with it.
        let mut open = match slot.take().filter(|open| open.connection.is_alive()) {
            Some(open) => open,
            None => self.connect(asking, token).await?,
        };
        let result = open.call(call).await;
        if !matches!(result, Err(Broken::Lost(_))) {
            *slot = Some(open);
        }
        result
    }

    async fn connect(&self, asking: Asking<'_>, token: Option<&SecretString>) -> Result<Open, Broken> {
        let timeout_ms = asking.timeout_ms;
        let server = self.server(asking).map_err(|error| Broken::Denied(error.message))?;
        let mut connection = match &server.place {
            McpPlace::Command(words) => {
                let name = server.auth.as_deref().map(variable_of);
                let token = name.zip(token.cloned());
                Connection::Stdio(Box::new(stdio::Pipe::start(words, &self.directory, token)?))
            }
            McpPlace::Address(url) => {
                Connection::Http(Box::new(http::Session::new(self.egress.clone(), url, token.cloned())))
            }
        };
        let initialized = connection.request("initialize", wire::initialize(), timeout_ms).await?;
        connection.notify("notifications/initialized", timeout_ms).await?;
        Ok(Open { connection, about: listing::about(&initialized), offered: None })
    }
}

impl Open {
    async fn call(&mut self, call: &McpCall) -> Result<Value, Broken> {
        if let Some(locked) = &call.locked {
            if self.offered.is_none() || self.connection.take_change() {
                let tools = listing::tools(&mut self.connection, call.timeout_ms).await?;
                self.offered = Some(listing::Offered::new(tools));
            }
            listing::still_fits(call, locked, self.offered.get_or_insert_default())?;
        }
        let mut params = json!({ "name": call.name, "arguments": call.arguments });
        if let Some(key) = &call.idempotency_key {
            crate::client::put(&mut params, "_meta", json!({ "idempotencyKey": key }));
        }
        self.connection.request("tools/call", params, call.timeout_ms).await
    }
}

impl Connection {
    fn is_alive(&self) -> bool {
        match self {
            Self::Stdio(pipe) => pipe.is_alive(),
            Self::Http(_) => true,
        }
    }

    /// Whether the server said since the last look that its tools changed.
    fn take_change(&mut self) -> bool {
        match self {
            Self::Stdio(pipe) => std::mem::take(&mut pipe.changed),
            Self::Http(session) => std::mem::take(&mut session.changed),
        }
    }

    async fn request(&mut self, method: &str, params: Value, timeout_ms: u64) -> Result<Value, Broken> {
        match self {
            Self::Stdio(pipe) => pipe.request(method, params).await,
            Self::Http(session) => session.request(method, params, timeout_ms).await,
        }
    }

    async fn notify(&mut self, method: &str, timeout_ms: u64) -> Result<(), Broken> {
        match self {
            Self::Stdio(pipe) => pipe.notify(method).await,
            Self::Http(session) => session.notify(method, timeout_ms).await,
        }
    }
}
