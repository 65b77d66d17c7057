//! Two ways of one run, side by side.

use flow_eval::{Value, json};
use flow_ir::{Bundle, FlowId};
use flow_runtime::protocol::{Command, Record, RunResult};
use flow_runtime::replay::{Forked, Stuck, Tape, Walked};
use serde_json::{Value as Json, json};
use similar::{Algorithm, ChangeTag, capture_diff_slices};

use super::Args;
use crate::exit::{Exit, Outcome, Stop};
use crate::graph::text;
use crate::journal::{self, Step, usd};
use crate::terminal::{BAD, BOLD, DIM, GOOD, Terminal, WARN, clean, count, paint};

/// Longest value shown in a line, in characters. `--json` shows everything.
const SHOWN: usize = 100;

/// A walk with its steps and what each gave.
pub(super) struct Way {
    pub(super) walked: Walked,
    steps: Vec<(Step, Option<Json>)>,
    result: Json,
}

impl Way {
    pub(super) fn of(tape: &Tape, walked: Walked) -> Self {
        let bundle = tape.program.bundle();
        let (mut steps, mut values) = (Vec::new(), Vec::new());
        for command in &walked.said {
            if let Command::Record(record) = command {
                let at = journal::note(&mut steps, record);
                values.resize(steps.len(), None);
                if let (Some(at), Record::Produced { value, .. }) = (at, record)
                    && let Some(slot) = values.get_mut(at)
                {
                    *slot = steps.get(at).and_then(|step| value_of(bundle, step, value));
                }
            }
        }
        let result = result_of(bundle, tape.header.flow, walked.result.as_ref());
        Self { walked, steps: steps.into_iter().zip(values).collect(), result }
    }

    /// What two ways are compared by: a line a step, and one for the end.
    fn lines(&self, bundle: &Bundle) -> Vec<String> {
        let line = |(step, value): &(Step, Option<Json>)| {
            let visit = if step.visit > 1 { format!(" ({})", step.visit) } else { String::new() };
            let gave = match (&step.raised, value) {
                (Some((class, message)), _) => format!(" {}: {message}", class.name()),
                (None, Some(value)) => format!(" {value}"),
                (None, None) => String::new(),
            };
            let left = step.left_by(bundle).map(|(to, why)| format!(" -> {to} {why}")).unwrap_or_default();
            format!("{}{visit}{gave}{}", step.name(bundle), left.trim_end())
        };
        let end = match &self.walked.result {
            Some(RunResult::Returned(_)) => format!("returned {}", self.result),
            Some(RunResult::Failed(_)) => format!("failed {}", self.result),
            Some(RunResult::Cancelled) => "cancelled".to_owned(),
            None => "goes on".to_owned(),
        };
        self.steps.iter().map(line).chain([end]).collect()
    }

    fn to_json(&self, bundle: &Bundle) -> Json {
        let path = self.steps.iter().map(|(step, value)| {
            let mut json = step.to_json(bundle);
            if let (Some(fields), Some(value)) = (json.as_object_mut(), value) {
                fields.insert("value".to_owned(), value.clone());
            }
            json
        });
        let usage = self.walked.usage;
        let mut whole = json!({
            "cost": usd(usage.cost),
            "tokens": usage.input_tokens + usage.output_tokens,
            "elapsed_ms": usage.elapsed_ms,
            "path": path.collect::<Vec<Json>>(),
        });
        let name = match self.walked.result {
            Some(RunResult::Failed(_)) => "error",
            Some(RunResult::Returned(_) | RunResult::Cancelled) | None => "result",
        };
        if let Some(fields) = whole.as_object_mut() {
            fields.insert(name.to_owned(), self.result.clone());
        }
        whole
    }
}

fn value_of(bundle: &Bundle, step: &Step, value: &Value) -> Option<Json> {
    let flow = bundle.flow(step.flow)?;
    let slot = flow.nodes.get(step.node?.index())?.result?;
    let ty = flow.slots.get(slot.index())?.ty;
    Some(json::encode(bundle, ty, value))
}

fn result_of(bundle: &Bundle, flow: FlowId, result: Option<&RunResult>) -> Json {
    match (result, bundle.flow(flow)) {
        (Some(RunResult::Returned(value)), Some(flow)) => json::encode(bundle, flow.ret, value),
        (Some(RunResult::Failed(error)), _) => {
            json!({ "class": error.class.name(), "message": error.message, "node": error.node })
        }
        (Some(RunResult::Returned(_) | RunResult::Cancelled) | None, _) => Json::Null,
    }
}

/// A walk with what was heard then.
pub(super) fn tell_again(
    args: &Args,
    tape: &Tape,
    way: &Way,
    is_same: bool,
    terminal: &Terminal,
) -> Result<(), Stop> {
    let bundle = tape.program.bundle();
    if args.json {
        let whole = json!({ "run": tape.header.run, "same": is_same, "again": way.to_json(bundle) });
        return Ok(terminal.line(whole)?);
    }
    for line in way.lines(bundle) {
        terminal.line(format!("    {}", short(&line)))?;
    }
    let steps = count(way.steps.iter().filter(|(step, _)| step.node.is_some()).count(), "step");
    let events = count(tape.events.len(), "event");
    let verdict = if is_same { paint(GOOD, "the same") } else { paint(BAD, "not the same") };
    Ok(terminal.line(format!("{verdict}: {steps}, {events}"))?)
}

/// Another way, and how it differs.
pub(super) fn tell(args: &Args, tape: &Tape, before: &Way, forked: Forked, terminal: &Terminal) -> Outcome {
    let Forked { walked, asked, stood_in, stuck } = forked;
    let after = Way::of(tape, walked);
    let bundle = tape.program.bundle();
    let mut stand_ins: Vec<String> = stood_in.iter().map(|callee| text::callee(bundle, *callee)).collect();
    stand_ins.dedup();
    let why = stuck.map(|stuck| match stuck {
        Stuck::Unheard(callee) => {
            let name = text::callee(bundle, callee);
            format!("the new way calls `{name}`, which the run did not; a replay never does")
        }
        Stuck::NeverThere | Stuck::Waits => stuck.to_string(),
    });
    let exit = if why.is_some() { Exit::RunFailed } else { Exit::Ok };
    let (old, new) = (before.lines(bundle), after.lines(bundle));
    if args.json {
        terminal.line(json!({
            "run": tape.header.run,
            "same": old == new,
            "asked": asked,
            "stood_in": stand_ins,
            "stuck": why,
            "before": before.to_json(bundle),
            "after": after.to_json(bundle),
        }))?;
        return Ok(exit);
    }
    let diff = capture_diff_slices(Algorithm::Myers, &old, &new);
    for change in diff.iter().flat_map(|op| op.iter_changes(&old, &new)) {
        let line = short(&change.value());
        terminal.line(match change.tag() {
            ChangeTag::Equal => format!("    {}", paint(DIM, line)),
            ChangeTag::Delete => paint(BAD, format!("  - {line}")),
            ChangeTag::Insert => paint(GOOD, format!("  + {line}")),
        })?;
    }
    let verdict = if old == new { paint(GOOD, "the same") } else { paint(BOLD, "different") };
    let (was, is) = (before.walked.usage, after.walked.usage);
    let cost = format!("cost {} → {}", was.cost.short(), is.cost.short());
    let tokens = |usage: flow_runtime::Usage| usage.input_tokens + usage.output_tokens;
    terminal.line(format!(
        "{verdict}: {} asked anew, {cost}, tokens {} → {}",
        asked,
        tokens(was),
        tokens(is)
    ))?;
    for name in stand_ins {
        let line = format!("`{name}` was not called: it answers as then, though it would get something else");
        terminal.note(paint(WARN, line));
    }
    if let Some(why) = why {
        terminal.err(&format!("{}: {why}\n", paint(BAD, "ends early")));
    }
    Ok(exit)
}

/// One line, without what could move the cursor.
fn short(line: &str) -> String {
    text::short(&clean(line).replace(['\n', '\t'], " "), SHOWN)
}
