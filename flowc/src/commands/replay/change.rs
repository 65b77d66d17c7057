//! What a replay changes, and from where on.

use flow_ir::setup::Callee;
use flow_ir::{Bundle, FlowId, NodeId, PromptId};
use flow_registry::Reference;
use flow_runtime::program::Program;
use flow_runtime::protocol::{Command, Record};
use flow_runtime::replay::Place;

use super::difference::Way;
use crate::commands::explain::closest;
use crate::exit::Stop;

/// A prompt that is another version.
pub(super) struct Changed {
    pub(super) callee: Callee,
    prompt: PromptId,
    reference: Reference,
}

/// The prompts of the bundle that these references are versions of: those that are taken from the registry under the
/// name, or are called by it.
pub(super) fn prompts(bundle: &Bundle, references: &[String]) -> Result<Vec<Changed>, Stop> {
    let mut changed = Vec::new();
    for text in references {
        let reference: Reference =
            text.parse().map_err(|error: flow_registry::BadName| Stop::usage(error.to_string()))?;
        let name = reference.name.as_str();
        let found: Vec<PromptId> = (0u32..)
            .zip(&bundle.prompts)
            .filter(|(_, prompt)| match &prompt.registry {
                Some(own) => own.split_once('@').is_some_and(|(own, _)| own == name),
                None => prompt.name == name,
            })
            .map(|(at, _)| PromptId(at))
            .collect();
        if found.is_empty() {
            return Err(no_prompt(bundle, name));
        }
        changed.extend(found.into_iter().map(|prompt| Changed {
            callee: Callee::Prompt(prompt),
            prompt,
            reference: reference.clone(),
        }));
    }
    Ok(changed)
}

fn no_prompt(bundle: &Bundle, name: &str) -> Stop {
    let names = bundle.prompts.iter().map(|prompt| match &prompt.registry {
        Some(own) => own.split_once('@').map_or(own.as_str(), |(own, _)| own),
        None => prompt.name.as_str(),
    });
    let stop = Stop::usage(format!("the run's package has no prompt `{name}`"));
    match closest(name, names.clone()) {
        Some(near) => stop.help(format!("did you mean `{near}`?")),
        None => stop.help(format!("it has {}", names.collect::<Vec<_>>().join(", "))),
    }
}

/// The bundle in which these prompts are looked up in the registry. Rows stay where they are.
pub(super) fn applied(bundle: &Bundle, changed: &[Changed]) -> Bundle {
    let mut bundle = bundle.clone();
    for one in changed {
        if let Some(prompt) = bundle.prompts.get_mut(one.prompt.index()) {
            prompt.registry = Some(one.reference.to_string().into());
            prompt.messages.clear();
        }
    }
    bundle
}

/// `write`, `handle.write`, `write:2`.
pub(super) fn place(program: &Program, text: &str) -> Result<Place, Stop> {
    let (path, time) = match text.rsplit_once(':') {
        Some((path, time)) => (path, time.parse().ok().filter(|time| *time > 0)),
        None => (text, Some(1)),
    };
    let time =
        time.ok_or_else(|| Stop::usage(format!("`{text}`: write the node and which time, as in `write:2`")))?;
    let (wanted_flow, wanted) = match path.rsplit_once('.') {
        Some((flow, node)) => (Some(flow), node),
        None => (None, path),
    };
    let flows = (0u32..).zip(&program.bundle().flows);
    let flows = flows.filter(|(_, flow)| wanted_flow.is_none_or(|name| flow.name == name));
    let nodes = flows.flat_map(|(at, flow)| {
        (0u32..).zip(&flow.nodes).map(move |(node, it)| (FlowId(at), NodeId(node), flow, it))
    });
    let found: Vec<_> = nodes.clone().filter(|(.., node)| node.name == wanted).collect();
    match found.as_slice() {
        [(flow, node, ..)] => Ok(Place { flow: *flow, node: *node, time }),
        [] => {
            let stop = Stop::usage(format!("there is no node `{path}` in the run's package"));
            Err(match closest(wanted, nodes.map(|(.., node)| node.name.as_str())) {
                Some(near) => stop.help(format!("did you mean `{near}`?")),
                None => stop,
            })
        }
        several => {
            let names: Vec<String> =
                several.iter().map(|(.., flow, _)| format!("`{}.{wanted}`", flow.name)).collect();
            Err(Stop::usage(format!("`{wanted}` is a node of several flows")).help(names.join(" or ")))
        }
    }
}

/// Where one of these was called first.
pub(super) fn first_call(way: &Way, changed: &[Changed]) -> Option<Place> {
    let mut entered = Vec::new();
    for command in &way.walked.said {
        match command {
            Command::Record(Record::Entered { flow, node, .. }) => entered.push((*flow, *node)),
            Command::Invoke(call) if changed.iter().any(|one| one.callee == call.callee) => {
                let here = (call.flow, call.node);
                let time = entered.iter().filter(|place| **place == here).count();
                return Some(Place { flow: here.0, node: here.1, time: u32::try_from(time).ok()?.max(1) });
            }
            Command::Invoke(_)
            | Command::Record(_)
            | Command::Timer { .. }
            | Command::Cancel { .. }
            | Command::Compare(_)
            | Command::Shadow(_)
            | Command::Finish(_) => {}
        }
    }
    None
}
