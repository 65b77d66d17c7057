//! Evals: what must hold over all rows of a dataset. They are a part of the Bundle, unlike tests, because a deployed
//! package says with them which versions a registry's pointer may name.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::expr::Expr;
use crate::ids::{ResourceId, TypeId};
use crate::setup::{Call, Need};
use crate::testing::{Given, TestValue};

/// One `eval`. All its expressions see `values` as slots 0, 1, …; slot 0 is the row.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eval {
    /// The title.
    pub title: SmolStr,
    /// BLAKE3 of its tokens, hexadecimal: two evals with one title are the same if their marks are.
    pub mark: SmolStr,
    /// `gate:`, `name@pointer`: that pointer moves only to versions with which this eval passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<SmolStr>,
    /// `sample:`, the most rows that are run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<u32>,
    /// `parallel:`, rows that are run at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
    /// Whose rows.
    pub dataset: ResourceId,
    /// What the row is called.
    pub row: SmolStr,
    /// How callables answer. Prompts without an answer ask their models.
    pub givens: Vec<Given>,
    /// What is called for each row.
    pub call: Call,
    /// What is measured over all rows.
    pub measures: Vec<Measure>,
    /// What must hold of the measures.
    pub needs: Vec<Need>,
    /// What fills the slots.
    pub values: Vec<(TestValue, TypeId)>,
}

/// `mean(result.team == row.team)`: one number of all rows.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// How many become one.
    pub aggregate: Aggregate,
    /// Of each row.
    pub of: Expr,
}

/// How the values of all rows become one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// The arithmetic mean; of conditions, the share of rows where it holds.
    Mean,
    /// In how many rows a condition holds.
    Count,
    /// The sum.
    Sum,
    /// `p95`: the smallest value that so many percent of the rows do not exceed; `p0` is the smallest of all, `p100` the
    /// largest.
    Quantile(u8),
}

impl Aggregate {
    /// The aggregate of this name, if it is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "mean" => Some(Self::Mean),
            "count" => Some(Self::Count),
            "sum" => Some(Self::Sum),
            _ => {
                let percent = name.strip_prefix('p')?.parse().ok()?;
                (0..=100).contains(&percent).then_some(Self::Quantile(percent))
            }
        }
    }

    /// As written.
    #[must_use]
    pub fn name(self) -> SmolStr {
        match self {
            Self::Mean => "mean".into(),
            Self::Count => "count".into(),
            Self::Sum => "sum".into(),
            Self::Quantile(percent) => smol_str::format_smolstr!("p{percent}"),
        }
    }
}
