//! `flowc models list [PATH] [--json]`.

use flow_ir::setup::Model;
use serde_json::{Value as Json, json};

use super::{Where, built};
use crate::exit::{Exit, Outcome};
use crate::terminal::{DIM, NAME, Terminal, paint};

pub(super) fn run(args: &Where, terminal: &Terminal) -> Outcome {
    let built = match built(&args.path, terminal)? {
        Ok(built) => built,
        Err(exit) => return Ok(exit),
    };
    let models = &built.bundle.models;
    if args.json {
        let all: Vec<Json> = models.iter().map(|model| as_json(&built.bundle.models, model)).collect();
        terminal.line(json!({ "models": all }))?;
        return Ok(Exit::Ok);
    }
    let width = models.iter().map(|model| model.name.len()).max().unwrap_or(0);
    for model in models {
        let name = paint(NAME, format!("{:<width$}", model.name));
        let prices = paint(DIM, prices(model));
        terminal.line(format!("{name}  {:<17} {:<28} {prices}", provider(model), model.id))?;
    }
    if models.is_empty() {
        terminal.note("no models");
    }
    Ok(Exit::Ok)
}

/// As it is written in `.flow`.
pub(super) fn provider(model: &Model) -> String {
    let json = serde_json::to_value(model.provider).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}

/// Micro-dollars per million tokens, as dollars.
pub(super) fn prices(model: &Model) -> String {
    let one = |price: Option<flow_ir::units::Usd>| {
        price.map_or_else(|| "?".to_owned(), |price| format!("{}", price.0 as f64 / 1e6))
    };
    match (model.price_in, model.price_out) {
        (None, None) => "no price".to_owned(),
        (input, output) => format!("{} in, {} out USD / 1M tokens", one(input), one(output)),
    }
}

/// Everything that is declared.
pub(super) fn as_json(all: &[Model], model: &Model) -> Json {
    let fallback: Vec<&str> =
        model.fallback.iter().filter_map(|id| Some(all.get(id.index())?.name.as_str())).collect();
    json!({
        "name": model.name, "provider": model.provider, "id": model.id, "address": model.address,
        "region": model.region, "can": model.can, "context": model.context, "output": model.output,
        "price_in_micro_usd": model.price_in, "price_out_micro_usd": model.price_out,
        "timeout_ms": model.timeout_ms, "retry": model.retry, "parallel": model.parallel, "fallback": fallback,
    })
}
