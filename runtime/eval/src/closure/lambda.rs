//! Built-ins that run a lambda per element.

use flow_ir::expr::{Builtin, Expr, Lambda};

use super::build::Builder;
use super::code::{Code, Frame, Test};
use super::hot::{Hot, Question};
use crate::Value;
use crate::invalid::Outcome;
use crate::ops::{builtin::wrong_arguments, list};

impl Builder<'_> {
    pub(super) fn lambda(&mut self, op: Builtin, args: &[Expr], lambda: &Lambda) -> Box<Code> {
        let [source] = args else {
            return Box::new(move |_| Err(wrong_arguments(op)));
        };
        let hot = Hot::new(source, lambda, self.scope());
        let source = self.code(source);
        match op {
            Builtin::Filter | Builtin::Any | Builtin::All | Builtin::Count => {
                self.tested(op, source, lambda, hot)
            }
            Builtin::Map => {
                let body = self.within(lambda.param, |inner| inner.code(&lambda.body));
                Box::new(move |frame| {
                    let value = source(frame)?;
                    let items = list::items("a lambda", &value)?;
                    let made = hot.ask(Question::Map, items, frame);
                    made.unwrap_or_else(|| map(items, frame, &body).map(Value::list))
                })
            }
            Builtin::SortBy => {
                let body = self.within(lambda.param, |inner| inner.code(&lambda.body));
                Box::new(move |frame| {
                    let value = source(frame)?;
                    let items = list::items("a lambda", &value)?;
                    let keys = map(items, frame, &body)?;
                    list::sort_by(items, &keys)
                })
            }
            other => Box::new(move |frame| {
                list::items("a lambda", &source(frame)?)?;
                Err(wrong_arguments(other))
            }),
        }
    }

    fn tested(&mut self, op: Builtin, source: Box<Code>, lambda: &Lambda, hot: Hot) -> Box<Code> {
        let test = self.within(lambda.param, |inner| inner.test(&lambda.body));
        let question = match op {
            Builtin::Filter => Question::Filter,
            Builtin::Any => Question::Any,
            Builtin::All => Question::All,
            _ => Question::Count,
        };
        Box::new(move |frame| {
            let value = source(frame)?;
            let items = list::items("a lambda", &value)?;
            hot.ask(question, items, frame).unwrap_or_else(|| answer(question, items, frame, &test))
        })
    }
}

fn answer(question: Question, items: &[Value], frame: &mut Frame<'_>, test: &Test) -> Outcome {
    match question {
        Question::Filter => filter(items, frame, test),
        Question::Any => search(items, frame, test, true).map(Value::Bool),
        Question::All => search(items, frame, test, false).map(|found| Value::Bool(!found)),
        Question::Count => count(items, frame, test).map(Value::Int),
        Question::Map => {
            let tested =
                items.iter().map(|item| frame.with(item.clone(), |frame| test(frame)).map(Value::Bool));
            tested.collect::<Outcome<Vec<_>>>().map(Value::list)
        }
    }
}

fn map(items: &[Value], frame: &mut Frame<'_>, body: &Code) -> Outcome<Vec<Value>> {
    items.iter().map(|item| frame.with(item.clone(), |frame| body(frame))).collect()
}

fn filter(items: &[Value], frame: &mut Frame<'_>, test: &Test) -> Outcome {
    let mut kept = Vec::new();
    for item in items.iter() {
        if frame.with(item.clone(), |frame| test(frame))? {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

/// Whether the test gives `wanted` for an element; stops at the first.
fn search(items: &[Value], frame: &mut Frame<'_>, test: &Test, wanted: bool) -> Outcome<bool> {
    for item in items {
        if frame.with(item.clone(), |frame| test(frame))? == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

fn count(items: &[Value], frame: &mut Frame<'_>, test: &Test) -> Outcome<i64> {
    let mut count = 0;
    for item in items {
        count += i64::from(frame.with(item.clone(), |frame| test(frame))?);
    }
    Ok(count)
}
