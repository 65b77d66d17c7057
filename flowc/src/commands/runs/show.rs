//! `flowc runs show RUN`.

use flow_eval::json;
use flow_runtime::protocol::RunResult;
use flow_store::runs::QuestionFilter;
use serde_json::{Value as Json, json};

use super::Common;
use super::list::row_json;
use super::told::Told;
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::journal::Step;
use crate::terminal::{BAD, DIM, NAME, Terminal, clean, paint};

/// `flowc runs show RUN`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which run.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Shows a run.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let told = Told::of(&args.common.store, &args.run)?;
    let questions = questions(&told)?;
    if args.common.json {
        terminal.line(whole(&told, questions))?;
        return Ok(Exit::Ok);
    }
    terminal.line(clean(&format!("{} {} {}", told.row.id, told.row.flow, told.row.status.name())))?;
    for step in &told.steps {
        terminal.line(line(&told, step))?;
    }
    match &told.result {
        Some(RunResult::Returned(_)) => terminal.line(clean(&end_json(&told).to_string()))?,
        Some(RunResult::Failed(error)) => {
            let text = format!("{} in `{}`: {}", error.class.name(), error.node, error.message);
            terminal.line(paint(BAD, clean(&text)))?;
        }
        Some(RunResult::Cancelled) | None => {}
    }
    for question in questions {
        let title = question.get("title").and_then(Json::as_str).unwrap_or_default();
        let id = question.get("question").and_then(Json::as_str).unwrap_or_default();
        terminal.line(clean(&format!("waits for a person: {id} {title}")))?;
    }
    if let Some(reason) = &told.row.reason {
        terminal.line(clean(&format!("set aside: {reason}")))?;
    }
    Ok(Exit::Ok)
}

fn questions(told: &Told) -> Result<Vec<Json>, Stop> {
    let filter = QuestionFilter { run: Some(told.row.id.clone()), limit: 100, ..QuestionFilter::default() };
    let open = told.reader.questions(&filter).map_err(|error| durable::stop(&error))?;
    Ok(open
        .iter()
        .map(|row| json!({ "question": row.id(), "human": row.human, "title": row.title }))
        .collect())
}

fn line(told: &Told, step: &Step) -> String {
    let bundle = told.program.bundle();
    let visit = if step.visit > 1 { format!(" ({})", step.visit) } else { String::new() };
    let name = clean(&format!("{}{visit}", step.name(bundle)));
    let left = step.left_by(bundle).map(|(to, why)| format!("-> {to} {why}")).unwrap_or_default();
    let raised = step.raised.as_ref().map(|(class, message)| format!("{}: {message} ", class.name()));
    let raised = clean(&raised.unwrap_or_default());
    format!("  {} {}{}", paint(NAME, name), paint(BAD, raised), paint(DIM, clean(left.trim_end())))
}

fn end_json(told: &Told) -> Json {
    let bundle = told.program.bundle();
    match (&told.result, bundle.flow(told.header.flow)) {
        (Some(RunResult::Returned(value)), Some(flow)) => json::encode(bundle, flow.ret, value),
        (Some(RunResult::Failed(error)), _) => {
            json!({ "class": error.class.name(), "message": error.message, "node": error.node })
        }
        _ => Json::Null,
    }
}

fn whole(told: &Told, questions: Vec<Json>) -> Json {
    let mut whole = row_json(&told.row);
    let bundle = told.program.bundle();
    let path = told.steps.iter().enumerate().map(|(at, step)| {
        let mut json = step.to_json(bundle);
        if let (Some(fields), Some(value)) = (json.as_object_mut(), told.value(at)) {
            fields.insert("value".to_owned(), value);
        }
        json
    });
    let path: Vec<Json> = path.collect();
    if let Some(fields) = whole.as_object_mut() {
        let name = if matches!(told.result, Some(RunResult::Failed(_))) { "error" } else { "result" };
        fields.insert(name.to_owned(), end_json(told));
        fields.insert("path".to_owned(), Json::Array(path));
        fields.insert("questions".to_owned(), Json::Array(questions));
    }
    whole
}
