//! What the machine and its home say to each other.
//!
//! The machine is pure: a home gives it [`Event`]s in one total order per run, and it answers with
//! [`Command`]s. Whatever may differ between two executions of a step (clock, model, cost, confidence, who
//! decided) comes in with the event, so the same events always give the same commands.

use std::sync::Arc;

use flow_eval::Value;
use flow_ir::expr::Lambda;
use flow_ir::setup::Callee;
use flow_ir::units::{ErrorClass, Usd};
use flow_ir::{FlowId, LocalId, ModelId, NodeId, SplitId};
use flow_policy::budget::{Left, PoolId};
use smol_str::SmolStr;

use crate::ids::IdempotencyKey;

/// An operation of a run. Dense, from 1; depends only on the order of events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct OpId(pub u32);

/// What never changes about a run.
#[derive(Clone, PartialEq, Debug)]
pub struct RunHeader {
    /// UUIDv7 as text.
    pub run: SmolStr,
    /// Partition of every resource.
    pub tenant: SmolStr,
    /// Who started it; empty if nobody is known.
    pub user: SmolStr,
    /// Which flow of the Bundle.
    pub flow: FlowId,
    /// Its arguments, already decoded and validated.
    pub args: Vec<Value>,
    /// When it started, ms since the Unix epoch.
    pub started_ms: i64,
    /// For anything that is drawn by chance.
    pub seed: u64,
    /// Arms of splits that get no calls when it begins.
    pub paused: Vec<Arm>,
}

/// What happened, told by the home.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// An operation has ended.
    Resolved {
        /// Which.
        op: OpId,
        /// How.
        outcome: Outcome,
        /// When, ms since the Unix epoch.
        now_ms: i64,
    },
    /// A timer has fired.
    Fired {
        /// Which.
        op: OpId,
        /// When, ms since the Unix epoch.
        now_ms: i64,
    },
    /// From now on these arms of splits get no calls, and all others do.
    Paused {
        /// In the order of the bundle.
        arms: Vec<Arm>,
        /// When, ms since the Unix epoch.
        now_ms: i64,
    },
    /// Somebody wants the run to end.
    CancelRequested {
        /// When, ms since the Unix epoch.
        now_ms: i64,
    },
}

impl Event {
    /// When it happened, ms since the Unix epoch.
    #[must_use]
    pub const fn now_ms(&self) -> i64 {
        match self {
            Self::Resolved { now_ms, .. }
            | Self::Fired { now_ms, .. }
            | Self::Paused { now_ms, .. }
            | Self::CancelRequested { now_ms } => *now_ms,
        }
    }
}

/// How an operation ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// With a value.
    Ok {
        /// Fits the callee's return type.
        value: Value,
        /// What happened on the way.
        facts: Box<Facts>,
    },
    /// With an error.
    Err {
        /// What flows route on.
        class: ErrorClass,
        /// For people; holds no secret, no prompt and no reply.
        message: SmolStr,
        /// What happened on the way: failed attempts cost money too.
        facts: Box<Facts>,
    },
}

/// Everything non-deterministic about a call: what makes replay, cost and lineage possible.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Facts {
    /// What it cost.
    pub cost: Usd,
    /// Sent, cached ones included.
    pub input_tokens: u64,
    /// Received, reasoning included.
    pub output_tokens: u64,
    /// From the first attempt to the last answer, ms.
    pub latency_ms: u64,
    /// Attempts made, 1 for a plain success.
    pub attempts: u32,
    /// In 0..1, where the callee says where it comes from.
    pub confidence: Option<f64>,
    /// Who decided.
    pub by: Option<SmolStr>,
    /// The model that answered, as it names itself.
    pub model: Option<SmolStr>,
    /// Digest of the prompt that was used.
    pub prompt: Option<SmolStr>,
    /// What the registry's pointers named when the call started: `support/triage@prod = v3, fast@prod = v2`.
    pub versions: Option<SmolStr>,
    /// The provider's id of the request.
    pub request_id: Option<SmolStr>,
    /// The conversation that was really sent, answer included: `messages(n)`, a `list(Message)`.
    pub messages: Option<Value>,
    /// Why the model stopped.
    pub finish: Option<SmolStr>,
    /// The liberties that were taken to read the answer: `fence`, `trailing_comma`. Empty for a strict one.
    pub tolerances: Vec<SmolStr>,
    /// Who was asked, in order, and what came of it, as in `fast: timed out → careful: ok`. `None` where the first
    /// one answered at once.
    pub route: Option<SmolStr>,
}

/// What the home is to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Command {
    /// Perform an operation and tell its outcome. At least once; the idempotency key makes it once.
    Invoke(Box<Invocation>),
    /// Tell when this much time has passed.
    Timer {
        /// Which.
        op: OpId,
        /// In ms.
        after_ms: u64,
    },
    /// The outcome no longer matters. Prompts and reads are aborted; writes in flight are awaited, their
    /// outcome is recorded and ignored.
    Cancel {
        /// Which.
        op: OpId,
    },
    /// For whoever watches: live view, trace, lineage. Never needed to go on.
    Record(Record),
    /// A call that went through a split has ended: for whoever compares arms. Never needed to go on.
    Compare(Box<ArmEnd>),
    /// Make the call of a shadow as well, beside the run. Nobody waits for it and nothing depends on it: a home that
    /// has no room leaves it out.
    Shadow(Box<ShadowCall>),
    /// The run has ended. The last command.
    Finish(RunResult),
}

/// An operation to perform.
#[derive(Clone, PartialEq, Debug)]
pub struct Invocation {
    /// Which.
    pub op: OpId,
    /// Activation of the flow: 0 is the run's own, subflows count up in the order of their start.
    pub frame: u32,
    /// The flow of that activation.
    pub flow: FlowId,
    /// The node that asks.
    pub node: NodeId,
    /// Position in an `all` or `each`; 0 otherwise.
    pub branch: u32,
    /// How often the node has been entered in this activation, from 1.
    pub visit: u32,
    /// What is called; never a flow or a pure function.
    pub callee: Callee,
    /// In the order of the parameters.
    pub args: Vec<Value>,
    /// `index.search(where: …)`.
    pub filter: Option<Filter>,
    /// `using`.
    pub model: Option<ModelId>,
    /// The time this call has, ms; `None` leaves it to the callee's own timeout.
    pub timeout_ms: Option<u64>,
    /// The money this call has; `None` is no limit.
    pub left: Option<Usd>,
    /// The limits that this call shares with others, innermost first, with what they held when it was started.
    /// Empty without limits. A home keeps them in one ledger per run, so that calls side by side cannot spend
    /// the same cent.
    pub pools: Vec<Pool>,
    /// The split and its arm that led to this callee.
    pub arm: Option<Arm>,
    /// Whether the result is only compared, never used: it must write nothing, caches included.
    pub shadow: bool,
    /// Sent as `Idempotency-Key`: equal for every repetition of this operation after a crash.
    pub idempotency_key: IdempotencyKey,
}

/// A limit that several calls draw on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pool {
    /// Which of the run.
    pub id: PoolId,
    /// What it held, in-flight calls not counted.
    pub left: Left,
}

/// An arm of a split.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arm {
    /// Of which split.
    pub split: SplitId,
    /// Position among its arms, or among its shadows for a shadow.
    pub index: u32,
}

/// A call through a split: where it is, and which arm or shadow it is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArmCall {
    /// Activation of the flow.
    pub frame: u32,
    /// Its flow.
    pub flow: FlowId,
    /// The node that asks.
    pub node: NodeId,
    /// How often the node has been entered in this activation, from 1.
    pub visit: u32,
    /// Position in an `all` or `each`; 0 otherwise.
    pub branch: u32,
    /// Which arm.
    pub arm: Arm,
}

/// How a call through a split ended.
#[derive(Clone, PartialEq, Debug)]
pub struct ArmEnd {
    /// Which call.
    pub call: ArmCall,
    /// Whether it is a shadow's.
    pub shadow: bool,
    /// Its own error, whether or not an `else` answered.
    pub error: Option<ErrorClass>,
    /// What it used.
    pub facts: Box<Facts>,
    /// What a shadow gave; the run holds what arms gave.
    pub value: Option<Value>,
    /// Where a shadow's value differs from the arm's: names of fields, `value` where it is no record. `None` for an
    /// arm, and where one of both gave none.
    pub differs: Option<Vec<SmolStr>>,
    /// When, ms since the Unix epoch.
    pub now_ms: i64,
}

/// The call of a shadow, to be made beside the run.
#[derive(Clone, PartialEq, Debug)]
pub struct ShadowCall {
    /// Which call.
    pub call: ArmCall,
    /// The split's arguments.
    pub args: Vec<Value>,
    /// What the arm gave; `None` if it failed.
    pub answer: Option<Value>,
}

/// A predicate with the values it captured.
#[derive(Clone, PartialEq, Debug)]
pub struct Filter {
    /// Over one element.
    pub lambda: Lambda,
    /// The flow's slots when it was built; empty ones are `None`.
    pub slots: Arc<[Option<Value>]>,
    /// The element of the `each` around the call.
    pub locals: Arc<[(LocalId, Value)]>,
}

/// A note for whoever watches a run. Holds ids, not texts, so that making one costs nothing.
#[derive(Clone, PartialEq, Debug)]
pub enum Record {
    /// The token has entered a node.
    Entered {
        /// Activation.
        frame: u32,
        /// Its flow.
        flow: FlowId,
        /// Which node.
        node: NodeId,
        /// From 1.
        visit: u32,
        /// ms since the Unix epoch.
        now_ms: i64,
    },
    /// The node's work has ended with a value.
    Produced {
        /// Activation.
        frame: u32,
        /// Its flow.
        flow: FlowId,
        /// Which node.
        node: NodeId,
        /// The value.
        value: Value,
        /// Whether `else` answered.
        degraded: bool,
        /// Sums over the node's calls.
        facts: Box<Facts>,
        /// ms since the Unix epoch.
        now_ms: i64,
    },
    /// The node's work has ended with an error.
    Raised {
        /// Activation.
        frame: u32,
        /// Its flow.
        flow: FlowId,
        /// Which node.
        node: NodeId,
        /// The class.
        class: ErrorClass,
        /// For people.
        message: SmolStr,
        /// Sums over the node's calls.
        facts: Box<Facts>,
        /// ms since the Unix epoch.
        now_ms: i64,
    },
    /// An edge was taken.
    Took {
        /// Activation.
        frame: u32,
        /// Its flow.
        flow: FlowId,
        /// Where it starts; `None` is the flow's header.
        node: Option<NodeId>,
        /// Position among the node's (or header's) edges.
        edge: u32,
    },
}

/// How a run ended.
#[derive(Clone, PartialEq, Debug)]
pub enum RunResult {
    /// With the flow's result.
    Returned(Value),
    /// With an error that nobody handled, or a `fail`.
    Failed(RunError),
    /// Somebody wanted it, or the caller is gone.
    Cancelled,
}

/// An error with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunError {
    /// The class.
    pub class: ErrorClass,
    /// For people.
    pub message: SmolStr,
    /// The node that raised it; empty for the flow itself.
    pub node: SmolStr,
    /// Attempts made.
    pub attempt: u32,
}
