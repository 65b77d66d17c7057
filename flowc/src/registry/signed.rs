//! How every move is made: by whom and why, where, and whether it is only tried.

use std::path::PathBuf;

use super::asked::Asked;
use super::place::{Place, Wanted};
use super::store::{Signature, Store};
use super::told::Told;
use crate::exit::{Outcome, Stop};
use crate::terminal::Terminal;

/// What all commands that move a pointer take.
#[derive(clap::Args, Debug, Clone)]
pub struct Signed {
    /// Check and show, and change nothing. Also shows what the flows that are touched cost before and after.
    #[arg(long)]
    pub dry_run: bool,
    /// With --dry-run: how many runs in this file are under way in the flows that are touched. A server counts its own.
    #[arg(long, value_name = "FILE", requires = "dry_run", conflicts_with = "server")]
    pub runs: Option<PathBuf>,
    /// Who does it, and why.
    #[command(flatten)]
    pub signature: Signature,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

impl Signed {
    /// Refuses what nobody signs, before anything else is looked at.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        if self.dry_run { Ok(()) } else { self.signature.reasoned() }
    }

    /// Makes a change if everything deployed still fits.
    pub(crate) fn ask(&self, place: &mut Place, asked: Asked) -> Result<Told, Stop> {
        let Self { signature, dry_run, runs, .. } = self;
        let wanted = Wanted { signature, with_reason: true, dry_run: *dry_run, runs: runs.clone() };
        place.change(asked, wanted)
    }

    /// The same, and tells how that went.
    pub(crate) fn change(&self, asked: Asked, terminal: &Terminal) -> Outcome {
        self.check()?;
        self.ask(&mut self.store.place()?, asked)?.tell(self.store.json, terminal)
    }
}
