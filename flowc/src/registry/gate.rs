//! Moves are type-checked: what is deployed must still verify behind them.
//!
//! A change is made first and looked at then, all inside one transaction: every bundle that a pointer names and that
//! asks for something that moved, and every bundle that moved itself, is compared with what now stands behind its
//! references. If anything does not fit, the transaction is dropped, and nobody has seen it.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow_compiler::registry::{Refusal, Version, Versions, not_passed, refusals};
use flow_diagnostics::index;
use flow_ir::Bundle;
use flow_registry::{Change, Error, Kind, Moved, Reference};
use serde_json::{Value as Json, json};

use super::judged;
use super::store;
use super::touched::Touched;
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
    /// Deployed bundles that use what moved.
    pub(crate) touched: Vec<Touched>,
}

/// Looks at what is deployed after these moves.
pub(crate) fn verify(change: &Change<'_>, moved: Vec<Moved>) -> Result<Effect, Denied> {
    look_at(change, moved, false)
}

/// The same, and says what the flows that are touched cost before and after.
pub(crate) fn weigh(change: &Change<'_>, moved: Vec<Moved>) -> Result<Effect, Denied> {
    look_at(change, moved, true)
}

fn look_at(change: &Change<'_>, moved: Vec<Moved>, is_weighed: bool) -> Result<Effect, Denied> {
    let mut broken = Vec::new();
    let mut touched = BTreeMap::new();
    let mut read = Reader { change, versions: Versions::default() };
    let before = is_weighed.then(|| before(change, &moved)).transpose()?;
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
                    let known = broken.len();
                    look(title.clone(), &bundle, &read.versions, &mut broken);
                    let fits = broken.len() == known;
                    // What was in force before is trusted without an eval: going back must not wait.
                    if fits && !one.is_rollback {
                        let refusals = gated(change, one, &bundle, &reference)?;
                        broken.extend((!refusals.is_empty()).then_some(Broken { bundle: title, refusals }));
                    }
                    let mut using = Touched::of(row, &bundle, one.kind, &reference);
                    if let Some(before) = &before {
                        // What did not move is the same on both sides.
                        read.all_that_is_there(&bundle);
                        using.weigh(&bundle, &with_rest(before, &read.versions), &read.versions);
                    }
                    touched.insert(using.bundle.clone(), using);
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
        return Ok(Effect { moved, touched: touched.into_values().collect() });
    }
    Err(Denied::Refused(broken))
}

/// FL0809 for every eval of a deployed bundle that gates what moved and has not passed with its new version.
fn gated(
    change: &Change<'_>,
    moved: &Moved,
    bundle: &Bundle,
    reference: &str,
) -> Result<Vec<Refusal>, Denied> {
    let mut refusals = Vec::new();
    for eval in bundle.evals.iter().filter(|eval| eval.gate.as_deref() == Some(reference)) {
        let said = change.judged(moved.kind, &moved.name, moved.to, &eval.mark)?;
        if said.as_ref().is_some_and(|said| said.passed) {
            continue;
        }
        let figures = said.map(|said| judged::summary(&said.report));
        refusals.push(not_passed(eval, moved.to, figures.as_deref()));
    }
    Ok(refusals)
}

fn look(title: String, bundle: &Bundle, versions: &Versions, broken: &mut Vec<Broken>) {
    let refusals = refusals(bundle, versions);
    if !refusals.is_empty() {
        broken.push(Broken { bundle: title, refusals });
    }
}

/// What stood behind the references before they moved.
fn before(change: &Change<'_>, moved: &[Moved]) -> Result<Versions, Denied> {
    let mut versions = Versions::default();
    for one in moved {
        let (Some(from), Kind::Prompt | Kind::Model) = (one.from, one.kind) else { continue };
        let found = change.version(one.kind, &one.name, from)?;
        let bundle = Arc::new(version::bundle(&found.body).map_err(Denied::Stop)?);
        let known = if one.kind == Kind::Model { &mut versions.models } else { &mut versions.prompts };
        known.insert(format!("{}@{}", one.name, one.pointer), Version { number: from, bundle });
    }
    Ok(versions)
}

/// These versions, and of the others what is not among them.
fn with_rest(versions: &Versions, others: &Versions) -> Versions {
    let mut all = others.clone();
    all.prompts.extend(versions.prompts.clone());
    all.models.extend(versions.models.clone());
    all
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

    /// The same, without what is not there.
    fn all_that_is_there(&mut self, bundle: &Bundle) {
        let prompts = bundle.registry_prompts().map(|(_, reference)| (Kind::Prompt, reference));
        let models = bundle.registry_models().map(|(_, reference)| (Kind::Model, reference));
        for (kind, reference) in prompts.chain(models) {
            // Without it, a full window is counted on both sides.
            drop(self.reference(kind, reference));
        }
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
        let touched: Vec<Json> = effect.touched.iter().map(Touched::to_json).collect();
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
    for touched in &effect.touched {
        terminal.print(&touched.to_text())?;
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
    let is_gate = |refusal: &Refusal| refusal.code == &index::GATE_NOT_PASSED;
    let why = match broken.iter().flat_map(|broken| &broken.refusals).all(is_gate) {
        true => "an eval holds it".to_owned(),
        false => format!("{} would break", count(broken.len(), "deployed bundle")),
    };
    terminal.err(&format!("nothing was moved: {why}\n"));
    Ok(Exit::Diagnostics)
}
