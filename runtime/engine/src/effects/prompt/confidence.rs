//! How sure an answer is.

use std::ops::Range;

use flow_eval::Value;
use flow_eval::schema::{WRAPPER, structured};
use flow_ir::effort;
use flow_ir::setup::Confidence;
use flow_ir::units::ErrorClass;
use flow_model::{ChatReply, TokenProbability};
use futures_util::future::join_all;

use super::{Call, converse};
use crate::effects::spent::{Raised, Spent};

/// Of one answer; `None` if the prompt does not say where it comes from.
pub(super) fn of_reply(call: &Call<'_>, reply: &ChatReply, value: &Value) -> Result<Option<f64>, Raised> {
    match &call.prompt.confidence {
        None | Some(Confidence::Vote(_)) => Ok(None),
        Some(Confidence::Field(position)) => {
            let field = value.as_fields().and_then(|fields| fields.get(*position as usize));
            match field {
                Some(Value::Float(sure)) => Ok(Some(sure.clamp(0.0, 1.0))),
                _ => Err(Raised::invalid(format!(
                    "the answer to `{}` does not say how sure it is",
                    call.prompt.name
                ))),
            }
        }
        Some(Confidence::Logprob(path)) => {
            let mut names: Vec<&str> = path.iter().map(smol_str::SmolStr::as_str).collect();
            if structured(call.inner.bundle(), call.prompt.ret).wrapped {
                names.insert(0, WRAPPER);
            }
            let sure = probability(reply, &names);
            sure.map(Some).ok_or_else(|| {
                let message =
                    format!("the model gave no probabilities for the answer to `{}`", call.prompt.name);
                Raised::new(ErrorClass::Overload, message)
            })
        }
    }
}

/// Several conversations at once; the value that most of them end with, and their share.
pub(super) async fn vote(call: &Call<'_>, spent: &mut Spent) -> Result<Value, Raised> {
    let count = effort::conversations(call.prompt);
    let ballots = (0..count).map(|_| async {
        let mut own = Spent::new(call.cx, call.invocation);
        let result = converse(call, &mut own).await;
        (result, own.facts)
    });
    let mut values: Vec<(Value, u32)> = Vec::new();
    let mut error = None;
    for (result, facts) in join_all(ballots).await {
        spent.absorb(facts);
        match result {
            Ok(value) => match values.iter_mut().find(|(known, _)| *known == value) {
                Some((_, votes)) => *votes += 1,
                None => values.push((value, 1)),
            },
            Err(raised) => error = error.or(Some(raised)),
        }
    }
    // Of equals, the one that came first.
    let best = values.into_iter().rev().max_by_key(|(_, votes)| *votes);
    match (best, error) {
        (Some((value, votes)), _) => {
            spent.facts.confidence = Some(f64::from(votes) / count as f64);
            Ok(value)
        }
        (None, Some(error)) => Err(error),
        (None, None) => Err(Raised::invalid("nobody voted")),
    }
}

/// The probability of the tokens that write the value at a path of the JSON.
fn probability(reply: &ChatReply, path: &[&str]) -> Option<f64> {
    let spelled: String = reply.tokens.iter().map(|token| token.token.as_str()).collect();
    if reply.tokens.is_empty() || spelled != reply.text {
        return None;
    }
    let range = if path.is_empty() { 0..reply.text.len() } else { locate(&reply.text, path)? };
    let sum: f64 = overlapping(&reply.tokens, &range).map(|token| token.logprob.min(0.0)).sum();
    Some(sum.exp().clamp(0.0, 1.0))
}

fn overlapping<'a>(
    tokens: &'a [TokenProbability],
    range: &'a Range<usize>,
) -> impl Iterator<Item = &'a TokenProbability> {
    let mut end = 0;
    tokens.iter().filter(move |token| {
        let start = end;
        end += token.token.len();
        start < range.end && end > range.start
    })
}

/// Where the value of a path of names stands in a text of JSON.
fn locate(text: &str, path: &[&str]) -> Option<Range<usize>> {
    let mut scanner = Scanner { text, at: 0 };
    for name in path {
        scanner.enter(name)?;
    }
    scanner.blank();
    let start = scanner.at;
    scanner.skip()?;
    Some(start..scanner.at)
}

/// A walk over JSON that is known to be well formed; `None` where it is not.
struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blank(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, mark: char) -> Option<()> {
        self.blank();
        self.rest().starts_with(mark).then(|| self.at += mark.len_utf8())
    }

    /// Stands before an object; goes to the value of one of its fields.
    fn enter(&mut self, name: &str) -> Option<()> {
        self.eat('{')?;
        loop {
            self.blank();
            let key = self.at;
            self.string()?;
            let found: String = serde_json::from_str(self.text.get(key..self.at)?).ok()?;
            self.eat(':')?;
            if found == name {
                return Some(());
            }
            self.skip()?;
            self.eat(',')?;
        }
    }

    fn string(&mut self) -> Option<()> {
        self.eat('"')?;
        let mut escaped = false;
        let end = self.rest().find(|c: char| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        })?;
        self.at += end + 1;
        Some(())
    }

    /// Over one value of any kind.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_u32;
        loop {
            self.blank();
            match self.rest().chars().next()? {
                '"' => self.string()?,
                '{' | '[' => {
                    depth += 1;
                    self.at += 1;
                }
                '}' | ']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                ',' | ':' if depth > 0 => self.at += 1,
                _ => {
                    let end = self.rest().find(|c: char| ",:]}".contains(c) || c.is_whitespace());
                    self.at += end.filter(|end| *end > 0).unwrap_or(self.rest().len());
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests;
