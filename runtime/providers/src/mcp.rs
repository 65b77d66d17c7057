//! `tool f(a: T): R = mcp("server", "tool")`: tools of Model Context Protocol servers.
//!
//! A server is a program that is talked to on its standard input and output, or an address (streamable HTTP). Which it
//! is says flow.toml. A connection is opened at the first call, kept, and opened again when it broke. `stdio` and
//! `http` carry messages, `wire` is what they say.
//!
//! Written here and not with `rmcp`: its HTTP client is its own, and bytes leave this process in one place, where the
//! guard, the deadlines and the proxy are.

mod http;
mod stdio;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flow_ir::units::ErrorClass;
use serde_json::{Value, json};

use crate::http::Egress;
use crate::secrets::{SecretString, Secrets, redact, variable_of};
use crate::tool::{ToolError, ToolReply};

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
type Slot = Arc<tokio::sync::Mutex<Option<Connection>>>;

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
        let server = self.server(call)?;
        let token = self.token(call, server)?;
        let limit = Duration::from_millis(call.timeout_ms);
        let asked = tokio::time::timeout(limit, self.ask(call, server, token.as_ref())).await;
        let result = asked.map_err(|_| {
            let message = format!(
                "`{}`: the MCP server `{}` did not answer within {} ms",
                call.tool, call.server, call.timeout_ms
            );
            ToolError::new(ErrorClass::Timeout, message)
        })?;
        let failed = |class, why: &str| {
            let why = redact(why, token.as_ref());
            ToolError::new(class, format!("`{}`: the MCP server `{}` {why}", call.tool, call.server))
        };
        match result {
            Ok(result) => wire::reply(call, &result).map_err(|(class, why)| failed(class, &why)),
            Err(Broken::Lost(why)) => Err(failed(ErrorClass::Overload, &why)),
            Err(Broken::Refused(why)) => Err(failed(ErrorClass::Failed, &why)),
            Err(Broken::Denied(why)) => Err(failed(ErrorClass::Denied, &why)),
        }
    }

    fn server(&self, call: &McpCall) -> Result<&McpServer, ToolError> {
        let found = self.servers.iter().find(|server| server.name == call.server);
        found.ok_or_else(|| {
            let name = &call.server;
            let message = format!(
                "`{}`: flow.toml names no MCP server `{name}`; add `[mcp.{name}]` with `command = [\"…\"]` or `url = \"https://…\"`",
                call.tool
            );
            ToolError::new(ErrorClass::Denied, message)
        })
    }

    fn token(&self, call: &McpCall, server: &McpServer) -> Result<Option<SecretString>, ToolError> {
        let Some(name) = server.auth.as_deref() else { return Ok(None) };
        self.secrets.secret(name).map(Some).ok_or_else(|| {
            let message = format!(
                "`{}`: the MCP server `{}` needs the token `{name}`, and there is none: set {}",
                call.tool,
                server.name,
                variable_of(name)
            );
            ToolError::new(ErrorClass::Denied, message)
        })
    }

    async fn ask(
        &self,
        call: &McpCall,
        server: &McpServer,
        token: Option<&SecretString>,
    ) -> Result<Value, Broken> {
        let slot = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(open.entry(server.name.clone()).or_default())
        };
        let mut slot = slot.lock().await;
        // Taken out while it is used: a call that is given up takes its connection with it.
        let mut connection = match slot.take().filter(Connection::is_alive) {
            Some(connection) => connection,
            None => self.connect(server, token, call.timeout_ms).await?,
        };
        let mut params = json!({ "name": call.name, "arguments": call.arguments });
        if let Some(key) = &call.idempotency_key {
            crate::client::put(&mut params, "_meta", json!({ "idempotencyKey": key }));
        }
        let result = connection.request("tools/call", params, call.timeout_ms).await;
        if !matches!(result, Err(Broken::Lost(_))) {
            *slot = Some(connection);
        }
        result
    }

    async fn connect(
        &self,
        server: &McpServer,
        token: Option<&SecretString>,
        timeout_ms: u64,
    ) -> Result<Connection, Broken> {
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
        connection.request("initialize", wire::initialize(), timeout_ms).await?;
        connection.notify("notifications/initialized", timeout_ms).await?;
        Ok(connection)
    }
}

impl Connection {
    fn is_alive(&self) -> bool {
        match self {
            Self::Stdio(pipe) => pipe.is_alive(),
            Self::Http(_) => true,
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
