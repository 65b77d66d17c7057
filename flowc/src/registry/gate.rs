//! Moves are type-checked: what is deployed must still verify behind them.
//!
//! A change is made first and looked at then, all inside one transaction: every bundle that a pointer names and that
//! asks for something that moved, and every bundle that moved itself, is compared with what now stands behind its
//! references. If anything does not fit, the transaction is dropped, and nobody has seen it.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow_compiler::registry::{Refusal, Version, Versions, refusals};
use flow_ir::Bundle;
use flow_ir::flow::Flow;
use flow_ir::setup::Callee;
use flow_registry::{Change, Error, Kind, Moved, Reference};
use serde_json::{Value as Json, json};

use super::store;
use super::version;
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::{BAD, BOLD, DIM, GOOD, NAME, Terminal, count, paint};

/// Why a change was not made.
pub(crate) enum Denied {
    /// It cannot be.
    Stop(Stop),
    /// Something deployed would break.
    Refused(Vec<Broken>),
    /// It was only tried.
    Tried(Effect),
}

impl From<Error> for Denied {
    fn from(error: Error) -> Self {
        Self::Stop(store::stop(error))
    }
}

/// A deployed bundle that would break, and why.
pub(crate) struct Broken {
    /// `desk v3 (@prod)`.
    bundle: String,
    refusals: Vec<Refusal>,
}

/// What a change does.
pub(crate) struct Effect {
    pub(crate) moved: Vec<Moved>,
    /// Deployed bundles that use what moved, with their flows.
    pub(crate) touched: Vec<(String, Vec<String>)>,
}

/// Looks at what is deployed after these moves.
pub(crate) fn verify(change: &Change<'_>, moved: Vec<Moved>) -> Result<Effect, Denied> {
    let mut broken = Vec::new();
    let mut touched = BTreeMap::new();
    let mut read = Reader { change, versions: Versions::default() };
    for one in &moved {
        let reference = format!("{}@{}", one.name, one.pointer);
        match one.kind {
            Kind::Prompt | Kind::Model => {
                read.reference(one.kind, &reference)?;
                for deployed in change.deployed_with(one.kind, &reference)? {
                    let row = &deployed.version.row;
                    let pointers: Vec<String> =
                        deployed.pointers.iter().map(|pointer| format!("@{pointer}")).collect();
                    let title = format!("{} v{} ({})", row.name, row.number, pointers.join(", "));
                    let bundle = version::bundle(&deployed.version.body).map_err(Denied::Stop)?;
                    look(title, &bundle, &read.versions, &mut broken);
                    let title = format!("{} v{}", row.name, row.number);
                    touched.insert(title, flows_with(&bundle, one.kind, &reference));
                }
            }
            Kind::Bundle => {
                let body = change.version(Kind::Bundle, &one.name, one.to)?.body;
                let bundle = version::bundle(&body).map_err(Denied::Stop)?;
                read.all_of(&bundle)?;
                look(format!("{} v{}", one.name, one.to), &bundle, &read.versions, &mut broken);
            }
            Kind::Release => {}
        }
    }
    broken.sort_by(|a: &Broken, b| a.bundle.cmp(&b.bundle));
    broken.dedup_by(|a, b| a.bundle == b.bundle && a.refusals == b.refusals);
    if broken.is_empty() {
        return Ok(Effect { moved, touched: touched.into_iter().collect() });
    }
    Err(Denied::Refused(broken))
}

fn look(title: String, bundle: &Bundle, versions: &Versions, broken: &mut Vec<Broken>) {
    let refusals = refusals(bundle, versions);
    if !refusals.is_empty() {
        broken.push(Broken { bundle: title, refusals });
    }
}

/// Versions as they are inside the change, each read once.
struct Reader<'c, 't> {
    change: &'c Change<'t>,
    versions: Versions,
}

impl Reader<'_, '_> {
    /// Everything that a bundle asks for; it cannot be deployed while something is not there.
    fn all_of(&mut self, bundle: &Bundle) -> Result<(), Denied> {
        for (_, reference) in bundle.registry_prompts() {
            self.reference(Kind::Prompt, reference)?;
        }
        for (_, reference) in bundle.registry_models() {
            self.reference(Kind::Model, reference)?;
        }
        Ok(())
    }

    fn reference(&mut self, kind: Kind, text: &str) -> Result<(), Denied> {
        let known = if kind == Kind::Model { &mut self.versions.models } else { &mut self.versions.prompts };
        if known.contains_key(text) {
            return Ok(());
        }
        let reference: Reference = text.parse().map_err(Error::Name)?;
        let (found, _) = self.change.resolve(kind, &reference)?;
        let bundle = Arc::new(version::bundle(&found.body).map_err(Denied::Stop)?);
        known.insert(text.to_owned(), Version { number: found.row.number, bundle });
        Ok(())
    }
}

/// The flows that use what is behind a reference.
fn flows_with(bundle: &Bundle, kind: Kind, reference: &str) -> Vec<String> {
    let uses = |flow: &&Flow| {
        flow.nodes.iter().flat_map(|node| node.work.calls()).any(|call| match (kind, call.callee) {
            (Kind::Prompt, Callee::Prompt(id)) => {
                let prompt = bundle.prompts.get(id.index());
                prompt.and_then(|prompt| prompt.registry.as_deref()) == Some(reference)
            }
            (Kind::Model, _) => {
                call.model.and_then(|id| bundle.models.get(id.index())).is_some_and(|m| m.id == reference)
            }
            _ => false,
        })
    };
    bundle.flows.iter().filter(uses).map(|flow| flow.name.to_string()).collect()
}

/// Tells how a change went: made, tried, or refused.
pub(crate) fn report(done: Result<Effect, Denied>, json: bool, terminal: &Terminal) -> Outcome {
    match done {
        Ok(effect) => tell(&effect, true, json, terminal),
        Err(Denied::Tried(effect)) => tell(&effect, false, json, terminal),
        Err(Denied::Stop(stop)) => Err(stop),
        Err(Denied::Refused(broken)) => refuse(&broken, json, terminal),
    }
}

fn tell(effect: &Effect, is_made: bool, json: bool, terminal: &Terminal) -> Outcome {
    if json {
        let touched: Vec<Json> = effect
            .touched
            .iter()
            .map(|(bundle, flows)| json!({ "bundle": bundle, "flows": flows }))
            .collect();
        let line = json!({ "moved": is_made, "moves": effect.moved, "touches": touched });
        terminal.line(format!("{line:#}"))?;
        return Ok(Exit::Ok);
    }
    for moved in &effect.moved {
        let from = moved.from.map_or("nothing".to_owned(), |from| format!("v{from}"));
        let verb = if is_made { "" } else { "would move: " };
        let what = paint(BOLD, format!("{}@{}", moved.name, moved.pointer));
        let to = paint(GOOD, format!("v{}", moved.to));
        let generation = paint(DIM, format!("generation {}", moved.generation));
        terminal.line(format!("{verb}{what} {from} → {to}  {generation}"))?;
    }
    for (bundle, flows) in &effect.touched {
        let flows = flows.join(", ");
        terminal.line(format!(
            "  {} {}",
            paint(DIM, "used by"),
            paint(NAME, format!("{bundle}: {flows}"))
        ))?;
    }
    Ok(Exit::Ok)
}

fn refuse(broken: &[Broken], json: bool, terminal: &Terminal) -> Outcome {
    if json {
        let refusal = |refusal: &Refusal| {
            json!({ "code": refusal.code.number, "name": refusal.code.name, "message": refusal.message,
                    "help": refusal.help })
        };
        let one = |broken: &Broken| {
            let diagnostics: Vec<Json> = broken.refusals.iter().map(refusal).collect();
            json!({ "bundle": broken.bundle, "diagnostics": diagnostics })
        };
        let broken: Vec<Json> = broken.iter().map(one).collect();
        terminal.line(format!("{:#}", json!({ "moved": false, "refused": broken })))?;
        return Ok(Exit::Diagnostics);
    }
    for broken in broken {
        for refusal in &broken.refusals {
            let code = paint(BAD, format!("error[{}]", refusal.code.number));
            terminal.err(&format!("{code}: {}\n", refusal.message));
            terminal.err(&format!("  {} deployed as {}\n", paint(DIM, "in"), broken.bundle));
        }
        if let Some(first) = broken.refusals.first() {
            terminal.err(&format!("  {} {}\n", paint(NAME, "help:"), first.help));
        }
    }
    terminal.err(&format!("nothing was moved: {} would break\n", count(broken.len(), "deployed bundle")));
    Ok(Exit::Diagnostics)
}
