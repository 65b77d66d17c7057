//! `flowc prompt try NAME@POINTER`.

use std::path::PathBuf;
use std::sync::Arc;

use flow_eval::{Value, json};
use flow_ir::asked::Asked;
use flow_ir::expr::{Expr, ExprKind};
use flow_ir::flow::Flow;
use flow_ir::setup::{Call, Callee, Model, Prompt, Provider};
use flow_ir::units::Limits;
use flow_ir::{Bundle, ModelId, PromptId, SlotId};
use flow_registry::{Error, Kind, Reference};
use flow_runtime::Program;
use flow_runtime::clock::SystemClock;
use flow_runtime::effects::{Nobody, Performer, Surroundings};
use flow_runtime::home::local::{Ended, Runner};
use flow_runtime::protocol::RunResult;
use flow_store::LocalStore;
use serde_json::json as object;
use tokio_util::sync::CancellationToken;

use crate::commands::run::session::header;
use crate::commands::run::world::{self, Wanted, World};
use crate::commands::run::{block_on, input};
use crate::compile::{self, Built};
use crate::exit::{Exit, Outcome, Stop};
use crate::journal::usd;
use crate::registry::place::Place;
use crate::registry::store::{self, Store};
use crate::registry::version;
use crate::terminal::{DIM, Terminal, clean, paint};
use crate::trial::Start;

/// `flowc prompt try NAME@POINTER --input JSON`
///
/// Sends a version once, and shows the answer. Nothing is moved or kept.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which version: `NAME@prod` is what the pointer names now, `NAME@v3` that version.
    #[arg(value_name = "NAME@POINTER")]
    pub reference: String,
    /// The prompt's arguments as a JSON object; `@FILE` reads a file, `-` reads stdin.
    #[arg(long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    pub input: Option<String>,
    /// One argument: JSON, or text where the prompt takes text. Repeatable.
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    pub args: Vec<String>,
    /// Who is asked: a model of the package, or one of the registry, `fast@prod` [default: the only model of the
    /// package that can]
    #[arg(long, value_name = "MODEL")]
    pub using: Option<String>,
    /// The package whose models are asked.
    #[arg(long, default_value = ".", value_name = "PATH")]
    pub package: PathBuf,
    /// Answer from recorded exchanges.
    #[arg(long, value_name = "FILE")]
    pub cassette: Option<PathBuf>,
    /// Ask the real model, whatever keys are set.
    #[arg(long)]
    pub live: bool,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

/// Tries a version.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let reference: Reference = args.reference.parse().map_err(|error| store::stop(Error::Name(error)))?;
    let place = args.store.place()?;
    let (found, _) = place.resolve(Kind::Prompt, &reference)?;
    let Some(package) = compile::target(&args.package, terminal)? else { return Ok(Exit::Diagnostics) };
    let model = match args.using.as_deref() {
        Some(name) if name.contains('@') => in_registry(&place, name)?,
        name => of_package(&package.bundle, name)?,
    };
    let bundle = with_model(version::bundle(&found.body)?, model);
    let built = Built { bundle, ..package };
    let (ended, flow) = ask(args, &built)?;
    report(args, &built.bundle, &flow, &ended, terminal)
}

fn in_registry(place: &Place, name: &str) -> Result<Model, Stop> {
    let reference: Reference = name.parse().map_err(|error| store::stop(Error::Name(error)))?;
    let (found, _) = place.resolve(Kind::Model, &reference)?;
    let model = version::bundle(&found.body)?.models.into_iter().next();
    model.ok_or_else(|| Stop::usage(format!("`{name}` holds no model")))
}

/// A model of the package that answers in words.
fn of_package(bundle: &Bundle, name: Option<&str>) -> Result<Model, Stop> {
    let talks = |model: &&Model| !model.can.contains(&flow_ir::setup::Capability::Embed);
    let mut all = bundle.models.iter().filter(talks).filter(|model| model.provider != Provider::Registry);
    let known = || bundle.models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>().join(", ");
    let found = match name {
        Some(name) => all.find(|model| model.name == name),
        None => all.next().filter(|_| all.next().is_none()),
    };
    let wrong = || match name {
        Some(name) => Stop::usage(format!("package `{}` declares no model `{name}`", bundle.package))
            .help(format!("it declares {}; `fast@prod` is one of the registry", known())),
        None => Stop::usage("who is asked? write --using MODEL")
            .help(format!("the package declares {}; `fast@prod` is one of the registry", known())),
    };
    found.cloned().ok_or_else(wrong)
}

/// A version's bundle with the one model that it is asked of.
fn with_model(mut bundle: Bundle, model: Model) -> Bundle {
    bundle.models = vec![Model { fallback: Vec::new(), ..model }];
    bundle
}

/// Calls the only prompt of a bundle once.
fn ask(args: &Args, built: &Built) -> Result<(Ended, Flow), Stop> {
    let bundle = &built.bundle;
    let Some(prompt) = bundle.prompts.first() else {
        return Err(Stop::usage("this version holds no prompt"));
    };
    let Start { program, flow: id } = Start::of(bundle, &Program::new(bundle.clone()), &call(prompt));
    let Some(mut flow) = program.bundle().flow(id).cloned() else {
        return Err(Stop::usage("this version holds no prompt"));
    };
    // Arguments are given by the names that the prompt has for them.
    flow.name = prompt.name.clone();
    flow.params.clone_from(&prompt.params);
    let values = input::arguments(bundle, &flow, args.input.as_deref(), &args.args)?;
    let asked = Asked::by_call(bundle, &call(prompt), &[]);
    let wanted = Wanted { cassette: args.cassette.as_deref(), live: args.live };
    let World { outside, replay } = world::outside(wanted, built, &asked)?;
    let with = Surroundings {
        bundle: Arc::new(bundle.clone()),
        outside,
        people: Arc::new(Nobody),
        store: LocalStore::in_memory(),
    };
    let effects = Arc::new(Performer::new(with));
    let runner = Runner { program, effects, clock: Arc::new(SystemClock) };
    let ended = block_on(runner.run(header(id, values), None, &CancellationToken::new()))?;
    match replay.map(|replay| replay.problems()).unwrap_or_default().first() {
        Some(problem) => Err(Stop::run_failed(problem.clone())),
        None => Ok((ended, flow)),
    }
}

fn call(prompt: &Prompt) -> Call {
    let slot =
        |(at, param): (u32, &flow_ir::types::Field)| Expr { ty: param.ty, kind: ExprKind::Slot(SlotId(at)) };
    Call {
        callee: Callee::Prompt(PromptId(0)),
        args: (0..).zip(&prompt.params).map(slot).collect(),
        filter: None,
        model: Some(ModelId(0)),
        limits: Limits::default(),
        otherwise: None,
        ret: prompt.ret,
    }
}

fn report(args: &Args, bundle: &Bundle, flow: &Flow, ended: &Ended, terminal: &Terminal) -> Outcome {
    let value = match &ended.result {
        RunResult::Returned(value) => value,
        RunResult::Failed(error) => {
            let message = clean(&error.message);
            return Err(Stop::run_failed(format!("{}: {message}", error.class.name())));
        }
        RunResult::Cancelled => return Err(Stop::run_failed("cancelled")),
    };
    let usage = &ended.usage;
    let answer = json::encode(bundle, flow.ret, value);
    if args.store.json {
        let line = object!({
            "answer": answer,
            "cost": usd(usage.cost),
            "tokens": { "input": usage.input_tokens, "output": usage.output_tokens },
            "ms": usage.elapsed_ms,
        });
        terminal.line(format!("{line:#}"))?;
        return Ok(Exit::Ok);
    }
    match value {
        Value::Text(text) => terminal.line(clean(text))?,
        _ => terminal.line(format!("{answer:#}"))?,
    }
    let spent = format!(
        "{}+{} tokens · {} · {} ms",
        usage.input_tokens, usage.output_tokens, usage.cost, usage.elapsed_ms
    );
    terminal.note(paint(DIM, spent));
    Ok(Exit::Ok)
}
