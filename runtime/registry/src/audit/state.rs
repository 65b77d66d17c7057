//! Whether what is there is what the log tells.

use std::collections::{BTreeMap, BTreeSet};

use flow_ir::Digest;

use super::{Chain, Damage};
use crate::error::Error;
use crate::name::Kind;
use crate::pointer::Moved;
use crate::protection::same_person;
use crate::read::{Look, VersionRow};

/// See [`crate::Registry::verify`].
pub(crate) fn verify(look: Look<'_>) -> Result<(Chain, Vec<Damage>), Error> {
    let mut out = Vec::new();
    let mut chain = Chain::default();
    let mut told = Told::default();
    for event in look.events()? {
        chain.take(&event, &mut out);
        told.take(&event);
    }
    for kind in Kind::ALL {
        for row in look.versions(kind, None)? {
            version(look, &row, &mut told, &mut out)?;
        }
    }
    if look.bodies()?.map(|address| address.to_string()).unwrap_or_default() != told.bodies {
        out.push(damage("where contents are kept is not what the log tells".to_owned()));
    }
    judgements(look, &mut told, &mut out)?;
    protection(look, &told, &mut out)?;
    pointers(look, &mut told, &mut out)?;
    out.extend(told.left());
    Ok((chain, out))
}

/// What the log says must be there.
#[derive(Default)]
struct Told {
    /// `prompt a/b v1` → digest, and who, why and when.
    published: BTreeMap<String, Step>,
    deleted: BTreeSet<String>,
    /// `prompt a/b@prod` → the moves in order.
    moved: BTreeMap<String, Vec<Step>>,
    /// Number of the event → `prompt a/b v1`, and what an eval said of it.
    judged: BTreeMap<u64, (String, Step)>,
    /// Where contents are kept; empty is in the file.
    bodies: String,
    protected: BTreeSet<String>,
    /// Number of the event → what was proposed, and where it stands.
    proposed: BTreeMap<u64, (String, Step, &'static str)>,
    /// Approved by who proposed it.
    alone: Vec<u64>,
}

/// What became of something, by whom, why and when.
#[derive(PartialEq, Eq)]
struct Step {
    after: String,
    actor: String,
    reason: String,
    time_ms: i64,
}

impl Step {
    fn of(moved: &Moved) -> Self {
        Self {
            after: format!("v{}", moved.to),
            actor: moved.actor.clone(),
            reason: moved.reason.clone(),
            time_ms: moved.time_ms,
        }
    }
}

impl Told {
    fn take(&mut self, event: &super::Event) {
        let step = Step {
            after: event.after.clone(),
            actor: event.actor.clone(),
            reason: event.reason.clone(),
            time_ms: event.time_ms,
        };
        let subject = event.subject.clone();
        match event.action.as_str() {
            "publish" => drop(self.published.insert(subject, step)),
            "delete" => drop(self.deleted.insert(subject)),
            "bodies" => self.bodies = step.after,
            "protect" => drop(self.protected.insert(subject)),
            "unprotect" => drop(self.protected.remove(&subject)),
            "propose" => drop(self.proposed.insert(event.seq, (subject, step, "open"))),
            "approve" => self.close(event, "approved"),
            "withdraw" => self.close(event, "withdrawn"),
            "eval" => drop(self.judged.insert(event.seq, (subject, step))),
            "move" | "rollback" => self.moved.entry(subject).or_default().push(step),
            _ => {}
        }
    }

    fn close(&mut self, event: &super::Event, state: &'static str) {
        let number = event.after.strip_prefix("proposal ").and_then(|number| number.parse().ok());
        let Some(number) = number else { return };
        if let Some((_, step, stands)) = self.proposed.get_mut(&number) {
            *stands = state;
            if state == "approved" && same_person(&step.actor, &event.actor) {
                self.alone.push(number);
            }
        }
    }

    /// What the log tells of and nothing is there of.
    fn left(self) -> impl Iterator<Item = Damage> {
        let versions = self.published.into_keys();
        let gone = versions
            .chain(self.moved.into_keys())
            .chain(self.judged.into_values().map(|(subject, _)| subject));
        gone.map(|subject| damage(format!("{subject} is in the log, but not in the registry")))
    }
}

fn damage(what: String) -> Damage {
    Damage { seq: None, what }
}

fn version(look: Look<'_>, row: &VersionRow, told: &mut Told, out: &mut Vec<Damage>) -> Result<(), Error> {
    let subject = format!("{} {} v{}", row.kind, row.name, row.number);
    let kept = Step {
        after: row.digest.to_string(),
        actor: row.actor.clone(),
        reason: row.reason.clone(),
        time_ms: row.created_ms,
    };
    match told.published.remove(&subject) {
        Some(step) if step == kept => {}
        Some(_) => out.push(damage(format!("{subject} is not what the log says was published"))),
        None => out.push(damage(format!("{subject} was never published"))),
    }
    if row.is_deleted {
        if !told.deleted.remove(&subject) {
            out.push(damage(format!("the content of {subject} is gone, and nobody deleted it")));
        }
        return Ok(());
    }
    out.extend(look.proven(row)?.map(damage));
    Ok(())
}

/// What is kept must be what the log tells.
fn judgements(look: Look<'_>, told: &mut Told, out: &mut Vec<Damage>) -> Result<(), Error> {
    for kind in Kind::ALL {
        for judgement in look.judgements(kind, None)? {
            let step = Step {
                after: judgement.told(),
                actor: judgement.actor.clone(),
                reason: judgement.reason.clone(),
                time_ms: judgement.time_ms,
            };
            let subject = judgement.subject();
            if told.judged.remove(&judgement.seq) != Some((subject.clone(), step)) {
                out.push(damage(format!("what an eval said of {subject} is not what the log tells")));
            }
        }
    }
    Ok(())
}

fn protection(look: Look<'_>, told: &Told, out: &mut Vec<Damage>) -> Result<(), Error> {
    let there: BTreeSet<String> = look.protected()?.iter().map(ToString::to_string).collect();
    if there != told.protected {
        out.push(damage("what is protected is not what the log tells".to_owned()));
    }
    let proposals = look.proposals()?;
    let kept: BTreeMap<u64, (String, Step, &'static str)> = proposals
        .iter()
        .map(|proposal| {
            let step = Step {
                after: proposal.plan.told(),
                actor: proposal.actor.clone(),
                reason: proposal.reason.clone(),
                time_ms: proposal.time_ms,
            };
            (proposal.seq, (proposal.plan.subject(), step, proposal.state.word()))
        })
        .collect();
    if kept != told.proposed {
        out.push(damage("what was proposed is not what the log tells".to_owned()));
    }
    let alone = told.alone.iter().map(|seq| damage(format!("proposal {seq} was approved by who made it")));
    out.extend(alone);
    Ok(())
}

fn pointers(look: Look<'_>, told: &mut Told, out: &mut Vec<Damage>) -> Result<(), Error> {
    for pointer in look.pointers(None, None)? {
        let subject = format!("{} {}@{}", pointer.kind, pointer.name, pointer.pointer);
        let told = told.moved.remove(&subject).unwrap_or_default();
        let history = look.history(pointer.kind, &pointer.name, &pointer.pointer)?;
        let kept: Vec<Step> = history.iter().map(Step::of).collect();
        let is_chain = history.iter().zip(1u64..).all(|(moved, generation)| moved.generation == generation);
        if kept != told || !is_chain {
            out.push(damage(format!("the history of {subject} is not what the log tells")));
        }
        let last = told.last().map(|step| step.after.clone()).unwrap_or_default();
        let is_there = format!("v{}", pointer.number) == last && pointer.generation == told.len() as u64;
        if !is_there {
            out.push(damage(format!("{subject} is at v{}, and the log says {last}", pointer.number)));
        }
    }
    Ok(())
}

impl Chain {
    /// The hash of the last event, hexadecimal: what to write down elsewhere.
    #[must_use]
    pub fn head_text(&self) -> String {
        Digest(self.head()).to_string()
    }
}
