//! What a move touches: the flows of deployed bundles that lead to what moved, what they cost before and after, and
//! the runs that are under way in them.

use std::path::Path;

use flow_compiler::bounds::{Bounds, Effort, FlowBound, Most};
use flow_compiler::registry::{Versions, linked};
use flow_ir::asked::Asked;
use flow_ir::{Bundle, Digest, FlowId, effort};
use flow_registry::{Kind, VersionRow};
use flow_store::runs::{RunFilter, Status};
use serde_json::{Value as Json, json};

use crate::durable;
use crate::exit::Stop;
use crate::terminal::{DIM, NAME, count, paint};

/// Runs that are counted at most: more is said as "more than".
const MOST_RUNS: u32 = 10_000;

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
                limit: MOST_RUNS,
            };
            let runs = reader.runs(&filter).map_err(|error| durable::stop(&error))?;
            touched.runs = Some(runs.iter().filter(|run| run.bundle == self.digest.0).count());
        }
        Ok(())
    }

    /// `used by desk v1: handle`, and a line for each flow that was weighed.
    pub(crate) fn to_text(&self) -> String {
        let names: Vec<&str> = self.flows.iter().map(|flow| flow.name.as_str()).collect();
        let head = paint(NAME, format!("{}: {}", self.bundle, names.join(", ")));
        let mut text = format!("  {} {head}\n", paint(DIM, "used by"));
        for flow in &self.flows {
            text.push_str(&flow.to_text());
        }
        text
    }

    /// For programs.
    pub(crate) fn to_json(&self) -> Json {
        let flows: Vec<&str> = self.flows.iter().map(|flow| flow.name.as_str()).collect();
        let weighed: Vec<Json> = self.flows.iter().filter_map(TouchedFlow::to_json).collect();
        json!({ "bundle": self.bundle, "flows": flows, "changes": weighed })
    }
}

impl Cost {
    fn of(flow: &FlowBound) -> Self {
        let cost = |effort: &Effort| effort.cost;
        Self { usual: cost(&flow.usual), worst: cost(&flow.worst) }
    }

    fn to_json(self) -> Json {
        let usd = |most: Most| most.as_usd().map(crate::journal::usd);
        json!({ "usual": usd(self.usual), "worst": usd(self.worst) })
    }
}

impl TouchedFlow {
    fn to_text(&self) -> String {
        let mut parts = Vec::new();
        if let Some([before, after]) = self.cost {
            parts.push(format!("usual {}", change(before.usual, after.usual)));
            parts.push(format!("worst {}", change(before.worst, after.worst)));
        }
        match self.runs {
            Some(runs) if runs >= MOST_RUNS as usize => parts.push(format!("{runs} runs or more under way")),
            Some(runs) => parts.push(format!("{} under way", count(runs, "run"))),
            None => {}
        }
        if parts.is_empty() { String::new() } else { format!("    {}: {}\n", self.name, parts.join("; ")) }
    }

    fn to_json(&self) -> Option<Json> {
        let [before, after] = self.cost?;
        let (before, after) = (before.to_json(), after.to_json());
        Some(json!({ "flow": self.name, "before": before, "after": after, "runs": self.runs }))
    }
}

/// `0.0042 USD`, or `0.0042 USD → 0.0051 USD`.
fn change(before: Most, after: Most) -> String {
    let money =
        |most: Most| most.as_usd().map_or_else(|| "any amount".to_owned(), flow_ir::units::Usd::short);
    if before == after { money(after) } else { format!("{} → {}", money(before), money(after)) }
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
