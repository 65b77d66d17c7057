//! `flowc cost PATH [--flow F] [--json] [--against REV|BUNDLE]`.

mod print;
mod why;

use std::path::Path;

use flow_compiler::bounds::{Bounds, FlowBound};
use flow_ir::Bundle;
use serde_json::{Value as Json, json};

use crate::commands::explain::closest;
use crate::compile;
use crate::exit::{Exit, Outcome, Stop};
use crate::load::{Package, Target};
use crate::terminal::Terminal;

/// `flowc cost PATH [--flow F] [--json] [--against REV|BUNDLE]`
///
/// Prints what every public flow costs, usually and at most, and the dearest way through it. Nothing runs: the
/// figures follow from the flow, its types, its prompts and the prices of its models.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A package, a file, or a bundle; `PATH:flow` names a flow too.
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: String,
    /// One flow, public or not; without it, every public one.
    #[arg(long, value_name = "F")]
    pub flow: Option<String>,
    /// Print one JSON object instead of text; money is in micro-dollars, time in ms.
    #[arg(long)]
    pub json: bool,
    /// Compare with another version: a git revision, a bundle, or a package.
    #[arg(long, value_name = "REV|BUNDLE")]
    pub against: Option<String>,
}

/// A package with its bounds.
pub(crate) struct Costed {
    pub(crate) bundle: Bundle,
    pub(crate) bounds: Bounds,
}

impl Costed {
    fn new(bundle: Bundle) -> Self {
        let bounds = Bounds::of(&bundle);
        Self { bundle, bounds }
    }
}

/// Prints what flows cost.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let target = Target::parse(&args.path)?;
    let Some(now) = costed(&target.path, terminal)? else {
        return Ok(Exit::Diagnostics);
    };
    let before = match &args.against {
        None => None,
        Some(against) => match other(against, &target.path, terminal)? {
            Some(before) => Some(before),
            None => return Ok(Exit::Diagnostics),
        },
    };
    let flows = pick(&now, args.flow.as_deref().or(target.flow.as_deref()))?;
    if args.json {
        terminal.line(format!("{:#}", to_json(&now, before.as_ref(), &flows)))?;
        return Ok(Exit::Ok);
    }
    for (index, flow) in flows.iter().enumerate() {
        if index > 0 {
            terminal.print("\n")?;
        }
        let text = match &before {
            None => print::flow(flow, &now.bundle),
            Some(before) => print::change(flow, before, &now),
        };
        terminal.print(&text)?;
    }
    Ok(Exit::Ok)
}

/// A limit that is exceeded is no reason to hide by how much.
fn costed(path: &Path, terminal: &Terminal) -> Result<Option<Costed>, Stop> {
    if compile::is_bundle(path) {
        return Ok(compile::target(path, terminal)?.map(|built| Costed::new(built.bundle)));
    }
    Ok(compile::bundle(&Package::at(path)?, terminal).map(Costed::new))
}

/// What `--against` names: something on disk, else a revision of the repository around the package.
fn other(against: &str, path: &Path, terminal: &Terminal) -> Result<Option<Costed>, Stop> {
    let on_disk = Path::new(against);
    if on_disk.exists() {
        return costed(on_disk, terminal);
    }
    let package = Package::at_revision(path, against)?;
    Ok(compile::bundle(&package, terminal).map(Costed::new))
}

fn pick<'a>(costed: &'a Costed, name: Option<&str>) -> Result<Vec<&'a FlowBound>, Stop> {
    let flows = &costed.bounds.flows;
    let Some(name) = name else {
        let public: Vec<&FlowBound> = flows.iter().filter(|flow| flow.public).collect();
        if flows.is_empty() {
            return Err(Stop::usage("this package has no flow"));
        }
        return Ok(if public.is_empty() { flows.iter().collect() } else { public });
    };
    match flows.iter().find(|flow| flow.name == name) {
        Some(flow) => Ok(vec![flow]),
        None => {
            let stop = Stop::usage(format!("there is no flow `{name}`"));
            Err(match closest(name, flows.iter().map(|flow| flow.name.as_str())) {
                Some(near) => stop.help(format!("did you mean `{near}`?")),
                None => stop,
            })
        }
    }
}

fn to_json(now: &Costed, before: Option<&Costed>, flows: &[&FlowBound]) -> Json {
    let flow = |flow: &&FlowBound| {
        let mut json = serde_json::to_value(flow).unwrap_or_default();
        let old = before.map(|before| (before, before.bounds.flows.iter().find(|old| old.name == flow.name)));
        if let (Some((before, old)), Json::Object(fields)) = (old, &mut json) {
            let reasons = why::reasons(&flow.name, before, now);
            fields.insert(
                "against".to_owned(),
                json!({
                    "worst": old.map(|old| old.worst),
                    "usual": old.map(|old| old.usual),
                    "because": reasons.iter().map(|reason| json!({
                        "change": reason.change,
                        "cost": reason.cost,
                    })).collect::<Vec<_>>(),
                }),
            );
        }
        json
    };
    json!({ "package": now.bundle.package, "flows": flows.iter().map(flow).collect::<Vec<_>>() })
}
