//! `flowc runs why RUN [NODE]`: the chain backwards, from a node or the run's end to its start.

use flow_runtime::protocol::Facts;
use serde_json::{Value as Json, json};

use super::One;
use super::told::Told;
use crate::commands::explain::closest;
use crate::exit::{Exit, Outcome, Stop};
use crate::journal::{Step, usd};
use crate::terminal::{BAD, DIM, NAME, Terminal, clean, paint};

/// `flowc runs why RUN [NODE]`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which run.
    #[command(flatten)]
    pub one: One,
    /// Which node; without it, the run's end.
    #[arg(value_name = "NODE")]
    pub node: Option<String>,
}

/// Says why.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let told = Told::of(&args.one)?;
    let chain = chain(&told, args.node.as_deref())?;
    if args.one.common.json {
        for at in &chain {
            terminal.line(link_json(&told, *at))?;
        }
        return Ok(Exit::Ok);
    }
    for at in &chain {
        let Some(step) = told.steps.get(*at) else { continue };
        link(&told, *at, step, terminal)?;
    }
    Ok(Exit::Ok)
}

/// Steps of one activation backwards: where the token was before it came here.
fn chain(told: &Told, node: Option<&str>) -> Result<Vec<usize>, Stop> {
    let bundle = told.kept.program.bundle();
    let is_it = |step: &Step| node.is_none_or(|node| step.node.is_some() && step.name(bundle) == node);
    let last = told.steps.iter().rposition(is_it);
    let Some(last) = last else { return Err(never_there(told, node.unwrap_or_default())) };
    let frame = told.steps.get(last).map(|step| step.frame);
    let same = told.steps.iter().enumerate().take(last + 1).rev();
    Ok(same.filter(|(_, step)| Some(step.frame) == frame).map(|(at, _)| at).collect())
}

fn never_there(told: &Told, node: &str) -> Stop {
    let bundle = told.kept.program.bundle();
    let been = || told.steps.iter().filter(|step| step.node.is_some()).map(|step| step.name(bundle));
    let stop = Stop::usage(format!("run {} was never at `{node}`", told.kept.row.id));
    match closest(node, been()) {
        Some(near) => stop.help(format!("did you mean `{near}`?")),
        None => stop.help(format!("it was at {}", been().collect::<Vec<_>>().join(", "))),
    }
}

fn link(told: &Told, at: usize, step: &Step, terminal: &Terminal) -> Result<(), Stop> {
    let bundle = told.kept.program.bundle();
    let visit = if step.visit > 1 { format!(" ({})", step.visit) } else { String::new() };
    terminal.line(paint(NAME, clean(&format!("{}{visit}", step.name(bundle)))))?;
    if let Some((to, why)) = step.left_by(bundle) {
        terminal.line(clean(&format!("  left by -> {to} {why}")).trim_end())?;
    }
    if let Some((class, message)) = &step.raised {
        terminal.line(paint(BAD, clean(&format!("  raised {}: {message}", class.name()))))?;
    }
    if let Some(value) = told.value(at) {
        terminal.line(clean(&format!("  gave {value}")))?;
    }
    let facts = facts_line(&step.facts);
    if !facts.is_empty() {
        terminal.line(paint(DIM, clean(&format!("  {facts}"))))?;
    }
    Ok(())
}

fn facts_line(facts: &Facts) -> String {
    let mut parts = Vec::new();
    parts.extend(facts.model.as_ref().map(|model| format!("model {model}")));
    parts.extend(
        facts.prompt.as_ref().map(|prompt| format!("prompt {}", prompt.chars().take(8).collect::<String>())),
    );
    parts.extend(facts.versions.as_ref().map(|versions| versions.to_string()));
    parts.extend(facts.by.as_ref().map(|by| format!("by {by}")));
    parts.extend(facts.confidence.map(|confidence| format!("confidence {confidence:.2}")));
    if facts.cost.0 > 0 {
        parts.push(facts.cost.to_string());
    }
    if facts.attempts > 1 {
        parts.push(format!("{} attempts", facts.attempts));
    }
    parts.extend(facts.request_id.as_ref().map(|id| format!("request {id}")));
    parts.join(" · ")
}

fn link_json(told: &Told, at: usize) -> Json {
    let bundle = told.kept.program.bundle();
    let Some(step) = told.steps.get(at) else { return Json::Null };
    let left = step.left_by(bundle);
    json!({
        "node": step.node.map(|_| step.name(bundle)),
        "visit": step.visit,
        "value": told.value(at),
        "error": step.raised.as_ref().map(|(class, message)| json!({ "class": class.name(), "message": message })),
        "to": left.as_ref().map(|(to, _)| to),
        "because": left.as_ref().map(|(_, why)| why).filter(|why| !why.is_empty()),
        "model": step.facts.model,
        "prompt": step.facts.prompt,
        "versions": step.facts.versions,
        "by": step.facts.by,
        "confidence": step.facts.confidence,
        "cost": usd(step.facts.cost),
        "attempts": step.facts.attempts,
        "request_id": step.facts.request_id,
    })
}
