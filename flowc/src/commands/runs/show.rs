//! `flowc runs show RUN`.

use flow_runtime::protocol::RunResult;
use flow_store::runs::QuestionFilter;
use serde_json::{Value as Json, json};

use super::One;
use super::list::row_json;
use super::told::Told;
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::journal::Step;
use crate::terminal::{BAD, DIM, NAME, Terminal, clean, paint};

/// Shows a run.
pub(super) fn run(args: &One, terminal: &Terminal) -> Outcome {
    let told = Told::of(args)?;
    let questions = questions(&told)?;
    if args.common.json {
        terminal.line(whole(&told, questions))?;
        return Ok(Exit::Ok);
    }
    terminal.line(clean(&format!(
        "{} {} {}",
        told.kept.row.id,
        told.kept.row.flow,
        told.kept.row.status.name()
    )))?;
    for step in &told.steps {
        terminal.line(step_line(&told, step))?;
    }
    if let Some(line) = end_line(&told) {
        terminal.line(line)?;
    }
    for question in questions {
        let title = question.get("title").and_then(Json::as_str).unwrap_or_default();
        let id = question.get("question").and_then(Json::as_str).unwrap_or_default();
        terminal.line(clean(&format!("waits for a person: {id} {title}")))?;
    }
    if let Some(reason) = &told.kept.row.reason {
        terminal.line(clean(&format!("set aside: {reason}")))?;
    }
    Ok(Exit::Ok)
}

fn questions(told: &Told) -> Result<Vec<Json>, Stop> {
    let filter =
        QuestionFilter { run: Some(told.kept.row.id.clone()), limit: 100, ..QuestionFilter::default() };
    let open = told.kept.reader.questions(&filter).map_err(|error| durable::stop(&error))?;
    Ok(open
        .iter()
        .map(|row| json!({ "question": row.id(), "human": row.human, "title": row.title }))
        .collect())
}

/// A step, with how it was left.
pub(super) fn step_line(told: &Told, step: &Step) -> String {
    let bundle = told.kept.program.bundle();
    let visit = if step.visit > 1 { format!(" ({})", step.visit) } else { String::new() };
    let name = clean(&format!("{}{visit}", step.name(bundle)));
    let left = step.left_by(bundle).map(|(to, why)| format!("-> {to} {why}")).unwrap_or_default();
    let raised = step.raised.as_ref().map(|(class, message)| format!("{}: {message} ", class.name()));
    let raised = clean(&raised.unwrap_or_default());
    format!("  {} {}{}", paint(NAME, name), paint(BAD, raised), paint(DIM, clean(left.trim_end())))
}

/// The result, or the error.
pub(super) fn end_line(told: &Told) -> Option<String> {
    match &told.result {
        Some(RunResult::Returned(_)) => told.end().map(|(_, value)| clean(&value.to_string())),
        Some(RunResult::Failed(error)) => {
            let text = format!("{} in `{}`: {}", error.class.name(), error.node, error.message);
            Some(paint(BAD, clean(&text)))
        }
        Some(RunResult::Cancelled) | None => None,
    }
}

fn whole(told: &Told, questions: Vec<Json>) -> Json {
    let mut whole = row_json(&told.kept.row);
    let bundle = told.kept.program.bundle();
    let path = told.steps.iter().enumerate().map(|(at, step)| {
        let mut json = step.to_json(bundle);
        if let (Some(fields), Some(value)) = (json.as_object_mut(), told.value(at)) {
            fields.insert("value".to_owned(), value);
        }
        json
    });
    let path: Vec<Json> = path.collect();
    if let Some(fields) = whole.as_object_mut() {
        let (name, value) = told.end().unwrap_or(("result", Json::Null));
        fields.insert(name.to_owned(), value);
        fields.insert("path".to_owned(), Json::Array(path));
        fields.insert("questions".to_owned(), Json::Array(questions));
    }
    whole
}
