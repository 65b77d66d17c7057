//! The library: one arm a built-in. Those with a lambda are where lambdas are evaluated.

use std::cmp::Ordering;

use flow_ir::expr::Builtin;
use flow_ir::types::Type;
use flow_ir::{Bundle, TypeId};

use super::list::items;
use super::text::text;
use super::{count, date, fields, list, number, print, text as texts};
use crate::Value;
use crate::invalid::{Invalid, Outcome, mismatch};

/// The types around a call of the library.
#[derive(Clone, Copy)]
pub(crate) struct Types<'a> {
    pub(crate) bundle: &'a Bundle,
    /// Of the receiver.
    pub(crate) receiver: TypeId,
    /// Of the result.
    pub(crate) result: TypeId,
}

impl<'a> Types<'a> {
    pub(crate) const fn new(bundle: &'a Bundle, receiver: TypeId, result: TypeId) -> Self {
        Self { bundle, receiver, result }
    }

    /// The receiver's element.
    fn item(&self) -> TypeId {
        match self.bundle.ty(self.receiver) {
            Type::List { item, .. } | Type::Map { item, .. } => *item,
            _ => self.receiver,
        }
    }
}

/// A built-in without lambda.
pub(crate) fn builtin(op: Builtin, types: Types<'_>, args: &[Value]) -> Outcome {
    let Some((receiver, rest)) = args.split_first() else {
        return Err(Invalid::new("a call of the library without a receiver"));
    };
    match op {
        Builtin::With => fields::with(receiver, rest),
        _ => match rest {
            [] => unary(op, types, receiver),
            [arg] => binary(op, types, receiver, arg),
            [first, second] => ternary(op, receiver, first, second),
            _ => Err(mismatch("this call", receiver)),
        },
    }
}

fn unary(op: Builtin, types: Types<'_>, it: &Value) -> Outcome {
    let Types { bundle, receiver, result } = types;
    match op {
        Builtin::Length => list::length(it),
        Builtin::First => items("`.first`", it).map(|all| all.first().cloned().unwrap_or(Value::None)),
        Builtin::Last => items("`.last`", it).map(|all| all.last().cloned().unwrap_or(Value::None)),
        Builtin::Unique => items("`.unique`", it).map(|all| list::unique(all)),
        Builtin::Present => items("`.present`", it).map(|all| list::present(all)),
        Builtin::Flat => items("`.flat`", it).and_then(|all| list::flat(all)),
        Builtin::Sum => items("`.sum`", it).and_then(|all| number::sum(all, bundle.ty(result))),
        Builtin::Min => items("`.min`", it).and_then(|all| list::extreme(all, Ordering::Less)),
        Builtin::Max => items("`.max`", it).and_then(|all| list::extreme(all, Ordering::Greater)),
        Builtin::Reverse => items("`.reverse`", it).map(|all| Value::list(all.iter().rev().cloned())),
        Builtin::Mean => items("`mean`", it).and_then(|all| number::mean(all)),
        Builtin::Lower => text("`.lower`", it).map(|it| Value::Text(texts::lower(it))),
        Builtin::Upper => text("`.upper`", it).map(|it| Value::Text(texts::upper(it))),
        Builtin::Trim => text("`.trim`", it).map(|it| Value::Text(texts::trim(it))),
        Builtin::Lines => text("`.lines`", it).map(|it| Value::list(it.lines().map(Value::text))),
        Builtin::ToInt => text("`.to_int`", it).map(|it| texts::to_int(it)),
        Builtin::ToFloat => text("`.to_float`", it).map(|it| texts::to_float(it)),
        Builtin::Keys => list::keys(it),
        Builtin::Values => list::values(it),
        Builtin::Round => number::whole(it, f64::round),
        Builtin::Floor => number::whole(it, f64::floor),
        Builtin::Ceil => number::whole(it, f64::ceil),
        Builtin::Abs => number::abs(it),
        Builtin::ToText => Ok(Value::text(print::printed(bundle, receiver, it))),
        Builtin::ToJson => Ok(Value::text(crate::json::encode(bundle, receiver, it).to_string())),
        Builtin::VariantDoc => fields::doc(bundle, receiver, it).map(Value::Text),
        Builtin::VariantName => fields::name(bundle, receiver, it).map(Value::Text),
        other => Err(wrong_arguments(other)),
    }
}

fn binary(op: Builtin, types: Types<'_>, it: &Value, arg: &Value) -> Outcome {
    match op {
        Builtin::Take => Ok(list::take(items("`.take`", it)?, count("take", arg)?)),
        Builtin::TakeLast => Ok(list::take_last(items("`.last`", it)?, count("last", arg)?)),
        Builtin::Drop => Ok(list::skip(items("`.drop`", it)?, count("drop", arg)?)),
        Builtin::TakeTokens => {
            list::take_tokens(types.bundle, types.item(), items("`.take`", it)?, count("take", arg)?)
        }
        Builtin::TakeLastTokens => {
            list::take_last_tokens(types.bundle, types.item(), items("`.last`", it)?, count("last", arg)?)
        }
        Builtin::Join => list::join(items("`.join`", it)?, text("`.join`", arg)?),
        Builtin::Zip => Ok(list::zip(items("`.zip`", it)?, items("`.zip`", arg)?)),
        Builtin::Contains => list::contains(it, arg).map(Value::Bool),
        Builtin::At => list::at(items("`.at`", it)?, arg),
        Builtin::Split => Ok(texts::split(text("`.split`", it)?, text("`.split`", arg)?)),
        Builtin::StartsWith => {
            Ok(Value::Bool(text("`.starts_with`", it)?.starts_with(text("`.starts_with`", arg)?.as_str())))
        }
        Builtin::EndsWith => {
            Ok(Value::Bool(text("`.ends_with`", it)?.ends_with(text("`.ends_with`", arg)?.as_str())))
        }
        Builtin::Matches => {
            texts::matches(text("`.matches`", it)?, text("`.matches`", arg)?).map(Value::Bool)
        }
        Builtin::Cut => Ok(Value::Text(texts::cut(text("`.cut`", it)?, count("cut", arg)?))),
        Builtin::CutTokens => Ok(Value::Text(texts::cut_tokens(text("`.cut`", it)?, count("cut", arg)?))),
        Builtin::Get => list::get(it, text("`.get`", arg)?),
        Builtin::Or => Ok(if matches!(it, Value::None) { arg.clone() } else { it.clone() }),
        Builtin::DatePlus => date::plus(it, arg),
        Builtin::DateMinus => date::minus(it, arg),
        other => Err(wrong_arguments(other)),
    }
}

fn ternary(op: Builtin, it: &Value, first: &Value, second: &Value) -> Outcome {
    match op {
        Builtin::Clamp => number::clamp(it, first, second),
        Builtin::Replace => {
            let (from, to) = (text("`.replace`", first)?, text("`.replace`", second)?);
            texts::replace(text("`.replace`", it)?, from, to).map(Value::Text)
        }
        other => Err(wrong_arguments(other)),
    }
}

/// Only a Bundle that no compiler wrote can cause it.
pub(crate) fn wrong_arguments(op: Builtin) -> Invalid {
    Invalid::new(format!("a call of `{op:?}` with the wrong arguments"))
}
