//! What became of a change: data that goes over the wire as it goes to a terminal.

use flow_ir::units::Usd;
use flow_registry::{Moved, VersionRow};
use serde::{Deserialize, Serialize};

use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::{BAD, BOLD, DIM, GOOD, NAME, Terminal, WARN, count, paint};

/// Runs that are counted at most: more is said as "or more".
pub(crate) const MOST_RUNS: usize = 10_000;

/// What became of a change.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Told {
    Published(Published),
    Effect(Effect),
    Refused(Refused),
    Withdrawn(Withdrawn),
}

/// A version is there.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Published {
    /// Whether it was not there before.
    pub(crate) published: bool,
    pub(crate) version: VersionRow,
}

/// A proposal is closed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Withdrawn {
    pub(crate) withdrawn: u64,
}

/// Pointers moved, or would.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Effect {
    /// Whether they did.
    pub(crate) moved: bool,
    /// The proposal that waits for somebody else.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) proposed: Option<u64>,
    pub(crate) moves: Vec<Moved>,
    /// Deployed bundles that use what moved.
    pub(crate) touches: Vec<Touches>,
}

/// A deployed bundle that uses what moved.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Touches {
    /// `desk v1`.
    pub(crate) bundle: String,
    /// That lead to what moved.
    pub(crate) flows: Vec<String>,
    /// What changes for them, if it was weighed.
    pub(crate) changes: Vec<FlowChange>,
}

/// What changes for a flow.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlowChange {
    pub(crate) flow: String,
    pub(crate) before: Costs,
    pub(crate) after: Costs,
    /// Under way, if they were counted.
    pub(crate) runs: Option<usize>,
}

/// Dollars of one run; `None` is any amount.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Costs {
    pub(crate) usual: Option<f64>,
    pub(crate) worst: Option<f64>,
}

/// Something deployed would break, so nothing moved.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refused {
    /// Always `false`.
    pub(crate) moved: bool,
    pub(crate) refused: Vec<Broken>,
}

/// A deployed bundle that would break, and why.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Broken {
    /// `desk v3 (@prod)`.
    pub(crate) bundle: String,
    pub(crate) diagnostics: Vec<Said>,
}

/// A diagnostic of the compiler.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    /// `FL0804`.
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Told {
    /// For people or programs, with the exit code that it deserves.
    pub(crate) fn tell(&self, json: bool, terminal: &Terminal) -> Outcome {
        if json {
            let text = serde_json::to_string_pretty(self);
            terminal.line(text.map_err(|error| Stop::usage(error.to_string()))?)?;
        }
        match self {
            Self::Refused(refused) if !json => refused.tell(terminal),
            Self::Published(published) if !json => published.tell(terminal)?,
            Self::Effect(effect) if !json => effect.tell(terminal)?,
            Self::Withdrawn(closed) if !json => {
                terminal.line(format!("proposal {} is withdrawn", closed.withdrawn))?;
            }
            Self::Published(_) | Self::Effect(_) | Self::Refused(_) | Self::Withdrawn(_) => {}
        }
        Ok(if matches!(self, Self::Refused(_)) { Exit::Diagnostics } else { Exit::Ok })
    }
}

impl Published {
    fn tell(&self, terminal: &Terminal) -> std::io::Result<()> {
        let row = &self.version;
        let what = paint(BOLD, format!("{} v{}", row.name, row.number));
        let note = if self.published { "" } else { "  was published before" };
        terminal.line(format!("{what}  {}{note}", paint(DIM, row.digest)))
    }
}

impl Effect {
    fn tell(&self, terminal: &Terminal) -> std::io::Result<()> {
        let verb = match (self.moved, self.proposed) {
            (true, _) => String::new(),
            (false, Some(number)) => format!("proposal {number}: "),
            (false, None) => "would move: ".to_owned(),
        };
        for moved in &self.moves {
            let from = moved.from.map_or("nothing".to_owned(), |from| format!("v{from}"));
            let what = paint(BOLD, format!("{}@{}", moved.name, moved.pointer));
            let to = paint(GOOD, format!("v{}", moved.to));
            let generation = paint(DIM, format!("generation {}", moved.generation));
            terminal.line(format!("{verb}{what} {from} → {to}  {generation}"))?;
        }
        for touched in &self.touches {
            terminal.print(&touched.to_text())?;
        }
        if let Some(number) = self.proposed {
            let line = format!(
                "nothing moved yet: somebody else types `flowc registry approve {number} --reason …`"
            );
            terminal.note(paint(WARN, line));
        }
        Ok(())
    }
}

impl Touches {
    /// `used by desk v1: handle`, and a line for each flow that was weighed.
    fn to_text(&self) -> String {
        let head = paint(NAME, format!("{}: {}", self.bundle, self.flows.join(", ")));
        let mut text = format!("  {} {head}\n", paint(DIM, "used by"));
        text.extend(self.changes.iter().map(FlowChange::to_text));
        text
    }
}

impl FlowChange {
    fn to_text(&self) -> String {
        let (before, after) = (self.before, self.after);
        let mut text = format!(
            "    {}: usual {}; worst {}",
            self.flow,
            change(before.usual, after.usual),
            change(before.worst, after.worst)
        );
        match self.runs {
            Some(runs) if runs >= MOST_RUNS => text.push_str(&format!("; {runs} runs or more under way")),
            Some(runs) => text.push_str(&format!("; {} under way", count(runs, "run"))),
            None => {}
        }
        text + "\n"
    }
}

/// `0.0042 USD`, or `0.0042 USD → 0.0051 USD`.
fn change(before: Option<f64>, after: Option<f64>) -> String {
    let micro = |usd: f64| Usd((usd * 1_000_000.0).round() as i64).short();
    let money = |most: Option<f64>| most.map_or_else(|| "any amount".to_owned(), micro);
    if before == after { money(after) } else { format!("{} → {}", money(before), money(after)) }
}

impl Refused {
    fn tell(&self, terminal: &Terminal) {
        for broken in &self.refused {
            for said in &broken.diagnostics {
                let code = paint(BAD, format!("error[{}]", said.code));
                terminal.err(&format!("{code}: {}\n", said.message));
                terminal.err(&format!("  {} deployed as {}\n", paint(DIM, "in"), broken.bundle));
            }
            if let Some(first) = broken.diagnostics.first() {
                terminal.err(&format!("  {} {}\n", paint(NAME, "help:"), first.help));
            }
        }
        terminal.err(&format!("nothing was moved: {}\n", self.why()));
    }

    /// In one line.
    pub(crate) fn why(&self) -> String {
        let gate = flow_diagnostics::index::GATE_NOT_PASSED.number;
        let mut all = self.refused.iter().flat_map(|broken| &broken.diagnostics);
        match all.all(|said| said.code == gate) {
            true => "an eval holds it".to_owned(),
            false => format!("{} would break", count(self.refused.len(), "deployed bundle")),
        }
    }
}
