//! Why a flow costs something else than before.
//!
//! A change is undone in the new version, alone, and the flow is bounded again: what it costs less then is what the
//! change costs.

use flow_compiler::bounds::Bounds;
use flow_ir::flow::{Edge, Flow, Target};
use flow_ir::setup::{Confidence, Model, Prompt};
use flow_ir::units::Usd;
use flow_ir::{Bundle, ModelId};

use super::Costed;

/// Changes that are told.
const MOST: usize = 4;

/// A change, and what it adds to the worst case.
pub(super) struct Reason {
    /// For people: `` `ask -> rewrite max 2 → 20` ``.
    pub(super) change: String,
    /// Micro-dollars; negative if it saves.
    pub(super) cost: i64,
}

/// A change that can be undone by itself.
struct Change {
    words: String,
    undo: Box<dyn Fn(&mut Bundle)>,
}

/// The changes that matter to a flow, the dearest first.
pub(super) fn reasons(flow: &str, before: &Costed, now: &Costed) -> Vec<Reason> {
    let worst = |bounds: &Bounds| {
        let found = bounds.flows.iter().find(|it| it.name == flow)?;
        found.worst.cost.get().and_then(|cost| i64::try_from(cost).ok())
    };
    let Some(after) = worst(&now.bounds) else { return Vec::new() };
    let mut reasons = Vec::new();
    for change in changes(&before.bundle, &now.bundle) {
        let mut undone = now.bundle.clone();
        (change.undo)(&mut undone);
        let Some(without) = worst(&Bounds::of(&undone)) else { continue };
        if without != after {
            reasons.push(Reason { change: change.words, cost: after - without });
        }
    }
    reasons.extend(nodes(flow, &before.bundle, &now.bundle));
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.cost.abs()));
    reasons.truncate(MOST);
    reasons
}

fn changes(old: &Bundle, new: &Bundle) -> Vec<Change> {
    let mut found = Vec::new();
    for (index, model) in new.models.iter().enumerate() {
        if let Some(before) = old.models.iter().find(|before| before.name == model.name) {
            models(index, before, model, &mut found);
        }
    }
    for (index, prompt) in new.prompts.iter().enumerate() {
        if let Some(before) = old.prompts.iter().find(|before| before.name == prompt.name) {
            prompts(index, before, prompt, &mut found);
        }
    }
    for (index, flow) in new.flows.iter().enumerate() {
        if let Some(before) = old.flows.iter().find(|before| before.name == flow.name) {
            arrows(index, before, flow, &mut found);
            calls(index, (old, before), (new, flow), &mut found);
        }
    }
    others(old, new, &mut found);
    found
}

/// Adds a change of one number.
fn number<T: PartialEq + Copy + 'static>(
    found: &mut Vec<Change>,
    what: &str,
    (old, new): (T, T),
    show: impl Fn(T) -> String,
    undo: impl Fn(&mut Bundle, T) + 'static,
) {
    if old != new {
        let words = format!("`{what} {} → {}`", show(old), show(new));
        found.push(Change { words, undo: Box::new(move |bundle| undo(bundle, old)) });
    }
}

fn models(index: usize, old: &Model, new: &Model, found: &mut Vec<Change>) {
    let name = &new.name;
    let price =
        |price: Option<Usd>| price.map_or_else(|| "none".to_owned(), |price| format!("{}/1M", price.short()));
    let tokens = |tokens: Option<u64>| tokens.map_or_else(|| "none".to_owned(), |tokens| tokens.to_string());
    let plain = |number: u32| number.to_string();
    number(found, &format!("{name}.price_in"), (old.price_in, new.price_in), price, move |bundle, old| {
        with_model(bundle, index, |model| model.price_in = old);
    });
    number(found, &format!("{name}.price_out"), (old.price_out, new.price_out), price, move |bundle, old| {
        with_model(bundle, index, |model| model.price_out = old);
    });
    number(found, &format!("{name}.retry"), (old.retry, new.retry), plain, move |bundle, old| {
        with_model(bundle, index, |model| model.retry = old);
    });
    number(found, &format!("{name}.output"), (old.output, new.output), tokens, move |bundle, old| {
        with_model(bundle, index, |model| model.output = old);
    });
    number(found, &format!("{name}.context"), (old.context, new.context), tokens, move |bundle, old| {
        with_model(bundle, index, |model| model.context = old);
    });
    let factor = |factor: u32| format!("{:.2}", f64::from(factor) / 1_000.0);
    let factors = (old.token_factor, new.token_factor);
    number(found, &format!("{name}.token_factor"), factors, factor, move |bundle, old| {
        with_model(bundle, index, |model| model.token_factor = old);
    });
    let lengths = (old.fallback.len(), new.fallback.len());
    let count = |count: usize| format!("{count} models");
    number(found, &format!("{name}.fallback"), lengths, count, move |bundle, old| {
        with_model(bundle, index, |model| model.fallback.truncate(old));
    });
}

fn with_model(bundle: &mut Bundle, index: usize, change: impl FnOnce(&mut Model)) {
    if let Some(model) = bundle.models.get_mut(index) {
        change(model);
    }
}

fn prompts(index: usize, old: &Prompt, new: &Prompt, found: &mut Vec<Change>) {
    let name = &new.name;
    let plain = |number: u32| number.to_string();
    let tokens = |tokens: Option<u64>| tokens.map_or_else(|| "none".to_owned(), |tokens| tokens.to_string());
    let votes = |prompt: &Prompt| match prompt.confidence {
        Some(Confidence::Vote(votes)) => votes,
        _ => 1,
    };
    number(found, &format!("{name}.output"), (old.output, new.output), tokens, move |bundle, old| {
        with_prompt(bundle, index, |prompt| prompt.output = old);
    });
    number(found, &format!("{name}.repair"), (old.repair, new.repair), plain, move |bundle, old| {
        with_prompt(bundle, index, |prompt| prompt.repair = old);
    });
    number(found, &format!("{name}.rounds"), (old.rounds, new.rounds), plain, move |bundle, old| {
        with_prompt(bundle, index, |prompt| prompt.rounds = old);
    });
    number(found, &format!("{name} votes"), (votes(old), votes(new)), plain, move |bundle, old| {
        with_prompt(bundle, index, |prompt| prompt.confidence = Some(Confidence::Vote(old)));
    });
}

fn with_prompt(bundle: &mut Bundle, index: usize, change: impl FnOnce(&mut Prompt)) {
    if let Some(prompt) = bundle.prompts.get_mut(index) {
        change(prompt);
    }
}

/// `max` of arrows that lead from and to the same nodes.
fn arrows(index: usize, old: &Flow, new: &Flow, found: &mut Vec<Change>) {
    for (name, edges) in rows(new) {
        let before = rows(old).into_iter().find(|(known, _)| *known == name);
        let Some((_, before)) = before else { continue };
        for (place, edge) in edges.iter().enumerate() {
            let to = target(new, edge);
            let nth = edges.iter().take(place).filter(|other| target(new, other) == to).count();
            let Some(was) = before.iter().filter(|other| target(old, other) == to).nth(nth) else { continue };
            let (Some(counter), Some(old_max)) = (edge.max, max(old, was)) else { continue };
            let Some(new_max) = max(new, edge) else { continue };
            let what = format!("{name} -> {to} max");
            number(
                found,
                &what,
                (old_max, new_max),
                |max| max.to_string(),
                move |bundle, old| {
                    let flow = bundle.flows.get_mut(index);
                    if let Some(slot) = flow.and_then(|flow| flow.counters.get_mut(counter.index())) {
                        *slot = old;
                    }
                },
            );
        }
    }
}

fn rows(flow: &Flow) -> Vec<(&str, &[Edge])> {
    let entry = std::iter::once(("start", flow.entry.as_slice()));
    entry.chain(flow.nodes.iter().map(|node| (node.name.as_str(), node.edges.as_slice()))).collect()
}

fn target<'f>(flow: &'f Flow, edge: &Edge) -> &'f str {
    match &edge.to {
        Target::Node(node, _) => flow.nodes.get(node.index()).map_or("", |node| node.name.as_str()),
        Target::Return(_) => "return",
        Target::Fail(_) => "fail",
    }
}

fn max(flow: &Flow, edge: &Edge) -> Option<u32> {
    flow.counters.get(edge.max?.index()).copied()
}

/// Nodes that ask another model.
fn calls(
    index: usize,
    (old, before): (&Bundle, &Flow),
    (new, flow): (&Bundle, &Flow),
    found: &mut Vec<Change>,
) {
    let model = |bundle: &Bundle, id: Option<ModelId>| Some(bundle.models.get(id?.index())?.name.clone());
    for (place, node) in flow.nodes.iter().enumerate() {
        let Some(was) = before.nodes.iter().find(|was| was.name == node.name) else { continue };
        for (nth, (call, was)) in node.work.calls().zip(was.work.calls()).enumerate() {
            let (Some(now), Some(then)) = (model(new, call.model), model(old, was.model)) else { continue };
            let Some(id) = new.models.iter().position(|model| model.name == then) else { continue };
            if now == then {
                continue;
            }
            let words = format!("`{} using {then} → {now}`", node.name);
            let undo = move |bundle: &mut Bundle| {
                let node = bundle.flows.get_mut(index).and_then(|flow| flow.nodes.get_mut(place));
                if let Some(call) = node.and_then(|node| node.work.calls_mut().nth(nth)) {
                    call.model = u32::try_from(id).ok().map(ModelId);
                }
            };
            found.push(Change { words, undo: Box::new(undo) });
        }
    }
}

/// Tools and people.
fn others(old: &Bundle, new: &Bundle, found: &mut Vec<Change>) {
    for (index, tool) in new.tools.iter().enumerate() {
        let Some(was) = old.tools.iter().find(|was| was.name == tool.name) else { continue };
        number(
            found,
            &format!("{}.cost", tool.name),
            (was.cost, tool.cost),
            Usd::short,
            move |bundle, old| {
                if let Some(tool) = bundle.tools.get_mut(index) {
                    tool.cost = old;
                }
            },
        );
    }
    for (index, human) in new.humans.iter().enumerate() {
        let Some(was) = old.humans.iter().find(|was| was.name == human.name) else { continue };
        let set = move |bundle: &mut Bundle, cost: Option<Usd>, quorum: Option<u32>| {
            if let Some(human) = bundle.humans.get_mut(index) {
                human.cost = cost.unwrap_or(human.cost);
                human.quorum = quorum.unwrap_or(human.quorum);
            }
        };
        let name = &human.name;
        number(found, &format!("{name}.cost"), (was.cost, human.cost), Usd::short, move |bundle, old| {
            set(bundle, Some(old), None);
        });
        let quorum = (was.quorum, human.quorum);
        number(
            found,
            &format!("{name}.quorum"),
            quorum,
            |n| n.to_string(),
            move |bundle, old| {
                set(bundle, None, Some(old));
            },
        );
    }
}

/// Nodes that came and went; what they cost is part of the way that is shown.
fn nodes(flow: &str, old: &Bundle, new: &Bundle) -> Vec<Reason> {
    let find = |bundle: &Bundle| bundle.flows.iter().find(|it| it.name == flow).cloned();
    let (Some(old), Some(new)) = (find(old), find(new)) else { return Vec::new() };
    let missing = |from: &Flow, other: &Flow, words: &str| -> Vec<Reason> {
        let names = from.nodes.iter().map(|node| &node.name);
        let gone = names.filter(|name| other.nodes.iter().all(|node| node.name != **name));
        gone.map(|name| Reason { change: format!("node `{name}` {words}"), cost: 0 }).collect()
    };
    let mut found = missing(&new, &old, "is new");
    found.extend(missing(&old, &new, "is gone"));
    found
}
