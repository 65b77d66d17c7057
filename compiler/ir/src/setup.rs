//! What a package talks to: models, prompts, tools, people, resources, splits.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::expr::Expr;
use crate::ids::{
    CheckId, FlowId, FunctionId, HumanId, LocalId, ModelId, PromptId, ResourceId, SplitId, ToolId, TypeId,
};
use crate::tool_schema::ToolSchema;
use crate::types::Field;
use crate::units::{Limits, Usd};

/// `fn`: its parameters are slots 0, 1, … of its body.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// As declared.
    pub name: SmolStr,
    /// In order.
    pub params: Vec<Field>,
    /// Of the body.
    pub ret: TypeId,
    /// The expression.
    pub body: Expr,
}

/// `check`: returns its first parameter if every need holds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// As declared.
    pub name: SmolStr,
    /// In order; slots 0, 1, … of the needs.
    pub params: Vec<Field>,
    /// The declared result.
    pub ret: TypeId,
    /// Whether the result is trusted.
    pub trusted: bool,
    /// In order; the first that does not hold raises `Invalid` with its message.
    pub needs: Vec<Need>,
}

/// A rule of a check or a test.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// Bool.
    pub condition: Expr,
    /// Text.
    pub message: Expr,
}

/// `model`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// As declared.
    pub name: SmolStr,
    /// The wire protocol.
    pub provider: Provider,
    /// The provider's name of the model, or the registry's pointer.
    pub id: SmolStr,
    /// The literal address, where the protocol needs one.
    pub address: Option<SmolStr>,
    /// The environment variable or vault entry with the key; `None` is the provider's default.
    pub auth: Option<SmolStr>,
    /// Where it runs; flow.toml says which regions may see `pii`.
    pub region: Option<SmolStr>,
    /// What it can do.
    pub can: Vec<Capability>,
    /// Tokens that fit, input and output together.
    pub context: Option<u64>,
    /// Most tokens of one answer.
    pub output: Option<u64>,
    /// Micro-dollars per million input tokens.
    pub price_in: Option<Usd>,
    /// Micro-dollars per million output tokens.
    pub price_out: Option<Usd>,
    /// Of one attempt, ms.
    pub timeout_ms: Option<u64>,
    /// Further attempts after the first.
    pub retry: u32,
    /// Tried in order when this one fails.
    pub fallback: Vec<ModelId>,
    /// Calls at once over all runs of a process.
    pub parallel: Option<u32>,
    /// Reference tokens to this model's tokens, in thousandths; [`TOKEN_FACTOR`] is the default.
    pub token_factor: u32,
    /// Declared quantiles `(p, ms)`.
    pub latency_ms: Vec<(u8, u64)>,
    /// When calls stop for a while because it is ill; `None` is the runtime's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<Breaker>,
    /// After so many ms without a first token the same is asked of the next model of the chain as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge_ms: Option<u64>,
    /// Calls per minute over all runs of a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<RateLimit>,
    /// Further keys beside `auth`, like it: the next is used while one is not accepted or limited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spare_auth: Vec<SmolStr>,
}

/// A model's `token_factor` where none is declared: 1.35.
pub const TOKEN_FACTOR: u32 = 1_350;

impl Model {
    /// A model of which nothing is declared but where it is.
    #[must_use]
    pub fn new(name: impl Into<SmolStr>, provider: Provider, id: impl Into<SmolStr>) -> Self {
        Self {
            name: name.into(),
            provider,
            id: id.into(),
            address: None,
            auth: None,
            region: None,
            can: Vec::new(),
            context: None,
            output: None,
            price_in: None,
            price_out: None,
            timeout_ms: None,
            retry: 0,
            fallback: Vec::new(),
            parallel: None,
            token_factor: TOKEN_FACTOR,
            latency_ms: Vec::new(),
            breaker: None,
            hedge_ms: None,
            limit: None,
            spare_auth: Vec::new(),
        }
    }
}

/// `Breaker(errors: 50%, window: 30s, rest: 5s)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// The share of failures that opens it, in hundredths of a percent.
    pub errors: u32,
    /// How far back calls count, ms.
    pub window_ms: u64,
    /// How long it stays open the first time, ms.
    pub rest_ms: u64,
}

/// `Limit(requests: 600, tokens: 200k tokens)`, per minute.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests.
    pub requests: Option<u64>,
    /// Tokens, input and output together.
    pub tokens: Option<u64>,
}

/// The wire protocols.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Provider {
    /// Chat completions.
    Openai,
    OpenaiResponses,
    OpenaiCompatible,
    Azure,
    Anthropic,
    Bedrock,
    Gemini,
    Vertex,
    Ollama,
    /// The Open Inference Protocol: Triton, MLServer.
    Kserve,
    /// JSON in, JSON out: Ray Serve.
    Http,
    /// Vectors and ranking only.
    Cohere,
    /// Vectors and ranking only.
    Voyage,
    /// Vectors and ranking only.
    Jina,
    /// Text Embeddings Inference: vectors and ranking only.
    Tei,
    /// Resolved by the registry.
    Registry,
}

/// What a model can do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Capability {
    Json,
    Stream,
    Tools,
    Logprobs,
    Image,
    Audio,
    File,
    Embed,
    Rerank,
}

/// `prompt`: its parameters are slots 0, 1, … of its messages.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// As declared, with the module path for uniqueness in messages.
    pub name: SmolStr,
    /// The `///` lines.
    pub doc: SmolStr,
    /// In order.
    pub params: Vec<Field>,
    /// What the answer is decoded into. Plain `text` is taken as it is.
    pub ret: TypeId,
    /// In the order sent.
    pub messages: Vec<MessageTemplate>,
    /// `registry("name@pointer")`: the text comes from there; `messages` is empty unless flow.lock inlines it.
    pub registry: Option<SmolStr>,
    /// Most tokens of the messages, arguments included, of a text that is in the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<u64>,
    /// Most tokens of the answer, sent as the provider's maximum.
    pub output: Option<u64>,
    /// Where confidence comes from.
    pub confidence: Option<Confidence>,
    /// How often an invalid answer is sent back with the validator's message.
    pub repair: u32,
    /// Tools that the model may call by itself; read-only.
    pub tools: Vec<PromptTool>,
    /// How often it may call them.
    pub rounds: u32,
    /// Float, over the prompt's parameters.
    pub temperature: Option<Expr>,
    /// Whether an exact repetition is answered from the cache.
    pub cache: bool,
    /// `cache: name`: the `Cache` resource that answers repetitions, exact or similar as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_in: Option<ResourceId>,
}

/// A tool given to a model.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptTool {
    /// A declared tool.
    Tool(ToolId),
    /// A read-only method of a resource.
    Method(ResourceId, Method),
}

/// One entry of a prompt's messages.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)]
pub enum MessageTemplate {
    /// Text.
    System(Expr),
    /// Text. Parts of media types are sent as such.
    User(Expr),
    /// Text.
    Assistant(Expr),
    /// list(Message).
    Turns(Expr),
}

/// Where `confidence(n)` comes from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Confidence {
    /// The probability of the tokens of this field (a path of wire names).
    Logprob(Vec<SmolStr>),
    /// Agreement among this many answers.
    Vote(u32),
    /// What the model wrote into this field (position).
    Field(u32),
}

/// `tool`: its parameters are slots 0, 1, … of its transport's expressions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// As declared.
    pub name: SmolStr,
    /// The `///` lines.
    pub doc: SmolStr,
    /// In order.
    pub params: Vec<Field>,
    /// What the reply is decoded into.
    pub ret: TypeId,
    /// What it does to the world.
    pub effect: Effect,
    /// How it is reached.
    pub transport: Transport,
    /// Environment variable or vault entry of the bearer token.
    pub auth: Option<SmolStr>,
    /// Grants that the package must have.
    pub needs: Vec<SmolStr>,
    /// Of one attempt, ms.
    pub timeout_ms: u64,
    /// Further attempts after the first.
    pub retry: u32,
    /// The server honours `Idempotency-Key`.
    pub once: bool,
    /// Of one call.
    pub cost: Usd,
    /// Calls at once over all runs of a process.
    pub parallel: Option<u32>,
    /// Where it runs.
    pub region: Option<SmolStr>,
}

/// What a tool does to the world.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Effect {
    Read,
    Write,
    Sensitive,
}

/// How a tool is reached.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Transport {
    /// `http.get("https://…")`.
    Http {
        /// Verb.
        method: HttpMethod,
        /// Text; holes are percent-encoded.
        url: Expr,
        /// Names and texts.
        headers: Vec<(SmolStr, Expr)>,
        /// Any type, sent as JSON; `None` sends the arguments as a JSON object (not with GET and DELETE).
        body: Option<Expr>,
    },
    /// `command("program", ["--flag", x])`: arguments as JSON on stdin, result as JSON on stdout.
    Command {
        /// Literal program name or path relative to the package.
        program: SmolStr,
        /// Texts.
        args: Vec<Expr>,
    },
    /// `mcp("server", "tool")`.
    Mcp {
        /// As named in flow.toml.
        server: SmolStr,
        /// As the server names it.
        tool: SmolStr,
        /// As it was when it was locked; `None` if `flow.lock` does not hold it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        locked: Option<Arc<ToolSchema>>,
    },
    /// `wasm("file", "export")`.
    Wasm {
        /// Relative to the package.
        file: SmolStr,
        /// The function.
        export: SmolStr,
    },
}

/// HTTP verbs of tools.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum HttpMethod {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// `human`: its parameters are slots 0, 1, … of its expressions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Human {
    /// As declared.
    pub name: SmolStr,
    /// The `///` lines.
    pub doc: SmolStr,
    /// In order; all are shown.
    pub params: Vec<Field>,
    /// The answer.
    pub ret: TypeId,
    /// Who may answer; `None` with `who`.
    pub role: Option<SmolStr>,
    /// Text.
    pub title: Option<Expr>,
    /// Text: the one principal who may answer.
    pub who: Option<Expr>,
    /// Variants of the answer that approve.
    pub approves: Vec<u32>,
    /// Distinct people needed.
    pub quorum: u32,
    /// ms between reminders.
    pub remind_ms: Option<u64>,
    /// Of one answer.
    pub cost: Usd,
}

/// `resource`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// As declared.
    pub name: SmolStr,
    /// Which kind.
    pub kind: ResourceKind,
    /// What it holds: T of `Memory(T)`, R of `Slots(R)`.
    pub item: TypeId,
    /// How long entries are kept, ms.
    pub keep_ms: Option<u64>,
    /// Of caches: exact, or similar above this share in millionths.
    pub similar: Option<u32>,
    /// The embedding model of similar caches and vector indexes.
    pub embed: Option<ModelId>,
    /// How an index searches.
    pub mode: SearchMode,
    /// How an element becomes text to embed: `(element, text)`. `None` joins its text fields.
    pub text: Option<(LocalId, Expr)>,
    /// One for all tenants.
    pub shared: bool,
    /// Where it is kept.
    pub region: Option<SmolStr>,
}

/// The kinds of resources.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum ResourceKind {
    Memory,
    Index,
    Cache,
    Slots,
    Queue,
    Topic,
    Events,
    Dataset,
}

/// How an index searches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum SearchMode {
    Keyword,
    #[default]
    Vector,
    Hybrid,
}

/// The methods of resources. Arguments are in the order given here; absent ones are `none`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// `memory.last(key, n or tokens)`: list(T), oldest first.
    MemoryLast,
    /// `memory.add(key, items)`.
    MemoryAdd,
    /// `memory.forget(key)`.
    MemoryForget,
    /// `index.search(text, top, min)`: list(T); the filter is the call's lambda.
    IndexSearch,
    /// `index.put(items)`: `{ count: int }`.
    IndexPut,
    /// `cache.get(key)`: T?.
    CacheGet,
    /// `cache.put(key, value)`.
    CachePut,
    /// `slots.fill(key, Partial(R))`: `{ value: R?, missing: list(text) }`.
    SlotsFill,
    /// `slots.drop(key)`.
    SlotsDrop,
    /// `events.wait(key)`: T.
    EventsWait,
    /// `events.put(key, value)`.
    EventsPut,
    /// `queue.add(item)`.
    QueueAdd,
    /// `queue.take(n)`: list(T).
    QueueTake,
    /// `topic.emit(item)`.
    TopicEmit,
    /// `dataset.add(items)`: `{ count: int }`.
    DatasetAdd,
}

/// `split`: its parameters are slots 0, 1, … of its arms' arguments.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// As declared.
    pub name: SmolStr,
    /// In order.
    pub params: Vec<Field>,
    /// Equal for all arms.
    pub ret: TypeId,
    /// Text that keeps a caller on its arm.
    pub key: Expr,
    /// Shares in hundredths of a percent; they add up to 10 000.
    pub arms: Vec<Arm>,
    /// Shares in hundredths of a percent.
    pub shadows: Vec<Arm>,
    /// When an arm is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
}

/// `Guard(errors: 5%, slow: 2s, cost: 0.01 USD, confidence: 70%, calls: 50)`: an arm that is over one of these is paused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// The largest share of calls that fail, in hundredths of a percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u32>,
    /// The longest time that 95 % of the calls take, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_ms: Option<u64>,
    /// The most that a call costs on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Usd>,
    /// The least that answers are sure on average, in hundredths of a percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u32>,
    /// Calls of an arm before it is judged, and how far back calls count.
    pub calls: u32,
}

/// An arm of a split.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// In hundredths of a percent.
    pub share: u32,
    /// What is called.
    pub call: Call,
}

/// A call with its clauses.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// What is called.
    pub callee: Callee,
    /// In the order of the parameters.
    pub args: Vec<Expr>,
    /// For `index.search(where: …)`: a predicate of one element.
    pub filter: Option<crate::expr::Lambda>,
    /// `using`.
    pub model: Option<ModelId>,
    /// `within`.
    pub limits: Limits,
    /// `else`.
    pub otherwise: Option<Expr>,
    /// Of the result.
    pub ret: TypeId,
}

/// What can be called.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Callee {
    /// No call: the one argument is the result.
    Value,
    /// Pure.
    Function(FunctionId),
    /// Pure; raises `Invalid`.
    Check(CheckId),
    /// Asks a model.
    Prompt(PromptId),
    /// Asks a system.
    Tool(ToolId),
    /// Asks a person.
    Human(HumanId),
    /// Asks one of several.
    Split(SplitId),
    /// Asks a graph.
    Flow(FlowId),
    /// Asks a resource.
    Method(ResourceId, Method),
    /// `sleep(duration)`.
    Sleep,
    /// `tell(line)`.
    Tell,
}
