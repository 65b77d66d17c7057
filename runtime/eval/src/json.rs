//! Values and JSON.
//!
//! [`decode`] is strict: what does not fit its type is an error that names the place, nothing is dropped or
//! coerced. [`encode`] is its inverse. Wire names are used on both sides.
//!
//! | type | JSON |
//! |---|---|
//! | `T?` | left out of records when `none`, else `null`; both are read |
//! | `duration` | a number of ms; `"8s"` is read too |
//! | `money` | `{"amount": "12.50", "currency": "EUR"}`; `"12.50 EUR"` is read too |
//! | `date`, `time` | `"2026-01-05"`, `"09:30:00"` |
//! | `enum` | `"Spam"`, `{"Offer": {"amount": 3}}`; with a tag `{"kind": "Offer", "amount": 3}` |
//! | `image` … | `{"reference": …, "mime": …, "size": …}`; a URI as text is read too |
//! | no result | `null` |

mod decode;
mod encode;
mod error;
mod refine;
mod sample;
mod scalar;
mod validate;

#[cfg(test)]
pub(crate) mod tests;

pub use decode::{DecodeOptions, UnknownFields, decode, decode_with};
pub use encode::encode;
pub use error::DecodeError;
pub use sample::sample;
pub use scalar::{parse_amount, parse_date, parse_duration, parse_money, parse_time};
pub use validate::validate;

pub(crate) use validate::converted;
