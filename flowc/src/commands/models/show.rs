//! `flowc models show NAME [PATH] [--json]`.

use std::path::PathBuf;

use flow_providers::{Proof, Target};

use super::{built, list, named};
use crate::commands::run::world;
use crate::exit::{Exit, Outcome};
use crate::terminal::Terminal;

/// Which model.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// As it is declared.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// A package, a file, or a bundle.
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// For programs.
    #[arg(long)]
    pub json: bool,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let built = match built(&args.path, terminal)? {
        Ok(built) => built,
        Err(exit) => return Ok(exit),
    };
    let model = named(&built.bundle, &args.name)?;
    let mut json = list::as_json(&built.bundle.models, model);
    let target = world::providers(&built.egress)?.target(model);
    if let Some(fields) = json.as_object_mut() {
        let (asked, key) = match &target {
            Ok(target) => (target.base.clone(), key(target)),
            Err(error) => (String::new(), error.message.clone()),
        };
        fields.insert("asked_at".to_owned(), asked.into());
        fields.insert("key".to_owned(), key.into());
    }
    if args.json {
        terminal.line(json)?;
        return Ok(Exit::Ok);
    }
    let fields = json.as_object().into_iter().flatten();
    for (name, value) in fields.filter(|(_, value)| !value.is_null() && value.as_str() != Some("")) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        terminal.line(format!("{:<20} {text}", name.replace('_', " ")))?;
    }
    Ok(Exit::Ok)
}

/// Where the key comes from, never the key.
fn key(target: &Target) -> String {
    match &target.proof {
        Proof::None => "none is sent".to_owned(),
        Proof::Bearer(_) | Proof::Header(..) | Proof::Aws(_) => format!("{} (set)", target.key_name),
    }
}
