//! `--input` and `--arg`: from what was typed to the flow's arguments, with errors that name the place.

use std::io::Read as _;
use std::path::Path;

use flow_eval::{Value, json};
use flow_ir::Bundle;
use flow_ir::flow::Flow;
use flow_ir::types::{Field, Type};
use serde_json::{Map, Value as Json};

use crate::commands::explain::closest;
use crate::exit::Stop;
use crate::graph::text;
use crate::load;

/// The arguments of `flow` in order.
///
/// # Errors
/// When the input is no JSON, names what the flow does not take, leaves something out, or does not fit.
pub(crate) fn arguments(
    bundle: &Bundle,
    flow: &Flow,
    input: Option<&str>,
    pairs: &[String],
) -> Result<Vec<Value>, Stop> {
    let whole = input.map(read).transpose()?;
    if let (Some(json), [only], []) = (&whole, flow.params.as_slice(), pairs)
        && !names_it(json, only)
    {
        return Ok(vec![decode(bundle, only, json)?]);
    }
    let mut given = match whole {
        None => Map::new(),
        Some(Json::Object(fields)) => fields,
        Some(_) => return Err(wants_object(bundle, flow)),
    };
    for pair in pairs {
        let (name, value) = argument(bundle, flow, pair)?;
        given.insert(name, value);
    }
    if let Some(stop) = stranger(flow, &given) {
        return Err(stop);
    }
    flow.params.iter().map(|param| one(bundle, flow, param, &given)).collect()
}

/// `{"mail": …}` for a flow that takes `mail` alone means the parameter, anything else the value.
fn names_it(json: &Json, param: &Field) -> bool {
    json.as_object().is_some_and(|fields| fields.len() == 1 && fields.contains_key(param.wire.as_str()))
}

fn read(text: &str) -> Result<Json, Stop> {
    let (source, text) = match text.strip_prefix('@') {
        Some(path) => (format!("`{path}`"), load::read_text(Path::new(path))?),
        None if text == "-" => ("stdin".to_owned(), standard_input()?),
        None => ("the input".to_owned(), text.to_owned()),
    };
    serde_json::from_str(&text).map_err(|error| {
        let stop = Stop::usage(format!("{source} is not JSON: {error}"));
        if Path::new(&text).is_file() {
            stop.help(format!("a file is read with `@`: --input @{text}"))
        } else {
            stop
        }
    })
}

fn standard_input() -> Result<String, Stop> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Stop::usage(format!("cannot read stdin: {error}")))?;
    Ok(text)
}

/// `k=v`: JSON where it is JSON, else text. What the flow takes as text is text, whatever it looks like.
fn argument(bundle: &Bundle, flow: &Flow, pair: &str) -> Result<(String, Json), Stop> {
    let Some((name, value)) = pair.split_once('=') else {
        return Err(Stop::usage(format!("`{pair}` is no argument")).help("write --arg NAME=VALUE"));
    };
    let wants_text = flow
        .params
        .iter()
        .find(|param| param.wire == name)
        .is_some_and(|param| is_text(bundle, param.ty) && !value.starts_with('"'));
    let text = || Json::String(value.to_owned());
    let json = if wants_text { text() } else { serde_json::from_str(value).unwrap_or_else(|_| text()) };
    Ok((name.to_owned(), json))
}

fn is_text(bundle: &Bundle, ty: flow_ir::TypeId) -> bool {
    match bundle.ty(ty) {
        Type::Text { .. } => true,
        Type::Optional { item } => is_text(bundle, *item),
        _ => false,
    }
}

fn one(bundle: &Bundle, flow: &Flow, param: &Field, given: &Map<String, Json>) -> Result<Value, Stop> {
    match given.get(param.wire.as_str()) {
        Some(json) => decode(bundle, param, json),
        None if matches!(bundle.ty(param.ty), Type::Optional { .. }) => Ok(Value::None),
        None => Err(Stop::usage(format!(
            "`{}` needs `{}`: {}",
            flow.name,
            param.wire,
            text::ty(bundle, param.ty)
        ))
        .help(example(bundle, flow))),
    }
}

fn decode(bundle: &Bundle, param: &Field, value: &Json) -> Result<Value, Stop> {
    json::decode(bundle, param.ty, value).map_err(|error| {
        let place = error.path.replacen('$', &param.wire, 1);
        Stop::usage(format!("the input does not fit: at `{place}`: {}", error.message)).help(format!(
            "`{}` is a {}",
            param.wire,
            text::ty(bundle, param.ty)
        ))
    })
}

fn wants_object(bundle: &Bundle, flow: &Flow) -> Stop {
    let names: Vec<String> = flow.params.iter().map(|param| format!("`{}`", param.wire)).collect();
    let stop = if names.is_empty() {
        Stop::usage(format!("`{}` takes no input", flow.name))
    } else {
        Stop::usage(format!(
            "`{}` takes {}: the input must be a JSON object of them",
            flow.name,
            names.join(", ")
        ))
    };
    if flow.params.is_empty() { stop } else { stop.help(example(bundle, flow)) }
}

/// The first name that the flow does not take.
fn stranger(flow: &Flow, given: &Map<String, Json>) -> Option<Stop> {
    let names = || flow.params.iter().map(|param| param.wire.as_str());
    let name = given.keys().find(|name| !names().any(|known| known == name.as_str()))?;
    let stop = Stop::usage(format!("`{}` takes no `{name}`", flow.name));
    let listed: Vec<String> = names().map(|name| format!("`{name}`")).collect();
    Some(match closest(name, names()) {
        Some(near) => stop.help(format!("did you mean `{near}`?")),
        None if listed.is_empty() => stop.help("it takes nothing"),
        None => stop.help(format!("it takes {}", listed.join(", "))),
    })
}

/// An input of the right shape.
fn example(bundle: &Bundle, flow: &Flow) -> String {
    let fields: Map<String, Json> = flow
        .params
        .iter()
        .map(|param| {
            let sample = json::sample(bundle, param.ty);
            (param.wire.to_string(), json::encode(bundle, param.ty, &sample))
        })
        .collect();
    format!("for example --input '{}'", Json::Object(fields))
}

#[cfg(test)]
mod tests;
