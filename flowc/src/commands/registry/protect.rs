//! `flowc registry protect|unprotect PATTERN`.

use flow_registry::{Error, Pattern};
use serde_json::json;

use crate::exit::{Exit, Outcome, Stop};
use crate::registry::store::{self, Signature, Store};
use crate::terminal::{BOLD, Terminal, paint};

/// `flowc registry protect PATTERN --reason R`
///
/// A move of a protected pointer is proposed by one person, and made when another approves it. Moving back is not held.
/// It is said where the registry's file is, not over HTTP.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// `prompt:support/triage@prod`, `prompt:support/*@prod`, `*:*@prod`.
    #[arg(value_name = "KIND:NAME@POINTER")]
    pub pattern: String,
    /// Who does it, and why.
    #[command(flatten)]
    pub signature: Signature,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

/// Protects, or takes it back.
pub(crate) fn run(args: &Args, is_protected: bool, terminal: &Terminal) -> Outcome {
    let pattern: Pattern = args
        .pattern
        .parse()
        .map_err(|error| Stop::usage(format!("`{}` is no pattern: {error}", args.pattern)))?;
    if args.store.server.is_some() {
        return Err(Stop::usage("what is protected is said where the registry's file is")
            .help("log in on the server, and type it there with --registry FILE"));
    }
    let who = args.signature.who_and_why()?;
    let mut registry = args.store.open()?;
    let done = registry.change::<_, Error>(&who, |change| match is_protected {
        true => change.protect(&pattern),
        false => change.unprotect(&pattern),
    });
    done.map_err(store::stop)?;
    if args.store.json {
        terminal.line(json!({ "pattern": pattern.to_string(), "protected": is_protected }))?;
        return Ok(Exit::Ok);
    }
    let what = if is_protected { "needs two people from now on" } else { "is moved by one person again" };
    terminal.line(format!("{} {what}", paint(BOLD, pattern)))?;
    Ok(Exit::Ok)
}
