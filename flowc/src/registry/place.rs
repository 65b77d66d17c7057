//! A registry, in a file of this machine or behind a server.

use std::path::PathBuf;

use flow_registry::{
    Damage, Error, Event, Kind, Moved, Name, Pointer, PointerName, Proposal, Reference, Registry, Version,
    VersionRow,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::asked::{Asked, How};
use super::gate::Denied;
use super::store::{self, Signature};
use super::told::{Refused, Told};
use crate::client::{Answer, Client};
use crate::exit::Stop;

/// A registry.
pub(crate) enum Place {
    File(Box<Registry>),
    Server(Client),
}

/// Versions and where pointers are.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listed {
    pub(crate) versions: Vec<VersionRow>,
    pub(crate) pointers: Vec<Pointer>,
}

/// A version as it is told.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    pub(crate) version: VersionRow,
    pub(crate) pointer: Option<Pointer>,
    pub(crate) content: Json,
}

/// Whether the log is whole.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    pub(crate) whole: bool,
    pub(crate) events: u64,
    pub(crate) head: String,
    pub(crate) damages: Vec<Damage>,
}

/// What one person alone does not move, and what waits.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Waiting {
    pub(crate) protected: Vec<String>,
    pub(crate) proposals: Vec<Proposal>,
}

/// A change on its way to a server.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// Who, if the server has no keys: with keys it is the key's name.
    #[serde(default)]
    pub(crate) actor: Option<String>,
    #[serde(default)]
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) dry_run: bool,
    pub(crate) change: Asked,
}

/// What a command says about how a change is to be made.
pub(crate) struct Wanted<'a> {
    pub(crate) signature: &'a Signature,
    pub(crate) with_reason: bool,
    pub(crate) dry_run: bool,
    pub(crate) runs: Option<PathBuf>,
}

impl Place {
    /// Versions and pointers of a name, or of all names of a kind.
    pub(crate) fn list(&self, kind: Kind, name: Option<&Name>) -> Result<Listed, Stop> {
        match self {
            Self::File(registry) => list(registry, kind, name).map_err(store::stop),
            Self::Server(client) => {
                let name = name.map(|name| ("name", name.to_string()));
                let query: Vec<(&str, String)> =
                    std::iter::once(("kind", kind.to_string())).chain(name).collect();
                ask(client, "versions", &query)
            }
        }
    }

    /// What a reference means now.
    pub(crate) fn resolve(
        &self,
        kind: Kind,
        reference: &Reference,
    ) -> Result<(Version, Option<Pointer>), Stop> {
        match self {
            Self::File(registry) => registry.resolve(kind, reference).map_err(store::stop),
            Self::Server(client) => {
                let query = [("kind", kind.to_string()), ("reference", reference.to_string())];
                let shown: Shown = ask(client, "version", &query)?;
                let version = received(kind, shown.version, &shown.content)?;
                Ok((version, shown.pointer))
            }
        }
    }

    /// The moves of a pointer, oldest first.
    pub(crate) fn history(&self, kind: Kind, name: &Name, pointer: &PointerName) -> Result<Vec<Moved>, Stop> {
        match self {
            Self::File(registry) => history(registry, kind, name, pointer).map_err(store::stop),
            Self::Server(client) => {
                let query = [("kind", kind.to_string()), ("pointer", format!("{name}@{pointer}"))];
                ask(client, "history", &query)
            }
        }
    }

    /// The log, oldest first.
    pub(crate) fn events(&self) -> Result<Vec<Event>, Stop> {
        match self {
            Self::File(registry) => registry.events().map_err(store::stop),
            Self::Server(client) => ask(client, "log", &[]),
        }
    }

    /// Whether the log is whole.
    pub(crate) fn verify(&self, head: Option<&str>) -> Result<Proof, Stop> {
        match self {
            Self::File(registry) => verify(registry, head).map_err(store::stop),
            Self::Server(client) => {
                let query: Vec<(&str, String)> =
                    head.iter().map(|head| ("head", (*head).to_owned())).collect();
                ask(client, "proof", &query)
            }
        }
    }

    /// What is protected, and what was proposed.
    pub(crate) fn waiting(&self) -> Result<Waiting, Stop> {
        match self {
            Self::File(registry) => waiting(registry).map_err(store::stop),
            Self::Server(client) => ask(client, "proposals", &[]),
        }
    }

    /// Makes a change.
    pub(crate) fn change(&mut self, asked: Asked, wanted: Wanted<'_>) -> Result<Told, Stop> {
        match self {
            Self::File(registry) => {
                let who = wanted.signature.who_for(wanted.with_reason, wanted.dry_run)?;
                let how = How { who: &who, dry_run: wanted.dry_run, runs: wanted.runs, grants: None };
                asked.perform(registry, &how).map_err(stop)
            }
            Self::Server(client) => {
                if wanted.with_reason && !wanted.dry_run {
                    wanted.signature.reasoned()?;
                }
                let request = Request {
                    actor: wanted.signature.actor(),
                    reason: wanted.signature.reason.clone(),
                    dry_run: wanted.dry_run,
                    change: asked,
                };
                send(client, &request)
            }
        }
    }
}

/// What a denied change is on the command line.
fn stop(denied: Denied) -> Stop {
    match denied {
        Denied::Stop(stop) => stop,
        Denied::Error(error) => store::stop(error),
        Denied::Forbidden(why) => Stop::usage(why),
        // `Asked::perform` tells these.
        Denied::Refused(refused) => Stop::usage(refused.why()),
        Denied::Tried(_) | Denied::Held(_) => Stop::usage("nothing was changed"),
    }
}

fn ask<T: DeserializeOwned>(client: &Client, what: &str, query: &[(&str, String)]) -> Result<T, Stop> {
    let answer = client.get(&format!("/v1/registry/{what}"), query)?;
    read(client, answer.ok()?)
}

fn read<T: DeserializeOwned>(client: &Client, json: Json) -> Result<T, Stop> {
    serde_json::from_value(json).map_err(|error| {
        Stop::usage(format!("the answer of {} is not what this flowc knows: {error}", client.base()))
    })
}

fn send(client: &Client, request: &Request) -> Result<Told, Stop> {
    let body = serde_json::to_value(request).map_err(|error| Stop::usage(error.to_string()))?;
    let answer = client.post("/v1/registry/changes", &body)?;
    if let Answer { status: 422, json } = &answer
        && let Ok(refused) = serde_json::from_value::<Refused>(json["refusal"].clone())
    {
        return Ok(Told::Refused(refused));
    }
    read(client, answer.ok()?)
}

/// A content as a server told it, if it is what its digest says.
fn received(kind: Kind, row: VersionRow, content: &Json) -> Result<Version, Stop> {
    let body = match kind {
        Kind::Release => {
            serde_json::from_value::<flow_registry::Release>(content.clone()).map(|release| release.body())
        }
        Kind::Prompt | Kind::Model | Kind::Bundle => {
            flow_ir::Bundle::deserialize(content).map(|bundle| bundle.canonical_bytes())
        }
    };
    let body =
        body.map_err(|error| Stop::usage(format!("this version was published by another flowc: {error}")))?;
    if flow_ir::Digest::of(&body) != row.digest {
        return Err(Stop::usage(format!("what the server sent is not {} v{}", row.name, row.number)));
    }
    Ok(Version { row, body: body.into() })
}

pub(crate) fn list(registry: &Registry, kind: Kind, name: Option<&Name>) -> Result<Listed, Error> {
    let versions = registry.versions(kind, name)?;
    match name {
        Some(name) if versions.is_empty() => Err(Error::NoName { kind, name: name.clone() }),
        Some(_) | None => Ok(Listed { versions, pointers: registry.pointers(Some(kind), name)? }),
    }
}

pub(crate) fn history(
    registry: &Registry,
    kind: Kind,
    name: &Name,
    pointer: &PointerName,
) -> Result<Vec<Moved>, Error> {
    let history = registry.history(kind, name, pointer)?;
    match history.is_empty() {
        true => Err(Error::NoPointer { kind, name: name.clone(), pointer: pointer.clone() }),
        false => Ok(history),
    }
}

pub(crate) fn verify(registry: &Registry, head: Option<&str>) -> Result<Proof, Error> {
    let (chain, mut damages) = registry.verify()?;
    if let Some(known) = head {
        let is_there =
            registry.events()?.iter().any(|event| flow_ir::Digest(event.hash).to_string() == *known);
        if !is_there {
            let what = "the event with the given head is not in the log".to_owned();
            damages.push(Damage { seq: None, what });
        }
    }
    Ok(Proof { whole: damages.is_empty(), events: chain.len(), head: chain.head_text(), damages })
}

pub(crate) fn waiting(registry: &Registry) -> Result<Waiting, Error> {
    let protected = registry.protected()?.iter().map(ToString::to_string).collect();
    Ok(Waiting { protected, proposals: registry.proposals()? })
}

/// A version with its content, for programs.
pub(crate) fn shown(found: &Version, pointer: Option<Pointer>) -> Json {
    let content: Json = serde_json::from_slice(&found.body).unwrap_or_default();
    json!({ "version": found.row, "pointer": pointer, "content": content })
}
