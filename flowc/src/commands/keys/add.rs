//! `flowc keys add NAME`.

use flow_registry::Grant;
use flow_runtime::clock::{Clock as _, SystemClock};
use flow_runtime::new_run_id;
use flow_server::{Scope, new_key};
use flow_store::runs::{KeyRow, Owner, Problem, Reader};
use serde_json::json;

use crate::commands::explain::closest;
use crate::commands::runs::Common;
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::Terminal;

/// `flowc keys add NAME`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Who uses it: runs are started and questions answered under this name.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Whose runs and resources it sees.
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub tenant: String,
    /// What it may be used for: start, read, answer, cancel, metrics, feedback. Repeatable; without it, and
    /// without --grant, start, read and answer.
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// What it may do with the registry: read, publish, move, approve, as in `move:prompt:support/*@prod` or `read:*`.
    /// Repeatable.
    #[arg(long = "grant", value_name = "GRANT")]
    pub grants: Vec<String>,
    /// Which roles' questions it may answer, and whose triggers it may call. Repeatable.
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Makes a key.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    args.scopes.iter().try_for_each(|scope| known(scope))?;
    for word in args.roles.iter().chain([&args.tenant, &args.name]) {
        if word.is_empty() || word.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Stop::usage(format!("`{word}` cannot be a name: it is empty or has blanks")));
        }
    }
    let store = store(args)?;
    let grants = grants(&args.grants)?;
    let usual =
        if grants.is_empty() { ["start", "read", "answer"].map(str::to_owned).to_vec() } else { Vec::new() };
    let scopes = if args.scopes.is_empty() { usual } else { args.scopes.clone() };
    let row = KeyRow {
        id: new_run_id().to_string(),
        tenant: args.tenant.clone(),
        name: args.name.clone(),
        scopes: scopes.into_iter().chain(grants).collect(),
        roles: args.roles.clone(),
        made_ms: SystemClock.now_ms(),
        revoked_ms: None,
    };
    let (key, hash) = new_key();
    store.add_key(&row, &hash).map_err(|error| durable::stop(&error))?;
    if args.common.json {
        terminal.line(json!({ "id": row.id, "key": key, "tenant": row.tenant, "name": row.name }))?;
    } else {
        terminal.line(&key)?;
        terminal.note("this is the only time that it is shown; a server that was started without keys must be started again");
    }
    Ok(Exit::Ok)
}

/// As a server reads them.
fn grants(texts: &[String]) -> Result<Vec<String>, Stop> {
    let grant = |text: &String| text.parse::<Grant>().map(|grant| grant.to_string());
    texts.iter().map(grant).collect::<Result<_, _>>().map_err(|error| Stop::usage(error.to_string()))
}

/// Keys may be made before the first run.
fn store(args: &Args) -> Result<Reader, Stop> {
    match Reader::open(&args.common.store) {
        Err(error) if matches!(error.problem, Problem::Missing) => {
            drop(Owner::open(&args.common.store).map_err(|error| durable::stop(&error))?);
            durable::visit(&args.common.store)
        }
        opened => opened.map_err(|error| durable::stop(&error)),
    }
}

fn known(scope: &str) -> Result<(), Stop> {
    let names = || Scope::ALL.iter().map(|scope| scope.name());
    if names().any(|name| name == scope) {
        return Ok(());
    }
    let stop = Stop::usage(format!("there is no scope `{scope}`"));
    Err(match closest(scope, names()) {
        Some(near) => stop.help(format!("did you mean `{near}`?")),
        None => stop.help(format!("one of {}", names().collect::<Vec<_>>().join(", "))),
    })
}
