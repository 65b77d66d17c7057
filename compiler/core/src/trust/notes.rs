//! What the analysis saw on its last way through a flow: the places where values leave, and the broken promises.

use flow_ir::expr::Expr;
use flow_ir::setup::Callee;
use flow_ir::types::Field;
use flow_ir::{FlowId, ModelId};

use super::Analysis;
use super::labels::{Marks, Taint};

/// A call through which values leave.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// Behind all splits.
    pub(crate) callee: Callee,
    pub(crate) model: Option<ModelId>,
    /// In the order of the parameters.
    pub(crate) args: Vec<Marks>,
    /// Of a prompt: everything that its messages hold.
    pub(crate) sent: Marks,
    /// Of a prompt: parameters in a system message that nobody vouches for.
    pub(crate) system: Vec<u32>,
}

/// Something seen.
#[derive(Clone, Debug)]
pub(crate) enum Note {
    /// Values leave.
    Sent(Sent),
    /// A value that nobody vouches for stands where a declaration says `trusted`: `Ticket.id`.
    Untrusted(String),
}

impl Analysis<'_> {
    pub(crate) fn note(&mut self, sent: Sent) {
        if let Some(notes) = &mut self.notes {
            notes.push(Note::Sent(sent));
        }
    }

    /// A value stands where a field or parameter of that name is declared.
    pub(crate) fn demand(&mut self, field: &Field, name: &str, value: &Expr, taint: &Taint) {
        if !field.labels.trusted || self.notes.is_none() {
            return;
        }
        if self.shapes.total(value.ty, taint).untrusted
            && let Some(notes) = &mut self.notes
        {
            notes.push(Note::Untrusted(name.to_owned()));
        }
    }

    /// The same for the arguments of a call.
    pub(crate) fn demand_all(&mut self, args: &[Expr], taints: &[Taint], params: Option<&Vec<Field>>) {
        for ((arg, taint), param) in args.iter().zip(taints).zip(params.into_iter().flatten()) {
            self.demand(param, &param.name, arg, taint);
        }
    }

    /// A flow is called with these arguments.
    pub(crate) fn note_entry(&mut self, flow: FlowId, args: &[Taint]) {
        if self.notes.is_some() {
            self.add_entry(flow, args);
        }
    }

    /// One more way in which a flow is called.
    pub(super) fn add_entry(&mut self, flow: FlowId, args: &[Taint]) {
        let Some(entry) = self.entries.get_mut(flow.index()) else { return };
        *entry = Some(match entry.take() {
            None => args.to_vec(),
            Some(old) => old.iter().zip(args).map(|(old, new)| self.shapes.join(old, new)).collect(),
        });
    }
}
