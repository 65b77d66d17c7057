//! What a run is between two events: plain data.

use std::collections::VecDeque;
use std::sync::Arc;

use flow_eval::Value;
use flow_ir::setup::Callee;
use flow_ir::units::{ErrorClass, Limits, Usd};
use flow_ir::{FlowId, NodeId, SplitId};
use flow_policy::budget::{Left, PoolId};
use smol_str::SmolStr;

use crate::protocol::{Arm, Facts, OpId, RunError, RunHeader, RunResult};

/// Everything a run is.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) header: Arc<RunHeader>,
    /// Activations by place; a free place is empty.
    pub(crate) frames: Vec<Option<Box<Frame>>>,
    /// Empty places among `frames`.
    pub(crate) free: Vec<u32>,
    /// Operations under way in the order of their ids. Most end in that order, so the front must be cheap.
    pub(crate) pending: VecDeque<(OpId, Waiter)>,
    /// What is left to do of the current event. Empty between two events.
    pub(crate) steps: VecDeque<Step>,
    pub(crate) next_op: u32,
    pub(crate) next_frame: u32,
    pub(crate) next_pool: u32,
    pub(crate) now_ms: i64,
    pub(crate) spent: Spend,
    pub(crate) result: Option<RunResult>,
    pub(crate) watched: bool,
    /// Arms of splits that get no calls.
    pub(crate) paused: Vec<Arm>,
}

/// An activation. Its place may be used again, its id never.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FrameRef {
    pub(crate) place: u32,
    pub(crate) id: u32,
}

/// A flow under way.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) id: u32,
    pub(crate) flow: FlowId,
    /// The branch that waits for the result; `None` for the run's own flow.
    pub(crate) parent: Option<(FrameRef, u32)>,
    /// How many activations are around it.
    pub(crate) depth: u32,
    pub(crate) slots: Vec<Option<Value>>,
    /// How often each `max` edge was taken.
    pub(crate) counters: Vec<u32>,
    pub(crate) nodes: Vec<NodeState>,
    pub(crate) at: NodeId,
    pub(crate) entered_ms: i64,
    /// Nodes entered so far, by all visits.
    pub(crate) entries: u64,
    pub(crate) work: Working,
    /// The last error that was raised.
    pub(crate) error: Option<Box<RunError>>,
    pub(crate) meter: Meter,
    /// Its time is over.
    pub(crate) expired: bool,
    /// In the handler region: its own limits no longer bind.
    pub(crate) outside: bool,
    /// How many clearing edges were taken.
    pub(crate) clearings: u32,
    /// Whether somebody approved what the node does that it stands at: since it was entered the last time.
    pub(crate) approved: bool,
}

/// What is known of a node.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeState {
    pub(crate) visits: u32,
    /// How many clearing edges its activation had taken when it was entered the last time.
    pub(crate) clearings: u32,
    /// Whether `else` answered the last time.
    pub(crate) degraded: bool,
    /// Sums over the last visit's calls.
    pub(crate) facts: Option<Box<Facts>>,
}

/// A limit, and what has been used of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    pub(crate) spent: Spend,
    /// Only with a limit of money or tokens.
    pub(crate) pool: Option<PoolId>,
    pub(crate) limit: Left,
    pub(crate) deadline_ms: Option<i64>,
    pub(crate) timer: Option<OpId>,
}

impl Meter {
    /// What is left of money and tokens.
    pub(crate) fn left(&self) -> Left {
        Left {
            cost: self.limit.cost.map(|limit| limit.minus(self.spent.cost)),
            tokens: self.limit.tokens.map(|limit| limit.saturating_sub(self.spent.tokens())),
        }
    }
}

/// Sums over calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Spend {
    pub(crate) cost: Usd,
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) attempts: u32,
}

impl Spend {
    pub(crate) fn of(facts: &Facts) -> Self {
        Self {
            cost: facts.cost,
            input_tokens: facts.input_tokens,
            output_tokens: facts.output_tokens,
            attempts: facts.attempts,
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.cost = self.cost.plus(other.cost);
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.attempts = self.attempts.saturating_add(other.attempts);
    }

    pub(crate) fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

/// The work of the node that a flow stands at.
#[derive(Debug)]
pub(crate) enum Working {
    /// Nothing: between two steps.
    Nothing,
    /// One call.
    One(Branch),
    /// `all` or `each`.
    Many(Box<Many>),
}

/// `all` or `each` under way.
#[derive(Debug)]
pub(crate) struct Many {
    pub(crate) branches: Vec<Branch>,
    /// Branches without a value.
    pub(crate) open: usize,
    /// Of an `each`.
    pub(crate) items: Option<Arc<[Value]>>,
    pub(crate) meter: Meter,
}

impl Working {
    pub(crate) fn branch(&self, branch: u32) -> Option<&Branch> {
        match self {
            Self::Nothing => None,
            Self::One(one) => Some(one).filter(|_| branch == 0),
            Self::Many(many) => many.branches.get(branch as usize),
        }
    }

    pub(crate) fn branch_mut(&mut self, branch: u32) -> Option<&mut Branch> {
        match self {
            Self::Nothing => None,
            Self::One(one) => Some(one).filter(|_| branch == 0),
            Self::Many(many) => many.branches.get_mut(branch as usize),
        }
    }

    pub(crate) fn branches(&self) -> &[Branch] {
        match self {
            Self::Nothing => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => &many.branches,
        }
    }
}

/// One call of a node.
#[derive(Debug, Default)]
pub(crate) struct Branch {
    pub(crate) phase: Phase,
    /// The splits that led to the callee, outermost first.
    pub(crate) via: Vec<Via>,
    pub(crate) meter: Meter,
    /// Of a single operation.
    pub(crate) facts: Option<Box<Facts>>,
    pub(crate) degraded: bool,
    /// Whether a person or an event is waited for: its time limit raises `Expired`.
    pub(crate) patient: bool,
}

/// How far a call is.
#[derive(Debug, Default)]
pub(crate) enum Phase {
    /// Not started, or just ended.
    #[default]
    Idle,
    /// An operation is under way.
    Waiting(OpId),
    /// A flow is under way.
    Inside(FrameRef),
    /// With a value.
    Done(Value),
}

/// A split that was decided.
#[derive(Clone, Debug)]
pub(crate) struct Via {
    pub(crate) split: SplitId,
    pub(crate) arm: u32,
    pub(crate) key: SmolStr,
    /// The split's arguments: the slots of its arms.
    pub(crate) slots: Vec<Option<Value>>,
}

/// Who waits for an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Waiter {
    /// A call.
    Call(FrameRef, u32),
    /// `sleep`.
    Sleep(FrameRef, u32),
    /// The time limit of a call.
    CallLimit(FrameRef, u32),
    /// The time limit of an `all` or `each`.
    NodeLimit(FrameRef),
    /// The time limit of a flow.
    FlowLimit(FrameRef),
}

/// An error on its way to an edge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    pub(crate) class: ErrorClass,
    pub(crate) message: SmolStr,
    pub(crate) attempt: u32,
}

impl Fault {
    pub(crate) fn new(class: ErrorClass, message: impl Into<SmolStr>) -> Self {
        Self { class, message: message.into(), attempt: 0 }
    }

    /// Only a Bundle that no compiler wrote has one.
    pub(crate) fn malformed(what: &str) -> Self {
        Self::new(ErrorClass::Failed, format!("the bundle is malformed: {what}"))
    }
}

impl From<flow_eval::Invalid> for Fault {
    fn from(invalid: flow_eval::Invalid) -> Self {
        Self::new(ErrorClass::Invalid, &*invalid.message)
    }
}

/// The value of a call, a node or a flow, or why there is none.
pub(crate) type Settled = Result<Value, Fault>;

/// A piece of the current event's work.
#[derive(Debug)]
pub(crate) enum Step {
    /// Choose among the flow's entry edges.
    Open(FrameRef),
    /// Enter a node; its parameters are filled.
    Enter(FrameRef, NodeId),
    /// A call has ended.
    Settle(FrameRef, u32, Settled),
    /// The node's work has ended.
    Finish(FrameRef, Settled),
    /// The flow has ended.
    Close(FrameRef, Settled),
}

/// A call with its arguments.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) callee: Callee,
    pub(crate) args: Vec<Value>,
    pub(crate) filter: Option<crate::protocol::Filter>,
    pub(crate) model: Option<flow_ir::ModelId>,
    /// The smallest of the call's limit and its arms' limits.
    pub(crate) limits: Limits,
}

impl State {
    pub(crate) fn new(header: Arc<RunHeader>) -> Self {
        Self {
            now_ms: header.started_ms,
            paused: header.paused.clone(),
            header,
            frames: Vec::with_capacity(1),
            free: Vec::new(),
            pending: VecDeque::new(),
            steps: VecDeque::new(),
            next_op: 1,
            next_frame: 0,
            next_pool: 1,
            spent: Spend::default(),
            result: None,
            watched: true,
        }
    }

    /// Everything that events decide: all but who watches and what was allocated.
    pub(crate) fn told(&self) -> impl std::fmt::Debug {
        let counters = (self.next_op, self.next_frame, self.next_pool, self.now_ms);
        (&self.header, &self.frames, &self.pending, counters, &self.spent, &self.result, &self.paused)
    }

    /// An activation, unless it has ended.
    pub(crate) fn frame(&self, at: FrameRef) -> Option<&Frame> {
        let frame = self.frames.get(at.place as usize)?.as_deref()?;
        Some(frame).filter(|frame| frame.id == at.id)
    }

    /// An activation, unless it has ended.
    pub(crate) fn frame_mut(&mut self, at: FrameRef) -> Option<&mut Frame> {
        let frame = self.frames.get_mut(at.place as usize)?.as_deref_mut()?;
        Some(frame).filter(|frame| frame.id == at.id)
    }

    /// Gives an activation a place.
    pub(crate) fn place(&mut self, frame: Box<Frame>) -> FrameRef {
        let id = frame.id;
        let place = self.free.pop().unwrap_or(self.frames.len() as u32);
        match self.frames.get_mut(place as usize) {
            Some(slot) => *slot = Some(frame),
            None => self.frames.push(Some(frame)),
        }
        FrameRef { place, id }
    }

    /// Ends an activation.
    pub(crate) fn remove(&mut self, at: FrameRef) -> Option<Box<Frame>> {
        self.frame(at)?;
        self.free.push(at.place);
        self.frames.get_mut(at.place as usize)?.take()
    }

    /// A fresh operation.
    pub(crate) fn new_op(&mut self) -> OpId {
        let op = OpId(self.next_op);
        self.next_op = self.next_op.saturating_add(1);
        op
    }

    /// Remembers who waits for an operation.
    pub(crate) fn expect(&mut self, op: OpId, waiter: Waiter) {
        self.pending.push_back((op, waiter));
    }

    /// Who waits for an operation.
    pub(crate) fn waiter(&self, op: OpId) -> Option<Waiter> {
        let found = self.pending.binary_search_by_key(&op, |(op, _)| *op).ok()?;
        self.pending.get(found).map(|(_, waiter)| *waiter)
    }

    /// Forgets an operation; `false` if it is none that is under way.
    pub(crate) fn forget(&mut self, op: OpId) -> bool {
        match self.pending.binary_search_by_key(&op, |(op, _)| *op) {
            Ok(found) => {
                self.pending.remove(found);
                true
            }
            Err(_) => false,
        }
    }

    /// A meter for these limits, without its timer.
    pub(crate) fn meter(&mut self, limits: &Limits) -> Meter {
        let limit = Left { cost: limits.cost, tokens: limits.tokens };
        let pool = (limit != Left::default()).then(|| {
            let pool = PoolId(self.next_pool);
            self.next_pool = self.next_pool.saturating_add(1);
            pool
        });
        let until = |ms: u64| self.now_ms.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
        Meter { pool, limit, deadline_ms: limits.time_ms.map(until), ..Meter::default() }
    }
}
