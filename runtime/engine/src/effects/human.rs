//! Asking people.

use flow_eval::json::validate;
use flow_eval::{Value, eval};
use flow_ir::HumanId;
use flow_ir::effort;
use flow_ir::setup::{Callee, Human};
use flow_ir::units::{ErrorClass, Usd};
use flow_policy::budget::Amount;
use futures_util::future::BoxFuture;
use smol_str::SmolStr;

use super::performer::{Inner, slots_of};
use super::spent::{Raised, Spent};
use crate::port::{InvokeContext, Shortage};
use crate::protocol::{Invocation, OpId};

/// What a person is asked. The bundle has the rest: doc, role, names and types of the arguments, type of the
/// answer.
#[derive(Clone, Debug)]
pub struct Question {
    /// Of the run.
    pub run: SmolStr,
    /// Which operation.
    pub op: OpId,
    /// Which `human`.
    pub human: HumanId,
    /// The one principal who may answer, if only one may.
    pub who: Option<SmolStr>,
    /// One line.
    pub title: Option<String>,
    /// In the order of the parameters; all are shown.
    pub args: Vec<Value>,
    /// Who has answered already, of a quorum; the next one must be somebody else.
    pub before: Vec<SmolStr>,
}

/// An answer.
#[derive(Clone, PartialEq, Debug)]
pub struct PersonAnswer {
    /// Of the human's return type.
    pub value: Value,
    /// Who gave it, if that is known.
    pub by: Option<SmolStr>,
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct PersonError {
    /// What flows route on: `Expired`, `Invalid`, `Denied` or `Failed`.
    pub class: ErrorClass,
    /// For people.
    pub message: String,
}

/// Where people are asked: a terminal, a file, a page.
///
/// # Cancel safety
/// Dropping the future withdraws the question.
pub trait People: Send + Sync {
    /// Asks one person.
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<PersonAnswer, PersonError>>;

    /// Whether people answer some other day, through the home: then it keeps the questions and nobody is asked here.
    fn answer_through_home(&self) -> bool {
        false
    }
}

/// Nobody is there: every question fails, and says what to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl People for Nobody {
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<PersonAnswer, PersonError>> {
        let _ = question;
        let message = "a person is asked, and nobody is here: use --answers FILE".to_owned();
        Box::pin(std::future::ready(Err(PersonError { class: ErrorClass::Failed, message })))
    }
}

/// People answer through the home that keeps the run: a server's page, `flowc questions answer`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThroughHome;

impl People for ThroughHome {
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<PersonAnswer, PersonError>> {
        let _ = question;
        let message = "a person is asked, and this run is kept nowhere: use --store FILE".to_owned();
        Box::pin(std::future::ready(Err(PersonError { class: ErrorClass::Failed, message })))
    }

    fn answer_through_home(&self) -> bool {
        true
    }
}

/// The question of an invocation, for a home that keeps it. What an answer costs must be left.
pub(crate) fn kept(
    inner: &Inner,
    cx: &InvokeContext,
    invocation: &Invocation,
    id: HumanId,
) -> Result<Question, Raised> {
    let human = inner.bundle().humans.get(id.index()).ok_or_else(|| Raised::invalid("no such human"))?;
    let question = question(inner, cx, invocation, human)?;
    let whole = Usd(human.cost.0.saturating_mul(i64::from(human.quorum.max(1))));
    // Not settled: the outcome says what the answers cost, and until then the amount is spoken for.
    let reserved = cx.purse.reserve(Amount { cost: whole, tokens: 0 }, cx.clock.now_ms());
    reserved.map(drop).map_err(|short| no_money(human, &short))?;
    Ok(question)
}

fn no_money(human: &Human, short: &Shortage) -> Raised {
    let message = format!("an answer of `{}` costs {}, and less is left ({short})", human.name, human.cost);
    Raised::new(ErrorClass::Budget, message)
}

pub(crate) async fn ask(
    inner: &Inner,
    cx: &InvokeContext,
    invocation: &Invocation,
    id: HumanId,
    spent: &mut Spent,
) -> Result<Value, Raised> {
    let human = inner.bundle().humans.get(id.index()).ok_or_else(|| Raised::invalid("no such human"))?;
    let mut question = question(inner, cx, invocation, human)?;
    loop {
        let value = ask_one(inner, cx, human, &question, spent).await?;
        let (value, by) = value;
        question.before.extend(by);
        let approves = matches!(&value, Value::Variant(variant, _) if human.approves.contains(variant));
        spent.facts.by = Some(question.before.join(", ").into()).filter(|by: &SmolStr| !by.is_empty());
        let answers = spent.facts.attempts;
        // One who does not approve decides alone; approval needs the whole quorum.
        if u64::from(answers) >= effort::answers(human) || !approves {
            return Ok(value);
        }
    }
}

async fn ask_one(
    inner: &Inner,
    cx: &InvokeContext,
    human: &Human,
    question: &Question,
    spent: &mut Spent,
) -> Result<(Value, Option<SmolStr>), Raised> {
    let amount = Amount { cost: human.cost, tokens: 0 };
    let reservation = cx.purse.reserve(amount, cx.clock.now_ms()).map_err(|short| no_money(human, &short))?;
    reservation.kept().await;
    spent.facts.attempts += 1;
    let answer = inner.with.people.ask(question).await;
    let answer = answer.map_err(|error| Raised::new(error.class, error.message))?;
    reservation.settle(amount);
    spent.pay(human.cost);
    if answer.by.as_ref().is_some_and(|by| question.before.contains(by)) {
        let message = format!("`{}` needs {} different people", human.name, human.quorum);
        return Err(Raised::new(ErrorClass::Denied, message));
    }
    validate(inner.bundle(), human.ret, &answer.value)
        .map_err(|error| Raised::invalid(format!("the answer to `{}` does not fit: {error}", human.name)))?;
    Ok((answer.value, answer.by))
}

fn question(
    inner: &Inner,
    cx: &InvokeContext,
    invocation: &Invocation,
    human: &Human,
) -> Result<Question, Raised> {
    let slots = slots_of(&invocation.args);
    let frame = inner.context(&slots);
    let text = |expr: &flow_ir::expr::Expr| {
        eval(expr, &frame).map(|value| value.as_text().unwrap_or_default().to_owned())
    };
    let Callee::Human(id) = invocation.callee else {
        return Err(Raised::invalid("nobody is asked"));
    };
    Ok(Question {
        run: cx.header.run.clone(),
        op: invocation.op,
        human: id,
        who: human.who.as_ref().map(text).transpose()?.map(SmolStr::from),
        title: human.title.as_ref().map(text).transpose()?,
        args: invocation.args.clone(),
        before: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
