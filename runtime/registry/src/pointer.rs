//! Pointers, and the rules by which they move. Pure: no storage, no clock.
//!
//! A pointer has a *generation* that counts its moves, so that a history is a chain. Every generation remembers the
//! one that a rollback returns to, so that going back is one step however long the history is:
//!
//! | generation | move | version | a rollback returns to |
//! |---|---|---|---|
//! | 1 | to v1 | v1 | nothing |
//! | 2 | to v2 | v2 | generation 1 |
//! | 3 | to v3 | v3 | generation 2 |
//! | 4 | rollback | v2 | generation 1 |
//! | 5 | rollback | v1 | nothing |

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::name::{Kind, Name, PointerName};

/// Where a pointer is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pointer {
    /// Of this kind.
    pub kind: Kind,
    /// The name.
    pub name: Name,
    /// The pointer.
    pub pointer: PointerName,
    /// The version it names.
    pub number: u32,
    /// How often it was moved, from 1.
    pub generation: u64,
    /// The generation that a rollback returns to.
    #[serde(skip)]
    pub back: Option<u64>,
}

/// A move of a pointer, as the history tells it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Moved {
    /// Of this kind.
    pub kind: Kind,
    /// The name.
    pub name: Name,
    /// The pointer.
    pub pointer: PointerName,
    /// The generation that begins.
    pub generation: u64,
    /// The version before; `None` for the first move.
    pub from: Option<u32>,
    /// The version now.
    pub to: u32,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When, ms since the Unix epoch.
    pub time_ms: i64,
    /// Whether it went back.
    pub is_rollback: bool,
}

/// The next state of a pointer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Next {
    /// The version.
    pub number: u32,
    /// The generation.
    pub generation: u64,
    /// The generation that a rollback returns to.
    pub back: Option<u64>,
}

/// Whether the caller saw what is there. `None` accepts anything.
fn compare(
    name: &Name,
    pointer: &PointerName,
    now: Option<&Pointer>,
    expected: Option<u64>,
) -> Result<u64, Error> {
    let found = now.map_or(0, |now| now.generation);
    match expected {
        Some(expected) if expected != found => {
            Err(Error::Conflict { name: name.clone(), pointer: pointer.clone(), expected, found })
        }
        Some(_) | None => Ok(found),
    }
}

/// Moves to a version. `expected` is the generation that the caller saw, 0 for a pointer that is not there yet.
///
/// # Errors
/// When the pointer was moved meanwhile, or is there already.
pub fn step(
    name: &Name,
    pointer: &PointerName,
    now: Option<&Pointer>,
    to: u32,
    expected: Option<u64>,
) -> Result<Next, Error> {
    let generation = compare(name, pointer, now, expected)?;
    if now.is_some_and(|now| now.number == to) {
        return Err(Error::AlreadyThere { name: name.clone(), pointer: pointer.clone(), number: to });
    }
    Ok(Next { number: to, generation: generation + 1, back: (generation > 0).then_some(generation) })
}

/// Goes back. `before` is the generation that [`Pointer::back`] names.
///
/// # Errors
/// When the pointer was moved meanwhile, or there is nothing before.
pub fn step_back(now: &Pointer, before: Option<Next>, expected: Option<u64>) -> Result<Next, Error> {
    let generation = compare(&now.name, &now.pointer, Some(now), expected)?;
    let Some(before) = before else {
        return Err(Error::NothingBefore { name: now.name.clone(), pointer: now.pointer.clone() });
    };
    Ok(Next { number: before.number, generation: generation + 1, back: before.back })
}
