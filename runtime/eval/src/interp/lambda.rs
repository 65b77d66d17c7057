//! Built-ins that evaluate a lambda per element. The first error ends them.

use flow_ir::expr::{Builtin, Expr, Lambda};

use super::Frame;
use crate::Value;
use crate::invalid::Outcome;
use crate::ops::{builtin::wrong_arguments, list, truth};

impl Frame<'_> {
    pub(super) fn with_lambda(&mut self, op: Builtin, args: &[Expr], lambda: &Lambda) -> Outcome {
        let [list] = args else {
            return Err(wrong_arguments(op));
        };
        let value = self.eval(list)?;
        let items = list::items("a lambda", &value)?;
        match op {
            Builtin::Filter => self.filter(items, lambda),
            Builtin::Map => self.map(items, lambda).map(Value::list),
            Builtin::Any => self.search(items, lambda, true).map(Value::Bool),
            Builtin::All => self.search(items, lambda, false).map(|found| Value::Bool(!found)),
            Builtin::Count => self.count(items, lambda).map(Value::Int),
            Builtin::SortBy => {
                let keys = self.map(items, lambda)?;
                list::sort_by(items, &keys)
            }
            other => Err(wrong_arguments(other)),
        }
    }

    fn test(&mut self, item: &Value, lambda: &Lambda) -> Outcome<bool> {
        truth(&self.bind(lambda.param, item.clone(), &lambda.body)?)
    }

    fn filter(&mut self, items: &[Value], lambda: &Lambda) -> Outcome {
        let mut kept = Vec::new();
        for item in items {
            if self.test(item, lambda)? {
                kept.push(item.clone());
            }
        }
        Ok(Value::list(kept))
    }

    fn map(&mut self, items: &[Value], lambda: &Lambda) -> Outcome<Vec<Value>> {
        items.iter().map(|item| self.bind(lambda.param, item.clone(), &lambda.body)).collect()
    }

    /// Whether the lambda gives `wanted` for an element; stops at the first.
    fn search(&mut self, items: &[Value], lambda: &Lambda, wanted: bool) -> Outcome<bool> {
        for item in items {
            if self.test(item, lambda)? == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn count(&mut self, items: &[Value], lambda: &Lambda) -> Outcome<i64> {
        let mut count = 0;
        for item in items {
            count += i64::from(self.test(item, lambda)?);
        }
        Ok(count)
    }
}
