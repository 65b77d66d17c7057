//! Who answers the rows of an eval: real models, a recording, or what the eval itself says.

use std::collections::HashMap;
use std::sync::Arc;

use flow_ir::asked::Asked;
use flow_ir::evals::Eval;
use flow_ir::setup::Callee;
use flow_runtime::effects::{Closed, Outside, Replay};
use smol_str::SmolStr;

use super::Args;
use crate::commands::run::world::{self, Wanted};
use crate::compile::Built;
use crate::exit::Stop;
use crate::trial;

/// What rows reach.
pub(super) struct World {
    pub(super) outside: Arc<dyn Outside>,
    /// By the names that `cassette("…")` uses.
    pub(super) cassettes: HashMap<SmolStr, Arc<dyn Outside>>,
    /// Recordings, to be asked what they lacked.
    replays: Vec<Arc<Replay>>,
    /// Whether real models are asked: then time is real, and rows are run at once.
    pub(super) is_live: bool,
}

impl World {
    /// For one pass over the rows.
    ///
    /// # Errors
    /// When a cassette cannot be read, or a model needs a key that is not set.
    pub(super) fn of(args: &Args, built: &Built, eval: &Eval) -> Result<Self, Stop> {
        let (mut replays, cassettes) = trial::cassettes(&built.root, &eval.givens).map_err(Stop::usage)?;
        let answered: Vec<Callee> = eval.givens.iter().map(|given| given.callee).collect();
        let mut asked = Asked::by_call(&built.bundle, &eval.call, &answered);
        asked.by_givens(&built.bundle, &eval.givens, &answered);
        let asks = !asked.models.is_empty() || args.live;
        let is_live = args.live || args.cassette.is_none() && asks;
        if !asks && args.cassette.is_none() {
            return Ok(Self { outside: Arc::new(Closed), cassettes, replays, is_live });
        }
        let wanted = Wanted { cassette: args.cassette.as_deref(), live: args.live };
        let world::World { outside, replay } = world::outside(wanted, built, &asked)?;
        replays.extend(replay);
        Ok(Self { outside, cassettes, replays, is_live })
    }

    /// What was asked for and not recorded: a pass with problems proves nothing.
    pub(super) fn problems(&self) -> Vec<String> {
        self.replays.iter().flat_map(|replay| replay.problems()).collect()
    }

    /// `live`, `recorded`, or `given` if nobody outside is asked.
    pub(super) fn word(&self) -> &'static str {
        match (self.is_live, self.replays.is_empty()) {
            (true, _) => "live",
            (false, false) => "recorded",
            (false, true) => "given",
        }
    }
}
