//! `flowc keys list`.

use serde_json::json;

use crate::commands::runs::Common;
use crate::durable;
use crate::exit::{Exit, Outcome};
use crate::terminal::{Terminal, clean};

/// `flowc keys list`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Lists keys.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let keys = durable::visit(&args.common.store)?.keys().map_err(|error| durable::stop(&error))?;
    for key in &keys {
        let is_revoked = key.revoked_ms.is_some();
        if args.common.json {
            terminal.line(json!({
                "id": key.id,
                "tenant": key.tenant,
                "name": key.name,
                "scopes": key.scopes,
                "roles": key.roles,
                "made_ms": key.made_ms,
                "revoked_ms": key.revoked_ms,
            }))?;
            continue;
        }
        let state = if is_revoked { " revoked" } else { "" };
        let (scopes, roles) = (key.scopes.join(","), key.roles.join(","));
        terminal.line(clean(&format!(
            "{} {} {} scopes {scopes} roles {roles}{state}",
            key.id, key.tenant, key.name
        )))?;
    }
    if keys.is_empty() && !args.common.json {
        terminal.note("no keys");
    }
    Ok(Exit::Ok)
}
