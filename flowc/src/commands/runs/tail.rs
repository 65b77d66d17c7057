//! `flowc runs tail RUN`: what a run does, while it does it.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::One;
use super::show::{end_line, step_line};
use super::told::Told;
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::Terminal;

/// Between two looks at the store.
const PAUSE: Duration = Duration::from_millis(200);

/// Prints every step once it was left, until the run has ended.
pub(super) fn run(args: &One, terminal: &Terminal) -> Outcome {
    let mut told = Told::of(args)?;
    let mut printed = 0;
    loop {
        printed = steps(args, &told, printed, terminal)?;
        if told.kept.row.status.has_ended() {
            end(args, &told, terminal)?;
            return Ok(Exit::Ok);
        }
        std::thread::sleep(PAUSE);
        told.look_again(args)?;
    }
}

/// Steps are told in order: one that goes on holds those after it back.
fn steps(args: &One, told: &Told, printed: usize, terminal: &Terminal) -> Result<usize, Stop> {
    let mut at = printed;
    let over = told.kept.row.status.has_ended();
    while let Some(step) = told.steps.get(at).filter(|step| over || step.edge.is_some()) {
        if args.common.json {
            let mut line = step.to_json(told.kept.program.bundle());
            if let (Some(fields), Some(value)) = (line.as_object_mut(), told.value(at)) {
                fields.insert("value".to_owned(), value);
            }
            terminal.line(line)?;
        } else {
            terminal.line(step_line(told, step))?;
        }
        at += 1;
    }
    Ok(at)
}

fn end(args: &One, told: &Told, terminal: &Terminal) -> Result<(), Stop> {
    if args.common.json {
        let status = told.kept.row.status.name();
        let mut line = json!({ "status": status });
        if let Some((name, value)) = told.end()
            && let Some(fields) = line.as_object_mut()
        {
            fields.insert(name.to_owned(), value);
        }
        return Ok(terminal.line(Json::to_string(&line))?);
    }
    terminal.line(told.kept.row.status.name())?;
    match end_line(told) {
        Some(line) => Ok(terminal.line(line)?),
        None => Ok(()),
    }
}
