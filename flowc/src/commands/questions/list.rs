//! `flowc questions list`.

use flow_store::runs::{QuestionFilter, QuestionRow};
use serde_json::{Value as Json, json};

use crate::commands::runs::Common;
use crate::durable;
use crate::exit::{Exit, Outcome};
use crate::terminal::{DIM, NAME, Terminal, clean, paint};

/// `flowc questions list`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
    /// Only questions of this run.
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// Answered and withdrawn ones too.
    #[arg(long)]
    pub all: bool,
    /// At most so many.
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub limit: u32,
}

/// Lists questions.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let filter = QuestionFilter { tenant: None, run: args.run.clone(), all: args.all, limit: args.limit };
    let store = durable::visit(&args.common.store)?;
    let questions = store.questions(&filter).map_err(|error| durable::stop(&error))?;
    if args.common.json {
        for question in &questions {
            terminal.line(question_json(question))?;
        }
        return Ok(Exit::Ok);
    }
    if questions.is_empty() {
        terminal.note("nobody is asked anything");
    }
    for question in &questions {
        let title = question.title.as_deref().unwrap_or(&question.human);
        let role = question.who.as_deref().or(question.role.as_deref()).unwrap_or("anybody");
        terminal.line(format!("{} {}", paint(NAME, question.id()), clean(title)))?;
        terminal
            .line(paint(DIM, clean(&format!("  {} of `{}`, for {role}", question.human, question.flow))))?;
        terminal.line(clean(&format!("{:#}", question.shown)))?;
    }
    Ok(Exit::Ok)
}

fn question_json(question: &QuestionRow) -> Json {
    json!({
        "question": question.id(),
        "run": question.run_id,
        "flow": question.flow,
        "tenant": question.tenant,
        "human": question.human,
        "role": question.role,
        "who": question.who,
        "title": question.title,
        "shown": question.shown,
        "answer": question.answer,
        "quorum": question.quorum,
        "asked_ms": question.asked_ms,
        "due_ms": question.due_ms,
        "state": question.state.name(),
    })
}
