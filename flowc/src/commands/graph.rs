//! `flowc graph FILE [--flow F] [--format mermaid|dot|svg|json]`.

use std::path::PathBuf;

use clap::ValueEnum;
use flow_ir::Bundle;
use flow_ir::flow::Flow;

use crate::commands::explain::closest;
use crate::compile;
use crate::exit::{Exit, Outcome, Stop};
use crate::graph::{Picture, dot, json, mermaid, svg};
use crate::load::Target;
use crate::terminal::{Terminal, count};

/// Beyond this a layered picture is no help, and laying it out takes minutes.
pub(crate) const LARGEST_SVG: usize = 2_000;

/// `flowc graph FILE [--flow F] [--format mermaid|dot|svg|json]`
///
/// Dashed arrows are taken on errors, double ones a bounded number of times. `svg` also shows what nodes cost, the
/// dearest way, and where people or checks approve.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A package, a file, or a bundle; `PATH:flow` names a flow too.
    #[arg(value_name = "FILE", default_value = ".")]
    pub file: String,
    /// Which flow; without it, the only public one.
    #[arg(long, value_name = "F")]
    pub flow: Option<String>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Format::Mermaid)]
    pub format: Format,
    /// Where to write instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// How a graph is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For GitHub and wikis.
    Mermaid,
    /// For Graphviz.
    Dot,
    /// A picture.
    Svg,
    /// For programs.
    Json,
}

/// Draws a flow.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let target = Target::parse(&args.file)?;
    let Some(loaded) = compile::target(&target.path, terminal)? else {
        return Ok(Exit::Diagnostics);
    };
    let flow = pick(&loaded.bundle, args.flow.as_deref().or(target.flow.as_deref()))?;
    let text = draw(flow, &loaded.bundle, args.format)?;
    match &args.output {
        None => terminal.print(&text)?,
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Stop::usage(format!("cannot write `{}`: {error}", path.display())))?,
    }
    Ok(Exit::Ok)
}

/// The flow of this name, or the only public one.
pub(crate) fn pick<'a>(bundle: &'a Bundle, name: Option<&str>) -> Result<&'a Flow, Stop> {
    let found = bundle.entry_flow(name).and_then(|id| bundle.flow(id));
    found.ok_or_else(|| {
        let names = || bundle.flows.iter().map(|flow| flow.name.as_str());
        let list = |only_public: bool| {
            let wanted = bundle.flows.iter().filter(|flow| flow.public || !only_public);
            wanted.map(|flow| format!("`{}`", flow.name)).collect::<Vec<_>>().join(", ")
        };
        match name {
            _ if bundle.flows.is_empty() => Stop::usage("this package has no flow"),
            Some(name) => {
                let stop = Stop::usage(format!("there is no flow `{name}`"));
                match closest(name, names()) {
                    Some(near) => stop.help(format!("did you mean `{near}`?")),
                    None => stop.help(format!("there is {}", list(false))),
                }
            }
            None if bundle.flows.iter().all(|flow| !flow.public) => {
                Stop::usage("no flow of this package is `pub`").help(format!("name one: {}", list(false)))
            }
            None => Stop::usage("this package has several public flows")
                .help(format!("name one as PATH:flow: {}", list(true))),
        }
    })
}

fn draw(flow: &Flow, bundle: &Bundle, format: Format) -> Result<String, Stop> {
    let picture = || Picture::of(flow, bundle);
    Ok(match format {
        Format::Mermaid => mermaid::write(&picture()),
        Format::Dot => dot::write(&picture()),
        Format::Json => format!("{:#}\n", json::write(flow, bundle)),
        Format::Svg if flow.nodes.len() > LARGEST_SVG => {
            let nodes = count(flow.nodes.len(), "node");
            return Err(Stop::usage(format!("`{}` has {nodes}, too many for a picture", flow.name))
                .help("`--format dot` and `--format json` have no limit"));
        }
        Format::Svg => svg::write(&Picture::costed(flow, bundle)),
    })
}
