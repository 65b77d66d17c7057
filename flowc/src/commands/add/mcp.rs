//! `flowc add mcp NAME [URL | COMMAND…]`: declarations of a server's tools, out of what it says about them.

use std::path::{Path, PathBuf};

use flow_compiler::Workspace;
use flow_compiler::declare::{self, Offered};
use flow_compiler::manifest::{Manifest, Mcp};
use flow_providers::mcp::{ListedTool, Listing};

use crate::commands::lock;
use crate::compile;
use crate::exit::{Exit, Outcome, Stop};
use crate::load::{self, MANIFEST, Package};
use crate::servers::Servers;
use crate::terminal::{BOLD, Terminal, count, paint};

/// `flowc add mcp NAME [URL | COMMAND…]`
///
/// Asks an MCP server for its tools, declares them in a file to be read and imported, names the server in flow.toml, and
/// locks what was declared. Every tool is `Sensitive` until you say otherwise: what a tool does is the server's claim.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Only these tools, as the server names them.
    #[arg(long = "tool", value_name = "TOOL")]
    pub tools: Vec<String>,
    /// The environment variable or vault entry of the server's token.
    #[arg(long, value_name = "NAME")]
    pub auth: Option<String>,
    /// The file to write, in the package [default: NAME.flow]
    #[arg(long, value_name = "FILE")]
    pub into: Option<PathBuf>,
    /// The package.
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub package: PathBuf,
    /// What the package calls the server.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// An address, or a program and its arguments; nothing if flow.toml says it already.
    #[arg(value_name = "URL | COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    pub place: Vec<String>,
}

pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let package = Package::at(&args.package)?;
    let manifest = manifest(&package)?;
    let (server, is_new) = server(args, &manifest)?;
    let file = target(args, &package)?;
    let mut servers = Servers::new(&manifest.egress, std::slice::from_ref(&server), package.root.clone())?;
    let listing = servers.offered(&args.name)?;
    let tools = chosen(listing, &args.tools)?;
    let text = declare::tools(&args.name, &listing.about, &tools);
    if is_new {
        append(&package, &server)?;
    }
    std::fs::write(&file, text)
        .map_err(|error| Stop::usage(format!("cannot write `{}`: {error}", load::shown(&file))))?;
    terminal.note(format!("{} {}", paint(BOLD, load::shown(&file)), count(tools.len(), "tool")));
    terminal.note("every tool is `Sensitive` until you say otherwise: read the file before you use it");
    let package = Package::at(&package.root)?;
    match compile::to_be_locked(&package, terminal) {
        Some(built) => {
            lock::write(&package, built, &[], &mut servers, terminal)?;
            Ok(Exit::Ok)
        }
        None => {
            terminal.note("nothing is locked: `flowc lock` does it when the package checks");
            Ok(Exit::Diagnostics)
        }
    }
}

/// What flow.toml says, whatever the files around it hold.
fn manifest(package: &Package) -> Result<Manifest, Stop> {
    let path = package.root.join(MANIFEST);
    let Some(text) = &package.manifest else {
        return Err(Stop::usage(format!("there is no `{}`", load::shown(&path)))
            .help("a server is named there; `flowc new NAME` makes a package"));
    };
    let mut workspace = Workspace::default();
    workspace.set_manifest(Some((load::shown(&path), text.clone())));
    let checked = workspace.check();
    checked.output.map(|output| output.manifest).ok_or_else(|| {
        let why = checked.diagnostics.into_iter().map(|found| found.message).next().unwrap_or_default();
        Stop::usage(why).help("`flowc check` shows where")
    })
}

/// The server that is meant, and whether flow.toml must be told about it.
fn server(args: &Args, manifest: &Manifest) -> Result<(Mcp, bool), Stop> {
    let name = &args.name;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(is_word) {
        return Err(Stop::usage(format!("`{name}` cannot name a server"))
            .help("a name has letters, digits, `-` and `_`"));
    }
    let known = manifest.mcp.iter().find(|server| server.name == *name);
    let new = match args.place.as_slice() {
        [] => None,
        [url] if url.starts_with("https://") || url.starts_with("http://") => {
            Some(Mcp { name: name.clone(), command: Vec::new(), url: url.clone(), auth: args.auth.clone() })
        }
        words => Some(Mcp {
            name: name.clone(),
            command: words.to_vec(),
            url: String::new(),
            auth: args.auth.clone(),
        }),
    };
    match (known, new) {
        (Some(known), None) => Ok((known.clone(), false)),
        (Some(known), Some(new)) if *known == new => Ok((new, false)),
        (Some(_), Some(_)) => Err(Stop::usage(format!("flow.toml names another server `{name}`"))
            .help(format!("`flowc add mcp {name}` asks that one; another one needs another name"))),
        (None, Some(new)) => Ok((new, true)),
        (None, None) => Err(Stop::usage(format!("flow.toml names no MCP server `{name}`")).help(format!(
            "say where it is: `flowc add mcp {name} https://…` or `flowc add mcp {name} program arguments…`"
        ))),
    }
}

/// The file to write; never one that is there.
fn target(args: &Args, package: &Package) -> Result<PathBuf, Stop> {
    let own = PathBuf::from(format!("{}.flow", args.name.to_lowercase().replace('-', "_")));
    let file = package.root.join(args.into.as_deref().unwrap_or(&own));
    if file.extension().is_none_or(|extension| extension != "flow") {
        return Err(Stop::usage(format!("`{}` is no `.flow` file", load::shown(&file))));
    }
    if file.exists() {
        return Err(Stop::usage(format!("`{}` is there already", load::shown(&file)))
            .help("`--into other.flow` writes another file; nothing was changed"));
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(Stop::usage(format!("there is no directory `{}`", load::shown(folder))));
    }
    Ok(file)
}

fn chosen(listing: &Listing, wanted: &[String]) -> Result<Vec<Offered>, Stop> {
    let names: Vec<String> = listing.tools.iter().map(|tool| format!("`{}`", tool.name)).collect();
    let unknown = wanted.iter().find(|name| !listing.tools.iter().any(|tool| tool.name == **name));
    if let Some(unknown) = unknown {
        return Err(Stop::usage(format!("the server offers no tool `{unknown}`"))
            .help(format!("it offers {}", names.join(", "))));
    }
    if names.is_empty() {
        return Err(Stop::run_failed("the server offers no tools"));
    }
    let is_wanted = |tool: &&ListedTool| wanted.is_empty() || wanted.contains(&tool.name);
    let offered = listing.tools.iter().filter(is_wanted).map(|tool| Offered {
        name: tool.name.clone(),
        description: tool.description.clone(),
        input: tool.input.clone(),
        output: tool.output.clone(),
        reads: tool.reads,
    });
    Ok(offered.collect())
}

/// Names the server in flow.toml, at its end.
fn append(package: &Package, server: &Mcp) -> Result<(), Stop> {
    let path = package.root.join(MANIFEST);
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let place = match server.command.as_slice() {
        [] => format!("url = {}", text(&server.url)),
        words => {
            let words: Vec<String> = words.iter().map(|word| text(word)).collect();
            format!("command = [{}]", words.join(", "))
        }
    };
    let auth = server.auth.as_deref().map(|auth| format!("auth = {}\n", text(auth))).unwrap_or_default();
    let before = package.manifest.as_deref().unwrap_or_default().trim_end();
    let after = format!("{before}\n\n[mcp.{}]\n{place}\n{auth}", server.name);
    std::fs::write(&path, after)
        .map_err(|error| Stop::usage(format!("cannot write `{}`: {error}", load::shown(&path))))
}
