//! The same questions, asked of the flows of one file at a time.
//!
//! A package that is being edited remembers the answers of every file, and asks again only where something that the
//! answer depends on is new. What depends on other files than those imported is told in an [`Outside`].

use flow_diagnostics::{Diagnostic, FileId, Span};
use flow_ir::FlowId;
use flow_ir::flow::TriggerSource;
use flow_ir::setup::Callee;
use flow_ir::types::Field;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::labels::{Marks, Taint};
use super::outside::{self, Key, Known, Outcome, Outside, Told};
use super::{Analysis, Places, ROUNDS, Rank, Walked, approval, sinks};
use crate::bodies::CallOrder;
use crate::names::Item;
use crate::rules;

/// A look at a package, or at a part of it, that can be asked about its files.
pub(crate) struct ByFile<'a> {
    places: Places<'a>,
    analysis: Analysis<'a>,
    /// Flows by file, callers first.
    flows: FxHashMap<FileId, Vec<FlowId>>,
    /// What is wrong with approval, by file.
    approval: FxHashMap<FileId, Vec<Diagnostic>>,
    unapproved: FxHashSet<(FlowId, usize)>,
    /// What resources declare.
    declared: Vec<Marks>,
}

impl<'a> ByFile<'a> {
    /// Begins a look. `elsewhere` are names of labels that files outside of it declare.
    pub(crate) fn new(
        places: Places<'a>,
        order: &'a CallOrder,
        elsewhere: impl Iterator<Item = (SmolStr, Span)>,
    ) -> Self {
        let mut out = Vec::new();
        let unapproved = approval::check(&places, &order.flows, &mut out);
        let mut approval: FxHashMap<FileId, Vec<Diagnostic>> = FxHashMap::default();
        for found in out {
            approval.entry(found.primary.span.file).or_default().push(found);
        }
        let mut flows: FxHashMap<FileId, Vec<FlowId>> = FxHashMap::default();
        for id in order.flows.iter().rev() {
            if let Some((at, _)) = places.item(Item::Flow(*id)) {
                flows.entry(at.0).or_default().push(*id);
            }
        }
        let analysis = Analysis::new(&places, order, elsewhere);
        let declared = analysis.resources.clone();
        Self { places, analysis, flows, approval, unapproved, declared }
    }

    /// Looks at the flows of a file.
    pub(crate) fn look(&mut self, file: FileId, outside: &Outside) -> Outcome {
        self.begin(outside);
        let flows = self.flows.get(&file).cloned().unwrap_or_default();
        let mut walked: Vec<Walked> = Vec::new();
        for _ in 0..ROUNDS {
            walked = self.round(&flows, outside);
            if !self.analysis.changed {
                break;
            }
        }
        let mut diagnostics = self.approval.get(&file).cloned().unwrap_or_default();
        for flow in &walked {
            sinks::check(&self.places, &mut self.analysis, (flow, &self.unapproved), &mut diagnostics);
        }
        Outcome { diagnostics, told: self.told(file), declares: self.declares(file) }
    }

    fn begin(&mut self, outside: &Outside) {
        self.analysis.resources.clone_from(&self.declared);
        if outside.held.is_empty() {
            return;
        }
        for (index, decl) in self.places.pkg.resources.iter().enumerate() {
            let Some(key) = self.resource_key(index, decl.module) else { continue };
            let Some((_, labels)) = outside.held.iter().find(|(other, _)| *other == key) else { continue };
            let marks = labels.marks(&self.analysis.shapes);
            if let Some(known) = self.analysis.resources.get_mut(index) {
                *known = known.join(marks);
            }
        }
    }

    /// Walks the flows once.
    fn round(&mut self, flows: &[FlowId], outside: &Outside) -> Vec<Walked> {
        self.analysis.forget();
        for id in flows {
            self.enter(*id, outside);
        }
        flows.iter().map(|id| self.analysis.look_at(*id)).collect()
    }

    /// Notes how other files call a flow.
    fn enter(&mut self, id: FlowId, outside: &Outside) {
        let Some(flow) = self.places.bundle.flows.get(id.index()) else { return };
        let Some((_, calls)) = outside.calls.iter().find(|(name, _)| *name == flow.name) else { return };
        for call in calls {
            let args = call.iter().zip(&flow.params);
            let args: Vec<Taint> =
                args.map(|(known, param)| known.taint(param.ty, &self.analysis.shapes)).collect();
            if args.len() == flow.params.len() {
                self.analysis.add_entry(id, &args);
            }
        }
    }

    /// What others must know.
    fn told(&self, file: FileId) -> Told {
        let mut told = Told::default();
        for (index, entry) in self.analysis.entries.iter().enumerate() {
            let Some(args) = entry.as_ref().filter(|args| args.iter().any(outside::matters)) else {
                continue;
            };
            let id = FlowId(u32::try_from(index).unwrap_or(u32::MAX));
            if let Some(key) = self.flow_key(id).filter(|(of, _)| *of != file) {
                let args = args.iter().map(|arg| Known::of(arg, &self.analysis.shapes)).collect();
                told.calls.push((key.1, args));
            }
        }
        self.told_by_triggers(file, &mut told);
        for (index, (marks, declared)) in self.analysis.resources.iter().zip(&self.declared).enumerate() {
            let Some(labels) = outside::added(*marks, *declared, &self.analysis.shapes) else { continue };
            let module = self.places.pkg.resources.get(index).map(|decl| decl.module);
            let key = module.and_then(|module| self.resource_key(index, module));
            told.held.extend(key.map(|key| (key, labels)));
        }
        told
    }

    /// A trigger starts a flow of another file with what a resource holds.
    fn told_by_triggers(&self, file: FileId, told: &mut Told) {
        for (at, _, trigger) in rules::triggers(&self.places) {
            let (Callee::Flow(id), TriggerSource::Resource(resource)) = (trigger.target, &trigger.source)
            else {
                continue;
            };
            let held = self.analysis.held(*resource);
            let key = self.flow_key(id).filter(|(of, _)| at.0 == file && *of != file);
            let (Some((_, key)), Some(flow)) = (key, self.places.bundle.flow(id)) else { continue };
            if outside::matters(&held.into()) {
                let shapes = &self.analysis.shapes;
                let arg = |param: &Field| shapes.boundary(param.labels, &param.name).add(held);
                told.calls
                    .push((key, flow.params.iter().map(|param| Known::of(&arg(param), shapes)).collect()));
            }
        }
    }

    fn declares(&self, file: FileId) -> Vec<(SmolStr, Rank, u32, u32)> {
        let module = self.places.pkg.modules.iter().find(|module| module.at.0 == file);
        let all = module.map(|module| self.analysis.shapes.declared_by(module.row));
        let row = |(name, rank, span): (&SmolStr, Rank, Span)| (name.clone(), rank, span.start, span.end);
        all.into_iter().flatten().map(row).collect()
    }

    fn flow_key(&self, id: FlowId) -> Option<(FileId, Key)> {
        let (at, flow) = self.places.flow(id)?;
        let path = self.places.sources.get(at.0)?.path.as_str();
        Some((at.0, (path.into(), flow.name.text.clone())))
    }

    fn resource_key(&self, index: usize, module: u32) -> Option<Key> {
        let name = self.places.bundle.resources.get(index)?.name.clone();
        let at = self.places.pkg.modules.get(module as usize)?.at;
        Some((self.places.sources.get(at.0)?.path.as_str().into(), name))
    }
}
