//! Answers of people.

use flow_eval::{Value, json};
use flow_ir::setup::{Callee, Human};
use flow_ir::units::Usd;
use flow_store::runs::{AnswerRow, Change, Error, QuestionRow, QuestionState};

use super::keeper::Keeper;
use super::order::{Answer, Reply};
use super::run::Run;
use crate::protocol::{Event, Facts, OpId, Outcome};

/// Why an answer is not taken. The question stays as it was.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AnswerError {
    /// There is no such question.
    #[error("there is no such question")]
    Unknown,
    /// It is no longer open.
    #[error("the question is no longer open")]
    Closed,
    /// Somebody else is asked.
    #[error("{0}")]
    Denied(String),
    /// It does not fit what was asked for.
    #[error("the answer does not fit: {0}")]
    Invalid(String),
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Keeper {
    pub(super) fn answer_and_reply(
        &mut self,
        answer: &Answer,
        reply: Reply<Result<(), AnswerError>>,
    ) -> Result<(), Error> {
        let taken = self.answer(answer)?;
        self.then(move |kept| {
            let told = kept.map_err(|error| AnswerError::Store(error.clone())).and(taken);
            // Whoever answered is gone; the answer is not.
            drop(reply.send(told));
        });
        Ok(())
    }

    /// The outer error ends the keeper.
    pub(super) fn answer(&mut self, answer: &Answer) -> Result<Result<(), AnswerError>, Error> {
        let Some(row) = self.reader.question(&answer.question)? else {
            return Ok(Err(AnswerError::Unknown));
        };
        if row.state != QuestionState::Open {
            return Ok(Err(AnswerError::Closed));
        }
        if let Err(denied) = may_answer(&row, answer) {
            return Ok(Err(denied));
        }
        let Some(mut run) = self.take_or_load(row.run)? else { return Ok(Err(AnswerError::Closed)) };
        let taken = self.take_answer(&mut run, OpId(row.op), answer);
        self.put_back(run);
        Ok(taken)
    }

    fn take_answer(&mut self, run: &mut Run, op: OpId, answer: &Answer) -> Result<(), AnswerError> {
        let bundle = run.host.program.bundle();
        let asked = run.questions.get(&op).ok_or(AnswerError::Closed)?;
        let Callee::Human(id) = asked.invocation.callee else { return Err(AnswerError::Closed) };
        let human = bundle.humans.get(id.index()).ok_or(AnswerError::Closed)?;
        let value = json::decode(bundle, human.ret, &answer.value)
            .map_err(|error| AnswerError::Invalid(error.to_string()))?;
        if human.quorum > 1 && asked.by.iter().any(|by| *by == answer.by) {
            let message = format!("`{}` needs {} different people", human.name, human.quorum);
            return Err(AnswerError::Denied(message));
        }
        let n = asked.by.len() as u32;
        let mut by = asked.by.clone();
        by.push(answer.by.to_string());
        let outcome = decided(human, value, &by);
        let now_ms = self.options.clock.now_ms();
        let row = AnswerRow { by: answer.by.to_string(), value: answer.value.clone(), at_ms: now_ms };
        self.changes.push(Change::Answer { run: run.no, op: op.0, n, answer: row });
        match outcome {
            Some(outcome) => {
                run.questions.remove(&op);
                let state = QuestionState::Answered;
                self.changes.push(Change::Close { run: run.no, op: op.0, state });
                self.tell(run, Event::Resolved { op, outcome, now_ms });
            }
            None => {
                if let Some(asked) = run.questions.get_mut(&op) {
                    asked.by = by;
                }
            }
        }
        Ok(())
    }
}

/// Whether it is this person who is asked.
fn may_answer(question: &QuestionRow, answer: &Answer) -> Result<(), AnswerError> {
    if let Some(who) = question.who.as_ref().filter(|who| **who != answer.by && answer.roles.is_some()) {
        return Err(AnswerError::Denied(format!("only `{who}` may answer this question")));
    }
    match (&question.role, &answer.roles) {
        (Some(role), Some(roles)) if question.who.is_none() && !roles.contains(role) => {
            Err(AnswerError::Denied(format!("this question is for the role `{role}`")))
        }
        _ => Ok(()),
    }
}

/// The outcome, once enough people have answered: one who does not approve decides alone, approval needs the whole
/// quorum.
fn decided(human: &Human, value: Value, by: &[String]) -> Option<Outcome> {
    let approves = matches!(&value, Value::Variant(variant, _) if human.approves.contains(variant));
    let answers = by.len() as u32;
    if approves && answers < human.quorum.max(1) {
        return None;
    }
    let named: Vec<&str> = by.iter().map(String::as_str).filter(|by| !by.is_empty()).collect();
    let facts = Facts {
        cost: Usd(human.cost.0.saturating_mul(i64::from(answers))),
        attempts: answers,
        by: Some(named.join(", ").into()).filter(|by: &smol_str::SmolStr| !by.is_empty()),
        ..Facts::default()
    };
    Some(Outcome::Ok { value, facts: Box::new(facts) })
}
