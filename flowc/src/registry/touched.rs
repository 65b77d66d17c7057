//! What a move touches: the flows of deployed bundles that lead to what moved, what they cost before and after, and
//! the runs that are under way in them.

use std::path::Path;

use flow_compiler::bounds::{Bounds, Effort, FlowBound, Most};
use flow_compiler::registry::{Versions, linked};
use flow_ir::asked::Asked;
use flow_ir::{Bundle, Digest, FlowId, effort};
use flow_registry::{Kind, VersionRow};
use flow_store::runs::{RunFilter, Status};

use super::told::{Costs, FlowChange, MOST_RUNS, Touches};
use crate::durable;
use crate::exit::Stop;

/// A deployed bundle that uses what moved.
pub(crate) struct Touched {
    /// `desk v1`.
    pub(crate) bundle: String,
    digest: Digest,
    flows: Vec<TouchedFlow>,
}

/// A flow that leads to what moved.
struct TouchedFlow {
    name: String,
    /// Before and after, if it was weighed.
    cost: Option<[Cost; 2]>,
    /// Runs that have not ended, if they were counted.
    runs: Option<usize>,
}

/// Of one run.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cost {
    usual: Most,
    worst: Most,
}

impl Touched {
    /// The flows of a bundle that lead to a reference.
    pub(crate) fn of(row: &VersionRow, bundle: &Bundle, kind: Kind, reference: &str) -> Self {
        let flow = |(_, name): (FlowId, &str)| TouchedFlow { name: name.to_owned(), cost: None, runs: None };
        Self {
            bundle: format!("{} v{}", row.name, row.number),
            digest: row.digest,
            flows: flows_with(bundle, kind, reference).map(flow).collect(),
        }
    }

    /// Adds what the flows cost with the versions before and after.
    pub(crate) fn weigh(&mut self, bundle: &Bundle, before: &Versions, after: &Versions) {
        let bounds = |versions| linked(bundle, versions).ok().map(|linked| Bounds::of(&linked));
        let (Some(before), Some(after)) = (bounds(before), bounds(after)) else { return };
        for touched in &mut self.flows {
            let cost =
                |bounds: &Bounds| bounds.flows.iter().find(|flow| flow.name == touched.name).map(Cost::of);
            touched.cost = cost(&before).zip(cost(&after)).map(|(before, after)| [before, after]);
        }
    }

    /// Counts the runs that have not ended in a file of runs.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn count_runs(&mut self, file: &Path) -> Result<(), Stop> {
        let reader = durable::visit(file)?;
        for touched in &mut self.flows {
            let filter = RunFilter {
                tenant: None,
                flow: Some(touched.name.clone()),
                status: vec![Status::Queued, Status::Active, Status::Waiting, Status::Parked],
                before: None,
                limit: MOST_RUNS as u32,
            };
            let runs = reader.runs(&filter).map_err(|error| durable::stop(&error))?;
            touched.runs = Some(runs.iter().filter(|run| run.bundle == self.digest.0).count());
        }
        Ok(())
    }

    /// As data.
    pub(crate) fn said(&self) -> Touches {
        Touches {
            bundle: self.bundle.clone(),
            flows: self.flows.iter().map(|flow| flow.name.clone()).collect(),
            changes: self.flows.iter().filter_map(TouchedFlow::said).collect(),
        }
    }
}

impl Cost {
    fn of(flow: &FlowBound) -> Self {
        let cost = |effort: &Effort| effort.cost;
        Self { usual: cost(&flow.usual), worst: cost(&flow.worst) }
    }

    fn said(self) -> Costs {
        let usd = |most: Most| most.as_usd().map(crate::journal::usd);
        Costs { usual: usd(self.usual), worst: usd(self.worst) }
    }
}

impl TouchedFlow {
    fn said(&self) -> Option<FlowChange> {
        let [before, after] = self.cost?;
        let (before, after) = (before.said(), after.said());
        Some(FlowChange { flow: self.name.clone(), before, after, runs: self.runs })
    }
}

/// The flows that lead to what is behind a reference, through splits and other flows too.
fn flows_with<'b>(
    bundle: &'b Bundle,
    kind: Kind,
    reference: &'b str,
) -> impl Iterator<Item = (FlowId, &'b str)> {
    let leads = move |id: FlowId| {
        let asked = Asked::by_flow(bundle, id);
        let by_prompt = |id: &flow_ir::PromptId| {
            let prompt = bundle.prompts.get(id.index());
            prompt.and_then(|prompt| prompt.registry.as_deref()) == Some(reference)
        };
        let by_model = |id: &flow_ir::ModelId| {
            effort::chain(&bundle.models, *id).iter().any(|(_, model)| model.id == reference)
        };
        match kind {
            Kind::Prompt => asked.prompts.iter().any(by_prompt),
            Kind::Model => asked.models.iter().any(by_model),
            Kind::Bundle | Kind::Release => false,
        }
    };
    let flows = (0..).map(FlowId).zip(&bundle.flows);
    flows.filter(move |(id, _)| leads(*id)).map(|(id, flow)| (id, flow.name.as_str()))
}
