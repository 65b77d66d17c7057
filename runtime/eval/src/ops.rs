//! What operators and the library do to values. Shared by the interpreter and the closures; the JIT has its
//! own and is tested against these.

pub(crate) mod arith;
pub(crate) mod builtin;
pub(crate) mod compare;
pub(crate) mod date;
pub(crate) mod fields;
pub(crate) mod list;
pub(crate) mod number;
pub(crate) mod print;
pub(crate) mod text;

use crate::Value;
use crate::invalid::{Invalid, Outcome, mismatch};

/// What a value is, for messages.
pub(crate) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::None => "`none`",
        Value::Nothing => "nothing",
        Value::Bool(_) => "a bool",
        Value::Int(_) => "an int",
        Value::Float(_) => "a float",
        Value::Text(_) => "a text",
        Value::Money(..) => "money",
        Value::Duration(_) => "a duration",
        Value::Tokens(_) => "a number of tokens",
        Value::Bytes(_) => "a size",
        Value::Date(..) => "a date",
        Value::Time(..) => "a time",
        Value::Json(_) => "json",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
        Value::Record(_) => "a record",
        Value::Variant(..) => "a variant",
        Value::Media(_) => "a file",
    }
}

pub(crate) fn truth(value: &Value) -> Outcome<bool> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        other => Err(mismatch("a condition", other)),
    }
}

/// A count or position: ints, and tokens where the unit is written.
pub(crate) fn count(what: &str, value: &Value) -> Outcome<u64> {
    match value {
        Value::Int(n) => {
            u64::try_from(*n).map_err(|_| Invalid::new(format!("`{what}({n})`: the count is negative")))
        }
        Value::Tokens(n) | Value::Bytes(n) => Ok(*n),
        other => Err(mismatch(what, other)),
    }
}
