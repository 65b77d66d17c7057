//! Keeping what an eval with a gate said, with the version that it was said of.

use flow_ir::evals::Eval;
use flow_registry::{Error, Verdict};

use super::rows::Rows;
use super::side::Gated;
use super::{Args, Said};
use crate::compile::Built;
use crate::exit::Stop;
use crate::registry::judged::{Report, Shown};
use crate::registry::store;

/// What was kept: `desk/sort v2`.
pub(super) struct Kept {
    pub(super) version: String,
    /// `desk/sort@prod`.
    pub(super) gate: String,
}

/// Keeps what was said; `None` if the eval gates nothing, or was stopped.
///
/// # Errors
/// When the registry cannot be written.
pub(super) fn keep(
    args: &Args,
    built: &Built,
    eval: &Eval,
    (rows, said): (&Rows, &Said),
) -> Result<Option<Kept>, Stop> {
    let Some(Gated { kind, reference, number }) = said.gated.as_ref().filter(|_| !said.stopped) else {
        return Ok(None);
    };
    let path = args.registry.clone().unwrap_or_else(|| store::beside(&built.root));
    let mut registry = store::existing(&path)?;
    let report = serde_json::to_string(&report(args, built, (rows, said))).unwrap_or_default();
    let verdict = Verdict { eval: &eval.title, mark: &eval.mark, passed: said.passed(), report: &report };
    let who = args.signature.who()?;
    registry
        .change::<_, Error>(&who, |change| change.judge(*kind, &reference.name, *number, &verdict))
        .map_err(store::stop)?;
    let gate = eval.gate.as_deref().unwrap_or_default().to_owned();
    Ok(Some(Kept { version: format!("{} v{number}", reference.name), gate }))
}

fn report(args: &Args, built: &Built, (rows, said): (&Rows, &Said)) -> Report {
    let shown = |figure: &super::figures::Figure| Shown {
        what: figure.text.clone(),
        is: figure.shown(),
        between: figure.interval_shown(),
    };
    Report {
        rows: said.rows.len(),
        of: rows.total,
        failed: said.rows.iter().filter(|row| row.error.is_some()).count(),
        figures: said.figures.iter().map(shown).collect(),
        needs: said.needs.iter().map(|need| (need.text.clone(), need.holds)).collect(),
        cost: said.rows.iter().map(|row| row.cost.0).sum(),
        world: said.world.to_owned(),
        dataset: rows.digest.to_string(),
        bundle: built.bundle.digest().to_string(),
        seed: args.seed,
    }
}
