//! Moves are type-checked: what is deployed must still verify behind them.
//!
//! A change is made first and looked at then, all inside one transaction: every bundle that a pointer names and that
//! asks for something that moved, and every bundle that moved itself, is compared with what now stands behind its
//! references. If anything does not fit, the transaction is dropped, and nobody has seen it.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow_compiler::registry::{Refusal, Version, Versions, not_passed, refusals};
use flow_ir::Bundle;
use flow_ir::evals::Eval;
use flow_registry::{Change, Deployed, Error, Kind, Moved, Reference};

use super::judged;
use super::told::{Broken, Refused, Said};
use super::touched::Touched;
use super::version;
use crate::exit::Stop;

/// Why a change was not made.
pub(crate) enum Denied {
    /// It cannot be.
    Stop(Stop),
    /// The registry cannot.
    Error(Error),
    /// Whoever asks may not.
    Forbidden(String),
    /// Something deployed would break.
    Refused(Refused),
    /// It was only tried.
    Tried(Effect),
    /// It was tried, and somebody else must approve it.
    Held(Effect),
}

impl From<Error> for Denied {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

fn broken(bundle: String, refusals: &[Refusal]) -> Broken {
    let said = |refusal: &Refusal| Said {
        code: refusal.code.number.to_owned(),
        name: refusal.code.name.to_owned(),
        message: refusal.message.clone(),
        help: refusal.help.clone(),
    };
    Broken { bundle, diagnostics: refusals.iter().map(said).collect() }
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
                let all = change.deployed_with(one.kind, &reference)?;
                let looked = each(&all, |deployed| {
                    Looked::at(deployed, &read.versions, (one.kind, &reference), is_weighed)
                });
                for looked in looked {
                    let Looked { title, found, gates, touched: mut using, bundle } =
                        looked.map_err(Denied::Stop)?;
                    let fits = found.is_none();
                    broken.extend(found);
                    // What was in force before is trusted without an eval: going back must not wait.
                    if fits && !one.is_rollback {
                        let refusals = not_judged(change, one, &gates)?;
                        broken.extend((!refusals.is_empty()).then(|| self::broken(title, &refusals)));
                    }
                    if let (Some(before), Some(bundle)) = (&before, bundle) {
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
    broken.dedup();
    if broken.is_empty() {
        return Ok(Effect { moved, touched: touched.into_values().collect() });
    }
    Err(Denied::Refused(Refused { moved: false, refused: broken }))
}

/// What is seen of one deployed bundle, without asking the registry for more.
struct Looked {
    /// `desk v3 (@prod)`.
    title: String,
    found: Option<Broken>,
    /// Evals that gate what moved.
    gates: Vec<Eval>,
    touched: Touched,
    /// If it is to be weighed.
    bundle: Option<Bundle>,
}

impl Looked {
    fn at(
        deployed: &Deployed,
        versions: &Versions,
        (kind, reference): (Kind, &str),
        is_weighed: bool,
    ) -> Result<Self, Stop> {
        let row = &deployed.version.row;
        let pointers: Vec<String> = deployed.pointers.iter().map(|pointer| format!("@{pointer}")).collect();
        let title = format!("{} v{} ({})", row.name, row.number, pointers.join(", "));
        let bundle = version::bundle(&deployed.version.body)?;
        let gates = bundle.evals.iter().filter(|eval| eval.gate.as_deref() == Some(reference));
        let mut found = Vec::new();
        look(title.clone(), &bundle, versions, &mut found);
        Ok(Self {
            title,
            found: found.pop(),
            gates: gates.cloned().collect(),
            touched: Touched::of(row, &bundle, kind, reference),
            bundle: is_weighed.then_some(bundle),
        })
    }
}

/// Does the same with each, on all processors: comparing hundreds of deployed bundles is nearly all of a move.
fn each<T: Sync, R: Send>(all: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = all.len().div_ceil(threads).max(1);
    let act = &act;
    std::thread::scope(|scope| {
        let begin = |part| scope.spawn(move || <[T]>::iter(part).map(act).collect::<Vec<R>>());
        let parts: Vec<_> = all.chunks(share).map(begin).collect();
        let end = |part: std::thread::ScopedJoinHandle<'_, Vec<R>>| match part.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        parts.into_iter().flat_map(end).collect()
    })
}

/// FL0809 for every eval that has not passed with the new version.
fn not_judged(change: &Change<'_>, moved: &Moved, gates: &[Eval]) -> Result<Vec<Refusal>, Denied> {
    let mut refusals = Vec::new();
    for eval in gates {
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
        broken.push(self::broken(title, &refusals));
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
