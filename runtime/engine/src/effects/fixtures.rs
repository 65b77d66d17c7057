//! A small package, a world that answers from a list, and a clock that never makes anyone wait.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use flow_eval::Value;
use flow_ir::expr::{Const, Encoding, Expr, ExprKind, Part};
use flow_ir::setup::{
    Callee, Effect, HttpMethod, MessageTemplate, Method, Model, Prompt, Provider, Resource, ResourceKind,
    SearchMode, Tool, Transport,
};
use flow_ir::types::{Enum, Field, Record, TextSize, Type, Variant};
use flow_ir::units::Usd;
use flow_ir::{Bundle, FlowId, ModelId, NodeId, PromptId, ResourceId, SlotId, ToolId, TypeId};
use flow_model::{ChatReply, ChatRequest, Delta, DeltaSink, ErrorKind, ModelError, Patience, Usage};
use flow_policy::budget::{Left, PoolId};
use flow_providers::tool::{ToolError, ToolReply};
use flow_store::LocalStore;
use futures_util::future::BoxFuture;
use serde_json::Value as Json;

use super::outside::{Asked, Attempt, Outside};
use super::{Nobody, Performer, Surroundings};
use crate::clock::Clock;
use crate::fixtures;
use crate::ids::{IdempotencyKey, Place};
use crate::port::{Deltas, Effects, InvokeContext, Purse, Reply};
use crate::protocol::{Facts, Invocation, OpId, Outcome, Pool, RunHeader};

pub(crate) const TEXT: TypeId = TypeId(0);
pub(crate) const INT: TypeId = TypeId(1);
pub(crate) const INTENT: TypeId = TypeId(2);
pub(crate) const TRIAGE: TypeId = TypeId(3);
pub(crate) const MAYBE: TypeId = TypeId(4);
pub(crate) const SMALL: TypeId = TypeId(6);
pub(crate) const FLOAT: TypeId = TypeId(7);

pub(crate) const TRIAGE_PROMPT: PromptId = PromptId(0);
pub(crate) const FIND: ToolId = ToolId(0);
pub(crate) const NOTES: ResourceId = ResourceId(0);

pub(crate) fn field(name: &str, ty: TypeId) -> Field {
    Field { ty, ..fixtures::field(name) }
}

/// `type Triage { intent: Intent  urgency: int in 1..5 }`, one prompt, one tool, one model and its fallback.
pub(crate) fn bundle() -> Bundle {
    let variant =
        |name: &str, fields| Variant { name: name.into(), wire: name.into(), doc: "".into(), fields };
    let variants = vec![variant("Spam", Vec::new()), variant("Offer", vec![field("amount", INT)])];
    let fields = vec![field("intent", INTENT), field("urgency", SMALL)];
    Bundle {
        package: "test".into(),
        types: vec![
            Type::Text { size: Some(TextSize { in_tokens: false, min: 0, max: Some(400) }) },
            Type::Int { min: None, max: None },
            Type::Enum(Enum { name: "Intent".into(), doc: "".into(), tag: None, variants }),
            Type::Record(Record { name: "Triage".into(), doc: "".into(), fields }),
            Type::Optional { item: TEXT },
            Type::Nothing,
            Type::Int { min: Some(1), max: Some(5) },
            Type::Float { min: None, max: None },
        ],
        models: vec![Model { retry: 1, fallback: vec![ModelId(1)], ..model("fast") }, model("slow")],
        prompts: vec![prompt()],
        tools: vec![tool()],
        resources: vec![resource(ResourceKind::Memory, TEXT)],
        ..Bundle::default()
    }
}

pub(crate) fn resource(kind: ResourceKind, item: TypeId) -> Resource {
    Resource {
        name: "notes".into(),
        kind,
        item,
        keep_ms: None,
        similar: None,
        embed: Some(ModelId(1)),
        mode: SearchMode::Keyword,
        text: None,
        shared: false,
        region: None,
    }
}

pub(crate) fn model(name: &str) -> Model {
    Model {
        can: vec![flow_ir::setup::Capability::Json],
        context: Some(8_000),
        output: Some(100),
        price_in: Some(Usd(1_000_000)),
        price_out: Some(Usd(2_000_000)),
        parallel: Some(1),
        token_factor: 1_000,
        ..Model::new(name, Provider::Openai, format!("{name}-1"))
    }
}

pub(crate) fn text(text: &str) -> Expr {
    Expr { ty: TEXT, kind: ExprKind::Const(Const::Text(text.into())) }
}

pub(crate) fn slot(slot: u32) -> Expr {
    Expr { ty: TEXT, kind: ExprKind::Slot(SlotId(slot)) }
}

pub(crate) fn template(front: &str, encoding: Encoding) -> Expr {
    let parts = vec![Part::Text(front.into()), Part::Hole(slot(0), encoding)];
    Expr { ty: TEXT, kind: ExprKind::Template(parts) }
}

fn prompt() -> Prompt {
    let user = template("Mail: ", Encoding::Plain);
    Prompt {
        ret: TRIAGE,
        messages: vec![MessageTemplate::System(text("You sort mail.")), MessageTemplate::User(user)],
        ..fixtures::prompt("triage")
    }
}

fn tool() -> Tool {
    Tool {
        name: "find".into(),
        doc: "".into(),
        params: vec![field("address", TEXT)],
        ret: MAYBE,
        effect: Effect::Read,
        transport: Transport::Http {
            method: HttpMethod::Get,
            url: template("https://crm.internal/listings?q=", Encoding::Url),
            headers: Vec::new(),
            body: None,
        },
        auth: None,
        needs: Vec::new(),
        timeout_ms: 1_000,
        retry: 2,
        once: false,
        cost: Usd(5),
        parallel: None,
        region: None,
    }
}

/// Answers from lists, and writes down what it was asked.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) replies: Mutex<VecDeque<Result<ChatReply, ModelError>>>,
    pub(crate) tools: Mutex<VecDeque<Result<ToolReply, ToolError>>>,
    pub(crate) requests: Mutex<Vec<ChatRequest>>,
    pub(crate) attempts: Mutex<Vec<Attempt>>,
    /// Whether answers let others go first.
    pub(crate) slow: bool,
}

impl World {
    pub(crate) fn says(replies: impl IntoIterator<Item = Result<ChatReply, ModelError>>) -> Arc<Self> {
        Arc::new(Self { replies: Mutex::new(replies.into_iter().collect()), ..Self::default() })
    }

    pub(crate) fn does(tools: impl IntoIterator<Item = Result<ToolReply, ToolError>>) -> Arc<Self> {
        Arc::new(Self { tools: Mutex::new(tools.into_iter().collect()), ..Self::default() })
    }
}

impl Outside for World {
    fn chat<'a>(
        &'a self,
        _asked: Asked<'a>,
        request: &'a ChatRequest,
        _patience: Patience,
        sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        self.requests.lock().unwrap().push(request.clone());
        let reply =
            self.replies.lock().unwrap().pop_front().unwrap_or_else(|| Err(error(ErrorKind::Unsupported)));
        if let (Ok(reply), Some(sink)) = (&reply, sink) {
            sink(Delta::Text(reply.text.clone()));
        }
        let slow = self.slow;
        Box::pin(async move {
            if slow {
                tokio::task::yield_now().await;
            }
            reply
        })
    }

    fn tool<'a>(
        &'a self,
        _tool: &'a Tool,
        _args: &'a Json,
        attempt: Attempt,
    ) -> BoxFuture<'a, Result<ToolReply, ToolError>> {
        self.attempts.lock().unwrap().push(attempt);
        let reply = self.tools.lock().unwrap().pop_front();
        Box::pin(std::future::ready(reply.unwrap_or(Ok(ToolReply::Absent))))
    }
}

pub(crate) fn error(kind: ErrorKind) -> ModelError {
    let message = format!("{kind:?}");
    ModelError::new(kind, message)
}

/// An answer that used ten tokens in and five out: 20 micro-dollars.
pub(crate) fn reply(text: &str) -> ChatReply {
    let usage = Usage { input: Some(10), output: Some(5), ..Usage::default() };
    ChatReply { text: text.to_owned(), usage: Some(usage), model: "m-1".to_owned(), ..ChatReply::default() }
}

/// Time passes only by waiting, and waiting takes none.
#[derive(Default)]
pub(crate) struct Jumping(AtomicI64);

impl Clock for Jumping {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn sleep(&self, ms: u64) -> BoxFuture<'static, ()> {
        self.0.fetch_add(ms as i64, Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }
}

pub(crate) fn context(left: Option<Usd>) -> InvokeContext {
    let header = Arc::new(RunHeader {
        run: "r1".into(),
        tenant: "acme".into(),
        user: "".into(),
        flow: FlowId(0),
        args: Vec::new(),
        started_ms: 0,
        seed: 7,
        paused: Vec::new(),
    });
    let pools = left.map(|cost| Pool { id: PoolId(1), left: Left { cost: Some(cost), tokens: None } });
    InvokeContext {
        header: header.clone(),
        now_ms: 0,
        clock: Arc::new(Jumping::default()),
        purse: Purse::default().with_pools(pools.as_slice()),
        deltas: Deltas::new(None, header, OpId(1)),
    }
}

/// An operation that is no repetition of any other.
pub(crate) fn invocation(callee: Callee, args: Vec<Value>) -> Box<Invocation> {
    static VISIT: AtomicU32 = AtomicU32::new(1);
    let visit = VISIT.fetch_add(1, Ordering::Relaxed);
    Box::new(Invocation {
        op: OpId(1),
        frame: 0,
        flow: FlowId(0),
        node: NodeId(0),
        branch: 0,
        visit: 1,
        callee,
        args,
        filter: None,
        model: Some(ModelId(0)),
        timeout_ms: None,
        left: None,
        pools: Vec::new(),
        arm: None,
        shadow: false,
        idempotency_key: IdempotencyKey {
            run: "r1".into(),
            place: Place { frame: 0, node: NodeId(0), visit, branch: 0 },
        },
    })
}

pub(crate) fn surroundings(bundle: Bundle, world: Arc<dyn Outside>) -> Surroundings {
    Surroundings {
        bundle: Arc::new(bundle),
        outside: world,
        people: Arc::new(Nobody),
        store: LocalStore::in_memory(),
    }
}

pub(crate) fn performer(bundle: Bundle, world: &Arc<World>) -> Performer {
    Performer::new(surroundings(bundle, world.clone()))
}

pub(crate) fn outcome(effects: &impl Effects, cx: &InvokeContext, invocation: Box<Invocation>) -> Outcome {
    match effects.invoke(cx, invocation) {
        Reply::Now(outcome) => outcome,
        Reply::Later(future) => {
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
        }
    }
}

pub(crate) fn value(outcome: Outcome) -> (Value, Facts) {
    match outcome {
        Outcome::Ok { value, facts } => (value, *facts),
        Outcome::Err { class, message, .. } => panic!("{class:?}: {message}"),
    }
}

pub(crate) fn raised(outcome: Outcome) -> (flow_ir::units::ErrorClass, String, Facts) {
    match outcome {
        Outcome::Ok { value, .. } => panic!("{value:?}"),
        Outcome::Err { class, message, facts } => (class, message.to_string(), *facts),
    }
}

pub(crate) fn call(effects: &impl Effects, method: Method, args: Vec<Value>) -> Outcome {
    outcome(effects, &context(None), invocation(Callee::Method(NOTES, method), args))
}
