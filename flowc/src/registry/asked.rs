//! Changes of the registry as data, and how they are made: the same for a command and for a request over HTTP.

use std::path::PathBuf;

use flow_ir::Bundle;
use flow_registry::{
    Change, Error, Grant, Item, Kind, Moved, Name, Plan, PointerName, Reference, Registry, Release, Role, Who,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::gate::{self, Denied};
use super::told::{self, Published, Told, Withdrawn};
use super::version;

/// A change that somebody asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Asked {
    /// Keep a version.
    Publish { kind: Kind, name: Name, content: Json },
    /// Move a pointer.
    Move { kind: Kind, pointer: String, to: u32, generation: Option<u64> },
    /// Move a pointer back.
    Rollback { kind: Kind, pointer: String, generation: Option<u64> },
    /// Move several pointers as one.
    Release { name: Name, items: Vec<Item> },
    /// Take a release back.
    RollbackRelease { name: Name },
    /// Keep a package, and move a pointer to it.
    Deploy { name: Name, pointer: PointerName, content: Json },
    /// Make the moves that somebody else proposed.
    Approve { proposal: u64 },
    /// Close a proposal.
    Withdraw { proposal: u64 },
}

/// How a change is to be made.
pub(crate) struct How<'a> {
    pub(crate) who: &'a Who,
    /// Checked and shown, and nothing kept.
    pub(crate) dry_run: bool,
    /// A file whose unfinished runs are counted when it is only tried.
    pub(crate) runs: Option<PathBuf>,
    /// What whoever asks may do; `None` is everything.
    pub(crate) grants: Option<&'a [Grant]>,
}

/// Canonical bytes of a version.
struct Body {
    kind: Kind,
    name: Name,
    bytes: Vec<u8>,
}

/// `NAME@POINTER`, where a version makes no sense.
pub(crate) fn pointer(text: &str) -> Result<(Name, PointerName), Error> {
    // Without a pointer it is read as a reference, which says what is missing.
    let Some((name, pointer)) = text.split_once('@') else {
        let reference: Reference = text.parse()?;
        return Ok((reference.name, text.parse()?));
    };
    Ok((name.parse()?, pointer.parse()?))
}

impl Asked {
    /// Makes the change, if whoever asks may and everything deployed survives it.
    pub(crate) fn perform(&self, registry: &mut Registry, how: &How<'_>) -> Result<Told, Denied> {
        let body = self.body()?;
        if let Some(body) = &body {
            allowed(how, Role::Publish, body.kind, &body.name, None)?;
            if !how.dry_run {
                registry.keep(body.kind, &body.name, &body.bytes)?;
            }
        }
        match (self, body) {
            (Self::Publish { .. }, Some(body)) => publish(registry, how, &body),
            (Self::Withdraw { proposal }, _) => withdraw(registry, how, *proposal),
            (_, body) => self.moves(registry, how, body.as_ref()),
        }
    }

    /// What is to be published.
    fn body(&self) -> Result<Option<Body>, Denied> {
        let (kind, name, content) = match self {
            Self::Publish { kind, name, content } => (*kind, name, content),
            Self::Deploy { name, content, .. } => (Kind::Bundle, name, content),
            Self::Move { .. }
            | Self::Rollback { .. }
            | Self::Release { .. }
            | Self::RollbackRelease { .. }
            | Self::Approve { .. }
            | Self::Withdraw { .. } => return Ok(None),
        };
        let wrong = |why: String| Denied::Error(Error::Content { kind, why });
        let bundle: Bundle = Bundle::deserialize(content).map_err(|error| wrong(error.to_string()))?;
        if kind != Kind::Bundle {
            version::is_one(kind, &bundle).map_err(|stop| wrong(stop.message))?;
        }
        Ok(Some(Body { kind, name: name.clone(), bytes: bundle.canonical_bytes() }))
    }

    fn moves(&self, registry: &mut Registry, how: &How<'_>, body: Option<&Body>) -> Result<Told, Denied> {
        let done = registry.change(how.who, |change| self.look(change, how, body));
        match done {
            Ok(effect) => Ok(Told::Effect(told(&effect, true, None))),
            Err(Denied::Tried(effect)) => Ok(Told::Effect(told(&effect, false, None))),
            Err(Denied::Refused(refused)) => Ok(Told::Refused(refused)),
            Err(Denied::Held(effect)) => {
                let plan = Plan::of(self.release(), &effect.moved);
                let number = registry.change::<_, Error>(how.who, |change| {
                    if let Some(body) = body {
                        change.publish(body.kind, &body.name, &body.bytes)?;
                    }
                    change.propose(&plan)
                })?;
                Ok(Told::Effect(told(&effect, false, Some(number))))
            }
            Err(other) => Err(other),
        }
    }

    /// Makes the moves inside a change, and looks at what is deployed behind them.
    fn look(&self, change: &Change<'_>, how: &How<'_>, body: Option<&Body>) -> Result<gate::Effect, Denied> {
        let moved = self.apply(change, how, body)?;
        let role = if matches!(self, Self::Approve { .. }) { Role::Approve } else { Role::Move };
        for one in &moved {
            allowed(how, role, one.kind, &one.name, Some(&one.pointer))?;
        }
        if how.dry_run {
            let mut effect = gate::weigh(change, moved)?;
            for touched in &mut effect.touched {
                how.runs.iter().try_for_each(|file| touched.count_runs(file)).map_err(Denied::Stop)?;
            }
            return Err(Denied::Tried(effect));
        }
        let effect = gate::verify(change, moved)?;
        match change.held() {
            Ok(()) => Ok(effect),
            Err(_) => Err(Denied::Held(effect)),
        }
    }

    fn apply(&self, change: &Change<'_>, how: &How<'_>, body: Option<&Body>) -> Result<Vec<Moved>, Denied> {
        match self {
            Self::Move { kind, pointer, to, generation } => {
                let (name, pointer) = self::pointer(pointer)?;
                Ok(vec![change.move_pointer(*kind, &name, &pointer, *to, *generation)?])
            }
            Self::Rollback { kind, pointer, generation } => {
                let (name, pointer) = self::pointer(pointer)?;
                Ok(vec![change.rollback(*kind, &name, &pointer, *generation)?])
            }
            Self::Release { name, items } => {
                allowed(how, Role::Publish, Kind::Release, name, None)?;
                Ok(change.release(name, &Release { items: items.clone() })?)
            }
            Self::RollbackRelease { name } => Ok(change.rollback_release(name)?),
            Self::Deploy { name, pointer, .. } => {
                let Some(body) = body else { return Ok(Vec::new()) };
                let row = change.publish(Kind::Bundle, name, &body.bytes)?.row;
                match change.move_pointer(Kind::Bundle, name, pointer, row.number, None) {
                    Ok(moved) => Ok(vec![moved]),
                    // The same again is no mistake.
                    Err(Error::AlreadyThere { .. }) => Ok(Vec::new()),
                    Err(error) => Err(Denied::Error(error)),
                }
            }
            Self::Approve { proposal } => Ok(change.approve(*proposal)?),
            Self::Publish { .. } | Self::Withdraw { .. } => Ok(Vec::new()),
        }
    }

    /// The release that the moves belong to.
    fn release(&self) -> Option<&Name> {
        match self {
            Self::Release { name, .. } => Some(name),
            Self::Publish { .. }
            | Self::Move { .. }
            | Self::Rollback { .. }
            | Self::RollbackRelease { .. }
            | Self::Deploy { .. }
            | Self::Approve { .. }
            | Self::Withdraw { .. } => None,
        }
    }
}

fn publish(registry: &mut Registry, how: &How<'_>, body: &Body) -> Result<Told, Denied> {
    let done =
        registry.change::<_, Error>(how.who, |change| change.publish(body.kind, &body.name, &body.bytes))?;
    Ok(Told::Published(Published { published: done.is_new, version: done.row }))
}

fn withdraw(registry: &mut Registry, how: &How<'_>, proposal: u64) -> Result<Told, Denied> {
    registry.change(how.who, |change| {
        let found = change.open_proposal(proposal)?;
        // Whoever made it may take it back; others need to be able to approve it.
        if found.actor != how.who.actor {
            for item in &found.plan.items {
                let (name, pointer) =
                    (item.name.parse().map_err(Error::from)?, item.pointer.parse().map_err(Error::from)?);
                allowed(how, Role::Approve, item.kind, &name, Some(&pointer))?;
            }
        }
        Ok::<_, Denied>(change.withdraw(proposal)?)
    })?;
    Ok(Told::Withdrawn(Withdrawn { withdrawn: proposal }))
}

fn allowed(
    how: &How<'_>,
    role: Role,
    kind: Kind,
    name: &Name,
    pointer: Option<&PointerName>,
) -> Result<(), Denied> {
    if Grant::allow(how.grants, role, kind, name, pointer) {
        return Ok(());
    }
    let at = pointer.map(|pointer| format!("@{pointer}")).unwrap_or_default();
    Err(Denied::Forbidden(format!("this key may not {role} {kind} `{name}{at}`")))
}

fn told(effect: &gate::Effect, moved: bool, proposed: Option<u64>) -> told::Effect {
    told::Effect {
        moved,
        proposed,
        moves: effect.moved.clone(),
        touches: effect.touched.iter().map(super::touched::Touched::said).collect(),
    }
}
