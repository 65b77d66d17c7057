//! `flowc models check [PATH] [--model NAME] [--json]`.

use std::path::PathBuf;
use std::time::Instant;

use flow_ir::setup::{Capability, Model};
use flow_model::{ChatRequest, EmbedRequest, Message, ModelClient, ModelError, Output, Patience, Role};
use flow_providers::Providers;
use serde_json::{Value as Json, json};

use super::{built, list, named};
use crate::commands::run::world;
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::{BAD, GOOD, Terminal, paint};

/// A model that needs longer for one word is not there.
const PATIENCE: Patience = Patience::of_attempt(30_000);

/// Which models.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A package, a file, or a bundle.
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// Only this one.
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// For programs.
    #[arg(long)]
    pub json: bool,
}

/// How one model did.
struct Probe<'m> {
    model: &'m Model,
    ms: u128,
    result: Result<String, ModelError>,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let built = match built(&args.path, terminal)? {
        Ok(built) => built,
        Err(exit) => return Ok(exit),
    };
    let models: Vec<&Model> = match &args.model {
        Some(name) => vec![named(&built.bundle, name)?],
        None => built.bundle.models.iter().collect(),
    };
    let providers = world::providers(&built.egress)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::usage(format!("cannot start: {error}")))?;
    let mut probes = Vec::new();
    for model in models {
        let started = Instant::now();
        let result = runtime.block_on(probe(&providers, model));
        probes.push(Probe { model, ms: started.elapsed().as_millis(), result });
    }
    tell(&probes, args.json, terminal)?;
    let all_answer = probes.iter().all(|probe| probe.result.is_ok());
    Ok(if all_answer { Exit::Ok } else { Exit::RunFailed })
}

/// One word, or one vector: the least that shows that address, key and name are right.
async fn probe(providers: &Providers, model: &Model) -> Result<String, ModelError> {
    let client = providers.client(model)?;
    let embeds = model.can.contains(&Capability::Embed);
    if embeds { embed(&*client, model).await } else { chat(&*client, model).await }
}

async fn embed(client: &dyn ModelClient, model: &Model) -> Result<String, ModelError> {
    let request = EmbedRequest { model: model.id.to_string(), texts: vec!["ready".to_owned()] };
    let reply = client.embed(&request, PATIENCE).await?;
    Ok(format!("{} dimensions", reply.vectors.first().map_or(0, Vec::len)))
}

async fn chat(client: &dyn ModelClient, model: &Model) -> Result<String, ModelError> {
    let request = ChatRequest {
        model: model.id.to_string(),
        messages: vec![Message::text(Role::User, "Answer with the one word: ready")],
        output: Output::Text,
        // Models that reason use some before the first word.
        max_output: Some(64),
        temperature: None,
        tools: Vec::new(),
        logprobs: false,
        prefix: Default::default(),
    };
    let reply = client.chat(&request, PATIENCE, None).await?;
    let usage = reply.usage.unwrap_or_default();
    let count = |tokens: Option<u64>| tokens.map_or_else(|| "?".to_owned(), |tokens| tokens.to_string());
    let name =
        if reply.model.is_empty() { "answers".to_owned() } else { format!("answers as {}", reply.model) };
    Ok(format!("{name}, {}+{} tokens", count(usage.input), count(usage.output)))
}

fn tell(probes: &[Probe<'_>], as_json: bool, terminal: &Terminal) -> std::io::Result<()> {
    if as_json {
        let all: Vec<Json> = probes.iter().map(Probe::to_json).collect();
        return terminal.line(json!({ "models": all }));
    }
    let width = probes.iter().map(|probe| probe.model.name.len()).max().unwrap_or(0);
    for probe in probes {
        let name = format!("{:<width$}", probe.model.name);
        match &probe.result {
            Ok(text) => {
                terminal.line(format!("{} {name}  {text}, {} ms", paint(GOOD, "ok    "), probe.ms))?
            }
            Err(error) => terminal.line(format!("{} {name}  {}", paint(BAD, "failed"), error.message))?,
        }
    }
    Ok(())
}

impl Probe<'_> {
    fn to_json(&self) -> Json {
        let (answer, error) = match &self.result {
            Ok(answer) => (Some(answer.as_str()), None),
            Err(error) => (None, Some(json!({ "kind": error.kind, "message": error.message }))),
        };
        json!({
            "name": self.model.name, "provider": list::provider(self.model), "ok": answer.is_some(), "ms": self.ms,
            "answer": answer, "error": error,
        })
    }
}
