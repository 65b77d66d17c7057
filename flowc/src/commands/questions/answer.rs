//! `flowc questions answer ID JSON`.

use flow_eval::json;
use flow_runtime::clock::{Clock as _, SystemClock};
use flow_store::runs::{MessageKind, QuestionRow, QuestionState, Reader};
use serde_json::{Value as Json, json};

use crate::commands::runs::Common;
use crate::durable;
use crate::durable::kept::{program_of, run_row};
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::Terminal;

/// `flowc questions answer ID JSON`
///
/// The process that drives the store goes on with the run; without one, `flowc resume` does.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// As `flowc questions list` prints it.
    #[arg(value_name = "ID")]
    pub question: String,
    /// The answer; a word that is no JSON is taken as text.
    #[arg(value_name = "JSON", allow_hyphen_values = true)]
    pub answer: String,
    /// Who answers; without it, whoever is logged in.
    #[arg(long = "as", value_name = "NAME")]
    pub by: Option<String>,
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Answers.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let store = durable::visit(&args.common.store)?;
    let question = open_question(&store, args)?;
    let value: Json =
        serde_json::from_str(&args.answer).unwrap_or_else(|_| Json::String(args.answer.clone()));
    fits(&store, args, &question, &value)?;
    let user = || ["USER", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let by = args.by.clone().or_else(user).unwrap_or_default();
    let kind = MessageKind::Answer { op: question.op, by, value };
    let left = store.leave_message(&question.run_id, &kind, SystemClock.now_ms());
    left.map_err(|error| durable::stop(&error))?;
    if args.common.json {
        terminal.line(json!({ "question": args.question, "run": question.run_id, "answered": true }))?;
    } else {
        terminal.note(format!(
            "answered; without a server, go on with: flowc resume {} --store {}",
            question.run_id,
            args.common.store.display()
        ));
    }
    Ok(Exit::Ok)
}

fn open_question(store: &Reader, args: &Args) -> Result<QuestionRow, Stop> {
    let found = store.question(&args.question).map_err(|error| durable::stop(&error))?;
    let list = format!("flowc questions list --store {}", args.common.store.display());
    let Some(question) = found else {
        return Err(Stop::usage(format!("there is no question `{}`", args.question)).help(list));
    };
    if question.state != QuestionState::Open {
        let state = question.state.name();
        return Err(
            Stop::usage(format!("question `{}` is no longer open: {state}", args.question)).help(list)
        );
    }
    Ok(question)
}

/// What does not fit is told here, not to a process that nobody watches.
fn fits(store: &Reader, args: &Args, question: &QuestionRow, value: &Json) -> Result<(), Stop> {
    let row = run_row(store, &args.common.store, &question.run_id)?;
    let (_, program) = program_of(store, &row)?;
    let bundle = program.bundle();
    let Some(human) = bundle.humans.iter().find(|human| human.name == question.human) else {
        return Err(Stop::usage(format!("the bundle asks nobody called `{}`", question.human)));
    };
    let sample = json::encode(bundle, human.ret, &json::sample(bundle, human.ret));
    json::decode(bundle, human.ret, value).map(drop).map_err(|error| {
        Stop::usage(format!("the answer does not fit: at `{}`: {}", error.path, error.message))
            .help(format!("for example '{sample}'"))
    })
}
