//! A model's answer as a value, where nothing held the model to the schema.
//!
//! Models write JSON as people do: in a code fence, with a word before it, with a comma too many. What such a text
//! means is not in doubt, so it is read, and every liberty taken is reported as a [`Tolerance`]. What could mean
//! two things, or would lose a part of what was written, is no answer: the error names the place, and the model
//! can be asked to repair it.
//!
//! `syntax` reads one JSON value in the forms that models write, `candidates` finds it in a text, `coerce` fits
//! its leaves to the type. The strict [`crate::json::decode`] always has the last word.

mod candidates;
mod coerce;
mod syntax;
#[cfg(test)]
mod tests;
mod tolerance;

use flow_ir::types::Type;
use flow_ir::{Bundle, TypeId};
use serde_json::Value as Json;

pub use tolerance::{Tolerance, Tolerances};

use crate::Value;
use crate::json::decode;
use crate::schema::WRAPPER;
use candidates::{Candidate, Found};

/// What an answer says, and how it had to be read.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// Of the type that was asked for.
    pub value: Value,
    /// The liberties taken; empty for strict JSON of the right form.
    pub tolerances: Tolerances,
}

/// Why a text is no answer, with the place in it. Holds names of the type, never what was written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Reads an answer of a type. With `wrapped` it is to be `{"value": …}`.
///
/// # Errors
/// The text holds no JSON, means two things, would lose a part, or does not fit the type.
pub fn read(bundle: &Bundle, ty: TypeId, wrapped: bool, text: &str) -> Result<Answer, Unreadable> {
    let asked = Asked { bundle, ty, wrapped };
    match candidates::find(text) {
        Ok(Found::One(candidate)) => asked.fit(candidate),
        Ok(Found::Several(candidates)) => asked.choose(candidates),
        Ok(Found::Bare(word)) if wrapped => asked.bare(word),
        Ok(Found::Bare(_)) => Err(Unreadable("it is no JSON: there is no object in it".to_owned())),
        Err(problem) => Err(Unreadable(problem)),
    }
}

/// What was asked for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    bundle: &'a Bundle,
    ty: TypeId,
    wrapped: bool,
}

impl Asked<'_> {
    /// Strictly first: a good answer costs nothing more.
    fn fit(self, candidate: Candidate) -> Result<Answer, Unreadable> {
        let Candidate { mut json, mut tolerances, open } = candidate;
        if self.wrapped {
            json = unwrap(json, &mut tolerances);
        }
        // Where the end is missing, only a value that can lack nothing is taken.
        let depth = open.saturating_sub(usize::from(self.wrapped && !tolerances.holds(Tolerance::NoWrapper)));
        if open > 0 {
            coerce::is_whole(self.bundle, self.ty, &json, depth).map_err(Unreadable)?;
        }
        let strict = match decode(self.bundle, self.ty, &json) {
            Ok(value) => return Ok(Answer { value, tolerances }),
            Err(error) => error,
        };
        let before = tolerances;
        coerce::coerce(self.bundle, self.ty, &mut json, &mut tolerances);
        if tolerances == before {
            return Err(Unreadable(strict.to_string()));
        }
        match decode(self.bundle, self.ty, &json) {
            Ok(value) => Ok(Answer { value, tolerances }),
            Err(error) => Err(Unreadable(error.to_string())),
        }
    }

    /// Of several objects the one that fits is meant. Two that fit and differ are two answers.
    fn choose(self, candidates: Vec<Candidate>) -> Result<Answer, Unreadable> {
        let count = candidates.len();
        let mut chosen: Option<Answer> = None;
        let mut first_error = None;
        for candidate in candidates {
            match (self.fit(candidate), &chosen) {
                (Ok(answer), None) => chosen = Some(answer),
                (Ok(answer), Some(known)) if answer.value == known.value => {}
                (Ok(_), Some(_)) => {
                    let message = format!("it holds {count} JSON values, and more than one of them fits");
                    return Err(Unreadable(message));
                }
                (Err(error), _) => first_error = first_error.or(Some(error)),
            }
        }
        let none = || Unreadable(format!("it holds {count} JSON values, and none of them fits"));
        let Some(mut answer) = chosen else { return Err(first_error.unwrap_or_else(none)) };
        answer.tolerances.note(Tolerance::SeveralValues);
        Ok(answer)
    }

    /// A text without any JSON: `Spam`, where `{"value": "Spam"}` was asked for.
    fn bare(self, word: &str) -> Result<Answer, Unreadable> {
        let mut tolerances = Tolerances::default();
        tolerances.note(Tolerance::NoWrapper);
        if !is_word_like(self.bundle, self.ty) {
            return Err(Unreadable("it is no JSON: there is no object in it".to_owned()));
        }
        self.fit(Candidate { json: Json::String(word.to_owned()), tolerances, open: 0 })
    }
}

/// Types whose values are one word; of other types a bare text says too little.
fn is_word_like(bundle: &Bundle, ty: TypeId) -> bool {
    match bundle.ty(ty) {
        Type::Optional { item } => is_word_like(bundle, *item),
        Type::Enum(it) => it.tag.is_none(),
        Type::Int { .. } | Type::Float { .. } | Type::Bool | Type::Date | Type::Time => true,
        Type::Money { .. } | Type::Duration { .. } | Type::Tokens | Type::Bytes => true,
        Type::Nothing | Type::Text { .. } | Type::Json | Type::Price => false,
        Type::Image | Type::Audio | Type::File => false,
        Type::List { .. } | Type::Map { .. } | Type::Record(_) | Type::Partial { .. } => false,
    }
}

/// Takes the value out of its wrapper. Without one, the whole is the value.
fn unwrap(json: Json, tolerances: &mut Tolerances) -> Json {
    match json {
        Json::Object(mut object) if object.len() == 1 && object.contains_key(WRAPPER) => {
            object.shift_remove(WRAPPER).unwrap_or_default()
        }
        other => {
            tolerances.note(Tolerance::NoWrapper);
            other
        }
    }
}
