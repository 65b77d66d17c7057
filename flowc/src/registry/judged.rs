//! What an eval said of a version, as it is kept in the registry.

use serde::{Deserialize, Serialize};

/// The figures of one eval of one version.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    /// Rows that were run.
    pub(crate) rows: usize,
    /// Rows that the dataset has.
    pub(crate) of: usize,
    /// Rows whose run failed.
    pub(crate) failed: usize,
    /// What was measured, as shown.
    pub(crate) figures: Vec<Shown>,
    /// What had to hold, and whether it did.
    pub(crate) needs: Vec<(String, bool)>,
    /// Micro-dollars of all rows.
    pub(crate) cost: i64,
    /// `live`, `recorded` or `given`.
    pub(crate) world: String,
    /// Of the rows, hexadecimal.
    pub(crate) dataset: String,
    /// Of the package, hexadecimal.
    pub(crate) bundle: String,
    /// Of sampling and intervals.
    pub(crate) seed: u64,
}

/// A figure as it is shown.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    /// `mean(result.team == row.team)`.
    pub(crate) what: String,
    /// `96.0 %`.
    pub(crate) is: String,
    /// `90.2 %–98.4 %`; may be empty.
    pub(crate) between: String,
}

impl Shown {
    /// `mean(…) is 71.0 % (61.5 %–79.0 %)`.
    pub(crate) fn sentence(&self) -> String {
        let between = if self.between.is_empty() { String::new() } else { format!(" ({})", self.between) };
        format!("{} is {}{between}", self.what, self.is)
    }
}

/// The figures of what did not hold, in one line.
pub(crate) fn summary(report: &str) -> String {
    let Ok(report) = serde_json::from_str::<Report>(report) else {
        return "its figures were kept by another flowc".to_owned();
    };
    let missed: Vec<&str> =
        report.needs.iter().filter(|(_, holds)| !holds).map(|(text, _)| text.as_str()).collect();
    let is_missed = |figure: &&Shown| missed.iter().any(|need| need.contains(&figure.what));
    let figures: Vec<String> = report.figures.iter().filter(is_missed).map(Shown::sentence).collect();
    let figures = if figures.is_empty() { missed.join("; ") } else { figures.join("; ") };
    format!("{figures}, {} rows", report.rows)
}
