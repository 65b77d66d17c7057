//! From the rows of a store to the calls of each arm.

use std::collections::{BTreeMap, HashMap};

use flow_ir::Bundle;
use flow_ir::setup::{Arm, Callee, Split};
use flow_runtime::home::durable::arm_name;
use flow_store::runs::{ArmFilter, ArmKind, ArmOfRun, ArmRow, PauseRow, Reader, RunNo, Score};
use serde_json::Value as Json;

use crate::commands::split::arms::in_force;
use crate::durable;
use crate::exit::Stop;
use crate::graph::text::{self, Names};

/// Of an arm that is a value, in characters.
const LONGEST: usize = 40;

/// How one call ended.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) error: Option<String>,
    /// Micro-dollars.
    pub(super) cost: f64,
    pub(super) took_ms: f64,
    pub(super) confidence: Option<f64>,
    /// What people said of it.
    pub(super) score: Option<f64>,
}

/// An arm, or a shadow.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    /// `triage_next using fast`.
    pub(super) label: String,
    /// As the newest bundle declares it, in hundredths of a percent; `None` if it no longer does.
    pub(super) share: Option<u32>,
    pub(super) calls: Vec<Call>,
    /// Since when and why it gets no calls.
    pub(super) paused: Option<PauseRow>,
}

/// A shadow and what it is compared with.
#[derive(Clone, Debug)]
pub(super) struct Beside {
    pub(super) taken: Taken,
    /// Shadows that there was no place for.
    pub(super) left_out: usize,
    /// The arm's call and the shadow's, for each call that both made.
    pub(super) pairs: Vec<(Call, Call)>,
    /// Of each pair in which both gave a value.
    pub(super) compared: Vec<Compared>,
}

/// Two values side by side.
#[derive(Clone, Debug)]
pub(super) struct Compared {
    pub(super) run: String,
    pub(super) node: String,
    /// Names of the fields that differ.
    pub(super) differs: Vec<String>,
    /// What the shadow gave.
    pub(super) value: Option<Json>,
}

/// A split with everything that went through it.
#[derive(Clone, Debug)]
pub(super) struct Gathered {
    pub(super) package: String,
    pub(super) name: String,
    pub(super) arms: Vec<Taken>,
    pub(super) shadows: Vec<Beside>,
}

/// Pauses in force, by package, split and arm.
type Paused = HashMap<(String, String, String), PauseRow>;

/// Where a call is: an arm and its shadows share it.
type Place = (RunNo, [u32; 6]);

fn place(row: &ArmRow) -> Place {
    (row.run, [row.frame, row.flow, row.node, row.visit, row.branch, row.split])
}

/// Bundles of a store by digest; `None` if they cannot be read.
struct Bundles<'a> {
    reader: &'a Reader,
    known: HashMap<[u8; 32], Option<Bundle>>,
}

impl Bundles<'_> {
    fn get(&mut self, digest: &[u8; 32]) -> Result<Option<&Bundle>, Stop> {
        if !self.known.contains_key(digest) {
            let row = self.reader.bundle(digest).map_err(|error| durable::stop(&error))?;
            let bundle = row.and_then(|row| Bundle::from_file(&row.file).ok());
            self.known.insert(*digest, bundle);
        }
        Ok(self.known.get(digest).and_then(Option::as_ref))
    }
}

impl Gathered {
    /// Of a store, by package and name; `last`: at most so many calls of each arm and shadow, the newest.
    pub(super) fn of(reader: &Reader, filter: &ArmFilter, last: usize) -> Result<Vec<Self>, Stop> {
        let failed = |error: flow_store::runs::Error| durable::stop(&error);
        let mut rows = reader.arms(filter).map_err(failed)?;
        let scores = Scores::of(reader.arm_scores().map_err(failed)?);
        let paused = in_force(reader)?;
        let mut bundles = Bundles { reader, known: HashMap::new() };
        let mut found: BTreeMap<(String, String), Self> = BTreeMap::new();
        let mut answers: HashMap<Place, Call> = HashMap::new();
        let mut shadows = Vec::new();
        // The newest first: what is declared now comes first, and of many calls these count.
        rows.reverse();
        for of_run in rows {
            let Some(bundle) = bundles.get(&of_run.bundle)? else { continue };
            let Some(split) = bundle.splits.get(of_run.row.split as usize) else { continue };
            let key = (bundle.package.to_string(), split.name.to_string());
            let it = found.entry(key.clone()).or_insert_with(|| Self::declared(bundle, split, &paused));
            if of_run.row.kind != ArmKind::Arm {
                let node = node_name(bundle, &of_run.row);
                let label = label(bundle, split, &split.shadows, of_run.row.arm);
                shadows.push((key, label, node, of_run));
                continue;
            }
            let call = Call::of(&of_run.row, scores.of_call(bundle, &of_run.row));
            answers.insert(place(&of_run.row), call.clone());
            let arm = label(bundle, split, &split.arms, of_run.row.arm);
            if let Some(arm) = it.arm(&arm) {
                arm.push(call, last);
            }
        }
        for (key, label, node, of_run) in shadows {
            if let Some(shadow) = found.get_mut(&key).and_then(|it| it.shadow(&label)) {
                shadow.note(of_run, node, &answers, last);
            }
        }
        Ok(found.into_values().collect())
    }

    fn declared(bundle: &Bundle, split: &Split, paused: &Paused) -> Self {
        let taken = |arms: &[Arm], at: usize, arm: &Arm| Taken {
            label: label(bundle, split, arms, at as u32),
            share: Some(arm.share),
            calls: Vec::new(),
            paused: None,
        };
        let key = |at: usize| {
            let arm = arm_name(bundle, split, at as u32);
            (bundle.package.to_string(), split.name.to_string(), arm)
        };
        let open = |(at, arm)| Taken { paused: paused.get(&key(at)).cloned(), ..taken(&split.arms, at, arm) };
        let arms = split.arms.iter().enumerate().map(open);
        let shadows = split.shadows.iter().enumerate().map(|(at, arm)| taken(&split.shadows, at, arm));
        Self {
            package: bundle.package.to_string(),
            name: split.name.to_string(),
            arms: arms.collect(),
            shadows: shadows.map(Beside::new).collect(),
        }
    }

    /// One that the newest bundle no longer declares is added.
    fn arm(&mut self, label: &str) -> Option<&mut Taken> {
        if self.arms.iter().all(|arm| arm.label != label) {
            self.arms.push(Taken::gone(label));
        }
        self.arms.iter_mut().find(|arm| arm.label == label)
    }

    /// One that the newest bundle no longer declares is added.
    fn shadow(&mut self, label: &str) -> Option<&mut Beside> {
        if self.shadows.iter().all(|shadow| shadow.taken.label != label) {
            self.shadows.push(Beside::new(Taken::gone(label)));
        }
        self.shadows.iter_mut().find(|shadow| shadow.taken.label == label)
    }

    /// The arm that the others are measured by: with the largest share, of equal ones the first.
    pub(super) fn main(&self) -> Option<usize> {
        let shares = self.arms.iter().enumerate().rev();
        shares.max_by_key(|(_, arm)| arm.share.unwrap_or(0)).map(|(at, _)| at)
    }
}

impl Call {
    fn of(row: &ArmRow, score: Option<f64>) -> Self {
        Self {
            error: row.error.clone(),
            cost: row.cost as f64,
            took_ms: row.took_ms as f64,
            confidence: row.confidence,
            score,
        }
    }
}

impl Taken {
    /// That no bundle declares any more.
    fn gone(label: &str) -> Self {
        Self { label: label.to_owned(), share: None, calls: Vec::new(), paused: None }
    }

    fn push(&mut self, call: Call, last: usize) {
        if self.calls.len() < last {
            self.calls.push(call);
        }
    }
}

impl Beside {
    fn new(taken: Taken) -> Self {
        Self { taken, left_out: 0, pairs: Vec::new(), compared: Vec::new() }
    }

    fn note(&mut self, of_run: ArmOfRun, node: String, answers: &HashMap<Place, Call>, last: usize) {
        let ArmOfRun { row, run_id, .. } = of_run;
        if row.kind == ArmKind::LeftOut {
            self.left_out += 1;
            return;
        }
        if self.taken.calls.len() >= last {
            return;
        }
        let call = Call::of(&row, None);
        self.pairs.extend(answers.get(&place(&row)).map(|answer| (answer.clone(), call.clone())));
        self.taken.calls.push(call);
        let compared = |differs| Compared { run: run_id, node, differs, value: row.value };
        self.compared.extend(row.differs.map(compared));
    }
}

/// `triage_next using fast`; with a number where another arm reads the same.
fn label(bundle: &Bundle, split: &Split, arms: &[Arm], at: u32) -> String {
    let words = |arm: &Arm| {
        let callee = match (arm.call.callee, arm.call.args.first()) {
            (Callee::Value, Some(value)) => {
                let params = split.params.iter().map(|param| param.name.to_string()).collect();
                text::short(&text::expr(&Names::of_slots(bundle, params), value), LONGEST)
            }
            (callee, _) => text::callee(bundle, callee),
        };
        match arm.call.model.and_then(|model| bundle.models.get(model.index())) {
            Some(model) => format!("{callee} using {}", model.name),
            None => callee,
        }
    };
    let Some(arm) = arms.get(at as usize) else { return format!("{} {at}", split.name) };
    let same = words(arm);
    match arms.iter().filter(|arm| words(arm) == same).count() {
        0 | 1 => same,
        _ => format!("{same} #{}", at + 1),
    }
}

fn node_name(bundle: &Bundle, row: &ArmRow) -> String {
    let flow = bundle.flows.get(row.flow as usize);
    let node = flow.and_then(|flow| flow.nodes.get(row.node as usize));
    node.map(|node| node.name.to_string()).unwrap_or_default()
}

/// What people said, by run.
struct Scores {
    by_run: HashMap<RunNo, Vec<Score>>,
}

impl Scores {
    fn of(scores: Vec<Score>) -> Self {
        let mut by_run: HashMap<RunNo, Vec<Score>> = HashMap::new();
        for score in scores {
            by_run.entry(score.run).or_default().push(score);
        }
        Self { by_run }
    }

    /// Of the node that made the call; where nobody said anything of it, of the run.
    fn of_call(&self, bundle: &Bundle, row: &ArmRow) -> Option<f64> {
        let said = self.by_run.get(&row.run)?;
        let node = node_name(bundle, row);
        let flow = bundle.flows.get(row.flow as usize).map(|flow| format!("{}.{node}", flow.name));
        let about = |it: &Score| {
            let name = it.node.as_deref();
            name.is_some() && (name == Some(node.as_str()) || name == flow.as_deref())
        };
        let mean = |scores: Vec<f64>| crate::statistics::mean(&scores);
        mean(said.iter().filter(|it| about(it)).map(|it| it.score).collect())
            .or_else(|| mean(said.iter().filter(|it| it.node.is_none()).map(|it| it.score).collect()))
    }
}
