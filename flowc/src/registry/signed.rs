//! How every move is made: by whom and why, where, and whether it is only tried.

use std::path::PathBuf;

use flow_registry::{Change, Moved, Registry, Who};

use super::gate::{self, Denied};
use super::store::{Signature, Store};
use crate::exit::{Outcome, Stop};
use crate::terminal::Terminal;

/// What all commands that move a pointer take.
#[derive(clap::Args, Debug, Clone)]
pub struct Signed {
    /// Check and show, and change nothing. Also shows what the flows that are touched cost before and after.
    #[arg(long)]
    pub dry_run: bool,
    /// With --dry-run: how many runs in this file are under way in the flows that are touched.
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    pub runs: Option<PathBuf>,
    /// Who does it, and why.
    #[command(flatten)]
    pub signature: Signature,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

impl Signed {
    /// Who signs. What is only tried needs no reason: nothing is kept.
    pub(crate) fn who(&self) -> Result<Who, Stop> {
        if !self.dry_run {
            return self.signature.who_and_why();
        }
        let who = self.signature.who()?;
        let reason = if who.reason.trim().is_empty() { "a trial".to_owned() } else { who.reason };
        Ok(Who { reason, ..who })
    }

    /// Makes moves if everything deployed still fits, and tells how that went.
    pub(crate) fn change(
        &self,
        mut registry: Registry,
        who: &Who,
        terminal: &Terminal,
        moves: impl FnOnce(&Change<'_>) -> Result<Vec<Moved>, Denied>,
    ) -> Outcome {
        let done = registry.change(who, |change| {
            let moved = moves(change)?;
            if !self.dry_run {
                return gate::verify(change, moved);
            }
            let mut effect = gate::weigh(change, moved)?;
            for touched in &mut effect.touched {
                self.runs.iter().try_for_each(|file| touched.count_runs(file)).map_err(Denied::Stop)?;
            }
            Err(Denied::Tried(effect))
        });
        gate::report(done, self.store.json, terminal)
    }
}
