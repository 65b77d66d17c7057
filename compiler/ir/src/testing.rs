//! Tests of a package, lowered. They are no part of the Bundle: a test never changes a digest. [Evals](crate::evals)
//! are, and share what is below [`Given`].

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::expr::Expr;
use crate::ids::{FlowId, LocalId, NodeId, TypeId};
use crate::setup::{Call, Callee, Need};
use crate::units::{ErrorClass, Usd};

/// One `test`. All its expressions see `values` as slots 0, 1, ….
#[derive(Clone, PartialEq, Debug)]
pub struct Test {
    /// The title.
    pub title: SmolStr,
    /// The file as shown to the user.
    pub file: String,
    /// The line of the title, from 1.
    pub line: u32,
    /// How callables answer.
    pub givens: Vec<Given>,
    /// What is called: a flow, or any callable.
    pub call: Call,
    /// What must hold afterwards, with the source text of each condition.
    pub needs: Vec<(Need, SmolStr)>,
    /// What fills the slots.
    pub values: Vec<(TestValue, TypeId)>,
}

/// `given callee = answer`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Who answers.
    pub callee: Callee,
    /// What it answers.
    pub answer: Answer,
}

/// How a callable answers in a test.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// This value to every call.
    Value(Expr),
    /// One after the other; the last one is repeated.
    Sequence(Vec<Answer>),
    /// `fails(Timeout)`.
    Fails(ErrorClass),
    /// `sure(value, 0.97)`: a value with a confidence in 0..1.
    Sure(Expr, f64),
    /// `raw("…")`: a model's answer before it is decoded.
    Raw(Expr),
    /// `late(answer, after: 9h)`: the answer after this time in ms.
    Late(Box<Answer>, u64),
    /// `costs(answer, 0.04 USD)`: the answer, and what it cost, so that budgets can be tested.
    Costs(Box<Answer>, Usd),
    /// `cassette("tests/x.json")`, relative to the package.
    Cassette(SmolStr),
    /// `given f = g(params) using m`: another callable answers. Locals are f's parameters.
    Delegate(Vec<LocalId>, Box<Call>),
}

/// What fills a slot of a test or an eval.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestValue {
    /// `sample("mail-1")`: `samples/mail-1.json` of the package, decoded.
    Sample(SmolStr),
    /// `result`: of the call.
    Result,
    /// `error`: of the call, if it failed; optional record `{ class, message, node, attempt }`.
    Error,
    /// `visited(node)`: bool.
    Visited(FlowId, NodeId),
    /// `visits(node)`: int.
    Visits(FlowId, NodeId),
    /// `degraded(node)`: bool.
    Degraded(FlowId, NodeId),
    /// `calls(tool)`: list of records of the arguments.
    Calls(Callee),
    /// `run.cost`, `run.elapsed`, ….
    Run(crate::expr::RunFact),
    /// Of an eval: the row of the dataset.
    Row,
    /// Of an eval: one of its measures, over all rows.
    Measure(u32),
}
