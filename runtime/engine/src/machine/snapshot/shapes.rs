//! The shapes of a state, field by field.

use std::sync::Arc;

use flow_ir::units::Usd;
use flow_ir::{FlowId, NodeId, SplitId};
use flow_policy::budget::{Left, PoolId};

use super::pack::{Pack, Reader};
use crate::machine::state::{
    Branch, Frame, FrameRef, Many, Meter, NodeState, Phase, Spend, State, Via, Waiter, Working,
};
use crate::protocol::{Arm, Facts, OpId, RunError, RunHeader, RunResult};

macro_rules! ids {
    ($($id:ident),*) => {$(
        impl Pack for $id {
            fn pack(&self, out: &mut Vec<u8>) {
                self.0.pack(out);
            }

            fn unpack(from: &mut Reader<'_>) -> Option<Self> {
                Pack::unpack(from).map(Self)
            }
        }
    )*};
}

ids!(FlowId, NodeId, SplitId, PoolId, OpId, Usd);

/// A struct is its fields in this order.
macro_rules! shapes {
    ($($name:ident { $($field:ident),* $(,)? })*) => {$(
        impl Pack for $name {
            fn pack(&self, out: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $($field.pack(out);)*
            }

            fn unpack(from: &mut Reader<'_>) -> Option<Self> {
                Some(Self { $($field: Pack::unpack(from)?),* })
            }
        }
    )*};
}

shapes! {
    FrameRef { place, id }
    Arm { split, index }
    Left { cost, tokens }
    Spend { cost, input_tokens, output_tokens, attempts }
    Meter { spent, pool, limit, deadline_ms, timer }
    NodeState { visits, clearings, degraded, facts }
    Via { split, arm, key, slots }
    Branch { phase, via, meter, facts, degraded, patient }
    Many { branches, open, items, meter }
    RunError { class, message, node, attempt }
    Facts {
        cost, input_tokens, output_tokens, latency_ms, attempts, confidence, by, model, prompt, versions, request_id,
        messages, finish, tolerances, route,
    }
    Frame {
        id, flow, parent, depth, slots, counters, nodes, at, entered_ms, entries, work, error, meter,
        expired, outside, clearings, approved,
    }
}

impl Pack for usize {
    fn pack(&self, out: &mut Vec<u8>) {
        (*self as u64).pack(out);
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        u64::unpack(from)?.try_into().ok()
    }
}

impl Pack for Phase {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Self::Idle => out.push(0),
            Self::Waiting(op) => (1u8, *op).pack(out),
            Self::Inside(frame) => (2u8, *frame).pack(out),
            Self::Done(value) => (3u8, value.clone()).pack(out),
        }
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        match u8::unpack(from)? {
            0 => Some(Self::Idle),
            1 => Pack::unpack(from).map(Self::Waiting),
            2 => Pack::unpack(from).map(Self::Inside),
            3 => Pack::unpack(from).map(Self::Done),
            _ => None,
        }
    }
}

impl Pack for Working {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Self::Nothing => out.push(0),
            Self::One(branch) => {
                out.push(1);
                branch.pack(out);
            }
            Self::Many(many) => {
                out.push(2);
                many.pack(out);
            }
        }
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        match u8::unpack(from)? {
            0 => Some(Self::Nothing),
            1 => Pack::unpack(from).map(Self::One),
            2 => Pack::unpack(from).map(Self::Many),
            _ => None,
        }
    }
}

impl Pack for Waiter {
    fn pack(&self, out: &mut Vec<u8>) {
        let (tag, at, branch) = match *self {
            Self::Call(at, branch) => (0u8, at, branch),
            Self::Sleep(at, branch) => (1, at, branch),
            Self::CallLimit(at, branch) => (2, at, branch),
            Self::NodeLimit(at) => (3, at, 0),
            Self::FlowLimit(at) => (4, at, 0),
        };
        (tag, (at, branch)).pack(out);
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        let (tag, (at, branch)) = <(u8, (FrameRef, u32))>::unpack(from)?;
        match tag {
            0 => Some(Self::Call(at, branch)),
            1 => Some(Self::Sleep(at, branch)),
            2 => Some(Self::CallLimit(at, branch)),
            3 => Some(Self::NodeLimit(at)),
            4 => Some(Self::FlowLimit(at)),
            _ => None,
        }
    }
}

impl Pack for RunResult {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Self::Returned(value) => (0u8, value.clone()).pack(out),
            Self::Failed(error) => (1u8, error.clone()).pack(out),
            Self::Cancelled => out.push(2),
        }
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        match u8::unpack(from)? {
            0 => Pack::unpack(from).map(Self::Returned),
            1 => Pack::unpack(from).map(Self::Failed),
            2 => Some(Self::Cancelled),
            _ => None,
        }
    }
}

impl State {
    /// All but the header, which never changes, and the steps, of which there are none between two events.
    pub(super) fn pack_into(&self, out: &mut Vec<u8>) {
        self.frames.pack(out);
        self.free.pack(out);
        self.pending.pack(out);
        (self.next_op, (self.next_frame, self.next_pool)).pack(out);
        self.now_ms.pack(out);
        self.spent.pack(out);
        self.result.pack(out);
        self.watched.pack(out);
        self.paused.pack(out);
    }

    pub(super) fn unpack_from(header: Arc<RunHeader>, from: &mut Reader<'_>) -> Option<Self> {
        let mut state = Self::new(header);
        state.frames = Pack::unpack(from)?;
        state.free = Pack::unpack(from)?;
        state.pending = Pack::unpack(from)?;
        (state.next_op, (state.next_frame, state.next_pool)) = Pack::unpack(from)?;
        state.now_ms = Pack::unpack(from)?;
        state.spent = Pack::unpack(from)?;
        state.result = Pack::unpack(from)?;
        state.watched = Pack::unpack(from)?;
        state.paused = Pack::unpack(from)?;
        Some(state)
    }
}
