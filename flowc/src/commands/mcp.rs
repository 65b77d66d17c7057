//! `flowc mcp PATH`: every public flow of a package as a tool of the Model Context Protocol, on standard input and
//! output.
//!
//! A client starts this program and talks to it a message a line. Nothing else is printed on standard output. People
//! cannot be asked this way: a flow that needs one ends as it does when nobody answers.

mod wire;

use std::collections::HashMap;
use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use flow_eval::json;
use flow_ir::flow::Flow;
use flow_ir::{Bundle, FlowId};
use flow_runtime::home::local::Runner;
use flow_runtime::protocol::RunResult;
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use crate::commands::run::{self, input, session};
use crate::compile;
use crate::exit::{Exit, Outcome, Stop};
use crate::load::Target;
use crate::terminal::Terminal;

/// `flowc mcp PATH`
///
/// Speaks the Model Context Protocol on standard input and output. In a client's configuration:
/// command `flowc`, arguments `mcp`, `PATH`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A package, a file or a bundle.
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: String,
    /// Answer models and tools from recorded exchanges.
    #[arg(long, value_name = "FILE")]
    pub cassette: Option<PathBuf>,
    /// Keep memories, caches, indexes and queues in this directory.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Where `registry(…)` is looked up [default: .flowc/registry.db beside the package]
    #[arg(long, value_name = "FILE", env = "FLOWC_REGISTRY")]
    pub registry: Option<PathBuf>,
}

/// What calls share.
struct Server {
    bundle: Arc<Bundle>,
    runner: Runner,
    /// The runs under way, by the client's id of the request.
    open: Mutex<HashMap<String, CancellationToken>>,
}

pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let target = Target::parse(&args.path)?;
    let Some(built) = compile::target(&target.path, terminal)? else {
        return Ok(Exit::Diagnostics);
    };
    if !built.bundle.flows.iter().any(|flow| flow.public) {
        return Err(Stop::usage("no flow of this package is `pub`").help("write `pub flow` to offer it"));
    }
    let (bundle, runner) = session::unattended(&as_run(args), built, *terminal)?;
    let server = Arc::new(Server { bundle, runner, open: Mutex::new(HashMap::new()) });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Stop::usage(format!("cannot start: {error}")))?;
    let mut calls = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if let Some(call) = server.heard(&line)? {
            let server = Arc::clone(&server);
            calls.push(runtime.spawn(async move { server.call(call).await }));
            calls.retain(|call| !call.is_finished());
        }
    }
    // The client has gone, but what it asked for is finished: a write is never left half done.
    runtime.block_on(async {
        for call in calls {
            drop(call.await);
        }
    });
    Ok(Exit::Ok)
}

/// Models are asked whatever keys are set: the client would not see why nothing starts.
fn as_run(args: &Args) -> run::Args {
    run::Args {
        target: args.path.clone(),
        input: None,
        args: Vec::new(),
        cassette: args.cassette.clone(),
        live: args.cassette.is_none(),
        answers: None,
        data: args.data.clone(),
        store: None,
        registry: args.registry.clone(),
        trace: None,
        json: true,
    }
}

/// A call of a flow.
struct Call {
    id: Json,
    flow: FlowId,
    arguments: Json,
    cancel: CancellationToken,
}

fn say(message: &Json) -> Result<(), Stop> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{message}")
        .and_then(|()| out.flush())
        .map_err(|error| Stop::usage(format!("standard output is closed: {error}")))
}

impl Server {
    /// Answers at once what can be; a call is given back to be made.
    fn heard(&self, line: &str) -> Result<Option<Call>, Stop> {
        if line.trim().is_empty() {
            return Ok(None);
        }
        let Ok(message) = serde_json::from_str::<Json>(line) else {
            say(&wire::refusal(&Json::Null, wire::NO_JSON, "this is no JSON"))?;
            return Ok(None);
        };
        let method = message.get("method").and_then(Json::as_str).unwrap_or_default();
        let params = message.get("params").cloned().unwrap_or_default();
        let Some(id) = message.get("id") else {
            if method == "notifications/cancelled" {
                self.cancel(&params);
            }
            return Ok(None);
        };
        let answer = match method {
            "initialize" => wire::result(id, wire::initialized(&params)),
            "ping" => wire::result(id, serde_json::json!({})),
            "tools/list" => wire::result(id, wire::tools(&self.bundle)),
            "tools/call" => match self.called(id, &params) {
                Ok(call) => return Ok(Some(call)),
                Err(refusal) => refusal,
            },
            _ => wire::refusal(id, wire::NO_METHOD, &format!("there is no method `{method}`")),
        };
        say(&answer)?;
        Ok(None)
    }

    fn called(&self, id: &Json, params: &Json) -> Result<Call, Json> {
        let name = params.get("name").and_then(Json::as_str).unwrap_or_default();
        let found = self.bundle.flows.iter().position(|flow| flow.public && wire::name(flow) == name);
        let Some(position) = found else {
            return Err(wire::refusal(id, wire::BAD_PARAMS, &format!("there is no tool `{name}`")));
        };
        let cancel = CancellationToken::new();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(id.to_string(), cancel.clone());
        let arguments = params.get("arguments").cloned().unwrap_or_else(|| serde_json::json!({}));
        Ok(Call { id: id.clone(), flow: FlowId(position as u32), arguments, cancel })
    }

    fn cancel(&self, params: &Json) {
        let id = params.get("requestId").cloned().unwrap_or_default().to_string();
        if let Some(cancel) = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&id) {
            cancel.cancel();
        }
    }

    async fn call(&self, call: Call) {
        let answer = match self.bundle.flow(call.flow) {
            Some(flow) => self.answer(flow, &call).await,
            None => wire::failed("there is no such flow"),
        };
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&call.id.to_string());
        // A client that asked to forget the call wants no answer, and one that is gone hears none.
        if !call.cancel.is_cancelled() {
            drop(say(&wire::result(&call.id, answer)));
        }
    }

    async fn answer(&self, flow: &Flow, call: &Call) -> Json {
        let arguments = call.arguments.to_string();
        let args = match input::arguments(&self.bundle, flow, Some(&arguments), &[]) {
            Ok(args) => args,
            Err(stop) => return wire::failed(&stop.message),
        };
        let header = session::header(call.flow, args);
        let ended = self.runner.run(header, None, &call.cancel).await;
        match ended.result {
            RunResult::Returned(value) => {
                wire::returned(&self.bundle, flow, &json::encode(&self.bundle, flow.ret, &value))
            }
            RunResult::Failed(error) => {
                wire::failed(&format!("{} at `{}`: {}", error.class.name(), error.node, error.message))
            }
            RunResult::Cancelled => wire::failed("cancelled"),
        }
    }
}
