//! The registry of a server, over HTTP: what a key may see and do, and the same answers as on the command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use flow_registry::{
    Error, Event, Grant, Kind, Name, Pattern, PointerName, Reference, Registry, Role, Selector, Who,
};
use flow_runtime::clock::{Clock as _, SystemClock};
use flow_server::{Caller, RegistryAnswer, RegistryFace, RegistryRequest};
use serde::Deserialize as _;
use serde_json::{Value as Json, json};

use crate::registry::asked::{How, pointer};
use crate::registry::gate::Denied;
use crate::registry::place::{self, Request};
use crate::registry::told::{Refused, Told};
use crate::registry::{store, vaults};

/// What can be asked.
const OPENAPI: &str = include_str!("registry/openapi.json");

/// The registry of a server.
pub(super) struct Face {
    registry: PathBuf,
    /// Whose unfinished runs are counted.
    runs: PathBuf,
}

/// Why something is not answered.
enum No {
    Denied(String),
    NotFound(String),
    Invalid(String),
    Registry(Error),
    Broken(Refused),
}

impl From<Error> for No {
    fn from(error: Error) -> Self {
        Self::Registry(error)
    }
}

/// What somebody may do; `None` is everything.
struct Rights(Option<Vec<Grant>>);

impl Face {
    pub(super) fn new(registry: Option<&Path>, root: &Path, runs: &Path) -> Self {
        let registry = registry.map_or_else(|| store::beside(root), Path::to_owned);
        Self { registry, runs: runs.to_owned() }
    }

    fn open(&self) -> Result<Registry, No> {
        Ok(Registry::existing(&self.registry)?.with_vaults(vaults::all()))
    }

    fn look(&self, rights: &Rights, what: &str, query: &Query) -> Result<Json, No> {
        match what {
            "versions" => self.versions(rights, query),
            "version" => self.version(rights, query),
            "history" => self.history(rights, query),
            "log" => self.log(rights, query),
            "proof" => self.proof(rights, query),
            "proposals" => self.proposals(rights, query),
            _ => Err(No::NotFound(format!("there is no `{what}` of a registry"))),
        }
    }

    fn versions(&self, rights: &Rights, query: &Query) -> Result<Json, No> {
        query.only(&["kind", "name"])?;
        let kind = query.kind()?;
        let name = query.text("name").map(str::parse::<Name>).transpose().map_err(Error::Name)?;
        if let Some(name) = &name {
            rights.show(kind, name)?;
        }
        let mut listed = place::list(&self.open()?, kind, name.as_ref())?;
        listed.versions.retain(|row| Grant::shows(rights.grants(), kind, &row.name));
        listed.pointers.retain(|found| rights.reads(kind, &found.name, Some(&found.pointer)));
        Ok(json!(listed))
    }

    fn version(&self, rights: &Rights, query: &Query) -> Result<Json, No> {
        query.only(&["kind", "reference"])?;
        let kind = query.kind()?;
        let reference: Reference = query.must("reference")?.parse().map_err(Error::Name)?;
        let pointer = match &reference.selector {
            Selector::Pointer(pointer) => Some(pointer),
            Selector::Version(_) => None,
        };
        rights.read(kind, &reference.name, pointer)?;
        let (found, pointer) = self.open()?.resolve(kind, &reference)?;
        Ok(place::shown(&found, pointer))
    }

    fn history(&self, rights: &Rights, query: &Query) -> Result<Json, No> {
        query.only(&["kind", "pointer"])?;
        let kind = query.kind()?;
        let (name, pointer) = pointer(query.must("pointer")?)?;
        rights.read(kind, &name, Some(&pointer))?;
        Ok(json!(place::history(&self.open()?, kind, &name, &pointer)?))
    }

    fn log(&self, rights: &Rights, query: &Query) -> Result<Json, No> {
        query.only(&[])?;
        let mut events = self.open()?.events()?;
        events.retain(|event| rights.sees(event));
        Ok(json!(events))
    }

    fn proof(&self, rights: &Rights, query: &Query) -> Result<Json, No> {
        query.only(&["head"])?;
        if !rights.reads_all() {
            return Err(No::Denied("a proof is about everything: this key needs `read:*`".to_owned()));
        }
        Ok(json!(place::verify(&self.open()?, query.text("head"))?))
    }

    fn proposals(&self, rights: &Rights, query: &Query) -> Result<Json, No> {
        query.only(&[])?;
        let mut waiting = place::waiting(&self.open()?)?;
        waiting.proposals.retain(|proposal| {
            proposal.plan.items.iter().all(|item| {
                let (name, pointer) = (item.name.parse(), item.pointer.parse());
                matches!((name, pointer), (Ok(name), Ok(pointer)) if rights.reads(item.kind, &name, Some(&pointer)))
            })
        });
        Ok(json!(waiting))
    }

    fn change(&self, caller: &Caller, rights: &Rights, body: &Json) -> Result<(u16, Json), No> {
        let request = Request::deserialize(body).map_err(|error| No::Invalid(error.to_string()))?;
        let reason = request.reason.unwrap_or_default();
        let tried = request.dry_run && reason.trim().is_empty();
        let who = Who {
            actor: match &caller.key {
                Some(key) => key.name.clone(),
                None => request.actor.unwrap_or_default(),
            },
            reason: if tried { "a trial".to_owned() } else { reason },
            now_ms: SystemClock.now_ms(),
        };
        let runs = Some(self.runs.clone()).filter(|_| request.dry_run);
        let how = How { who: &who, dry_run: request.dry_run, runs, grants: rights.grants() };
        let mut registry = store::opened(&self.registry)?;
        let told = request.change.perform(&mut registry, &how).map_err(No::from)?;
        match told {
            Told::Refused(refused) => Err(No::Broken(refused)),
            Told::Effect(effect) => Ok((if effect.proposed.is_some() { 202 } else { 200 }, json!(effect))),
            Told::Published(_) | Told::Withdrawn(_) => Ok((200, json!(told))),
        }
    }
}

impl RegistryFace for Face {
    fn answer(&self, caller: &Caller, request: RegistryRequest) -> RegistryAnswer {
        let rights = Rights::of(caller);
        let RegistryRequest { what, query, body } = request;
        let answered = match (&body, what.as_str()) {
            (Some(body), "changes") => self.change(caller, &rights, body),
            (None, what) => self.look(&rights, what, &Query(query)).map(|json| (200, json)),
            (Some(_), what) => Err(No::NotFound(format!("nothing is sent to `{what}` of a registry"))),
        };
        let (status, body) = answered.unwrap_or_else(No::told);
        RegistryAnswer { status, body }
    }

    fn openapi(&self) -> Json {
        // The file is ours: what it lacks, a test misses.
        serde_json::from_str(OPENAPI).unwrap_or_default()
    }
}

impl Rights {
    fn of(caller: &Caller) -> Self {
        let grants = |scopes: &Vec<String>| scopes.iter().filter_map(|scope| scope.parse().ok()).collect();
        Self(caller.key.as_ref().map(|key| grants(&key.scopes)))
    }

    fn grants(&self) -> Option<&[Grant]> {
        self.0.as_deref()
    }

    fn reads(&self, kind: Kind, name: &Name, pointer: Option<&PointerName>) -> bool {
        Grant::allow(self.grants(), Role::Read, kind, name, pointer)
    }

    fn reads_all(&self) -> bool {
        let all = |grant: &Grant| grant.role == Role::Read && grant.on == Pattern::any();
        self.grants().is_none_or(|grants| grants.iter().any(all))
    }

    fn read(&self, kind: Kind, name: &Name, pointer: Option<&PointerName>) -> Result<(), No> {
        let at = pointer.map(|pointer| format!("@{pointer}")).unwrap_or_default();
        match self.reads(kind, name, pointer) {
            true => Ok(()),
            false => Err(No::Denied(format!("this key may not read {kind} `{name}{at}`"))),
        }
    }

    fn show(&self, kind: Kind, name: &Name) -> Result<(), No> {
        match Grant::shows(self.grants(), kind, name) {
            true => Ok(()),
            false => Err(No::Denied(format!("this key may not read {kind} `{name}`"))),
        }
    }

    /// Events about what may be read: `prompt desk/sort@prod`, `prompt desk/sort v3`. Others are for who reads all.
    fn sees(&self, event: &Event) -> bool {
        let about = || {
            let (kind, rest) = event.subject.split_once(' ')?;
            let name = rest.split([' ', '@']).next()?.parse().ok()?;
            let pointer = rest.split_once('@').and_then(|(_, pointer)| pointer.parse().ok());
            Some((kind.parse::<Kind>().ok()?, name, pointer))
        };
        self.reads_all()
            || about().is_some_and(|(kind, name, pointer)| match pointer {
                Some(pointer) => self.reads(kind, &name, Some(&pointer)),
                None => Grant::shows(self.grants(), kind, &name),
            })
    }
}

impl From<Denied> for No {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Error(error) => Self::Registry(error),
            Denied::Forbidden(why) => Self::Denied(why),
            Denied::Refused(refused) => Self::Broken(refused),
            Denied::Stop(stop) => Self::Invalid(stop.message),
            // `Asked::perform` tells these.
            Denied::Tried(_) | Denied::Held(_) => Self::Invalid("nothing was changed".to_owned()),
        }
    }
}

impl No {
    fn told(self) -> (u16, Json) {
        let problem = |class: &str, message: &str| json!({ "error": { "class": class, "message": message } });
        match self {
            Self::Denied(why) => (403, problem("Denied", &why)),
            Self::NotFound(why) => (404, problem("NotFound", &why)),
            Self::Invalid(why) => (422, problem("Invalid", &why)),
            Self::Broken(refused) => {
                let message = format!("nothing was moved: {}", refused.why());
                let error = json!({ "class": "Refused", "message": message });
                (422, json!({ "error": error, "refusal": refused }))
            }
            Self::Registry(error) => {
                let (status, class) = status(&error);
                if matches!(error, Error::Missing(_)) {
                    return (status, problem(class, "nothing was published here yet"));
                }
                if status != 503 {
                    return (status, problem(class, &error.to_string()));
                }
                // Paths and addresses are nobody's business outside.
                tracing::error!(%error, "the registry cannot be used");
                (status, problem(class, "the registry cannot be used now"))
            }
        }
    }
}

fn status(error: &Error) -> (u16, &'static str) {
    match error {
        Error::Missing(_)
        | Error::NoName { .. }
        | Error::NoVersion { .. }
        | Error::NoPointer { .. }
        | Error::NoProposal(_) => (404, "NotFound"),
        Error::SamePerson { .. } => (403, "Denied"),
        Error::Conflict { .. }
        | Error::AlreadyThere { .. }
        | Error::NothingBefore { .. }
        | Error::Deleted { .. }
        | Error::ProposalClosed { .. }
        | Error::Protected { .. }
        | Error::NotProtected(_)
        | Error::Release { .. } => (409, "Conflict"),
        Error::Name(_) | Error::Content { .. } | Error::Unsigned(_) | Error::Address(_) => (422, "Invalid"),
        Error::Storage { .. }
        | Error::Foreign { .. }
        | Error::Io { .. }
        | Error::Damaged(_)
        | Error::Bodies { .. } => (503, "Unavailable"),
    }
}

/// Behind the `?`.
struct Query(BTreeMap<String, String>);

impl Query {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn must(&self, name: &str) -> Result<&str, No> {
        self.text(name).ok_or_else(|| No::Invalid(format!("`{name}` is missing")))
    }

    fn kind(&self) -> Result<Kind, No> {
        Ok(self.must("kind")?.parse().map_err(Error::Name)?)
    }

    /// Nothing is ignored.
    fn only(&self, known: &[&str]) -> Result<(), No> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            Some(other) => Err(No::Invalid(format!("`{other}` means nothing here"))),
            None => Ok(()),
        }
    }
}
