//! `cache:` of a prompt: answers that are kept, and equal calls that wait for one answer.
//!
//! `Exact` keeps what the model replied, under everything that decides it (`chain/cache.rs`). A `Cache` resource keeps
//! the value: exact by the messages, or similar by the meaning of all but the system's. Tenant, prompt, model and
//! arm always belong to the key, so a cache never mixes them.
//!
//! Calls with equal keys at one time are one *flight*: the first asks, the others wait for its answer. If it fails
//! they fail with it; if it is given up, the next one asks.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use flow_eval::Value;
use flow_eval::json::{decode, encode};
use flow_ir::setup::Resource;
use flow_model::{Message, Role};
use flow_store::{Place, Stamp, Vector, Write};
use rustc_hash::FxHashMap;
use serde_json::{Value as Json, json};
use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

use super::{Call, answer, render};
use crate::effects::resource;
use crate::effects::spent::{Raised, Spent};

/// Above so many keys, those that nobody waits for are forgotten.
const MANY: usize = 1_024;

/// Calls under way whose answers will be kept.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    keys: Mutex<FxHashMap<String, Weak<Turns<Option<Raised>>>>>,
}

/// The place of one call in its flight. It holds the error of the one before it.
type Turn = OwnedMutexGuard<Option<Raised>>;

impl Flights {
    /// Waits until no equal call is under way. The flag says whether there was one.
    async fn enter(&self, key: String) -> (Turn, bool) {
        let turns = self.turns(key);
        match Arc::clone(&turns).try_lock_owned() {
            Ok(turn) => (turn, false),
            Err(_) => (turns.lock_owned().await, true),
        }
    }

    fn turns(&self, key: String) -> Arc<Turns<Option<Raised>>> {
        // Nothing that runs under the lock can panic half-way.
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = keys.get(&key).and_then(Weak::upgrade) {
            return turns;
        }
        if keys.len() > MANY {
            keys.retain(|_, turns| turns.strong_count() > 0);
        }
        let turns = Arc::default();
        keys.insert(key, Arc::downgrade(&turns));
        turns
    }
}

/// The answer to a call: a kept one, that of an equal call, or a new one.
pub(super) async fn answer_once(call: &Call<'_>, spent: &mut Spent) -> Result<Value, Raised> {
    // A shadow leaves nothing behind, and says how it answers, not what was answered before.
    let is_kept = !call.invocation.shadow && (call.prompt.cache || call.prompt.cache_in.is_some());
    if !is_kept || !call.prompt.tools.is_empty() {
        return answer(call, spent).await;
    }
    let key = Key::of(call)?;
    let (mut turn, waited) = call.inner.flights.enter(format!("{:?} {}", key.place, key.exact)).await;
    if let (true, Some(raised)) = (waited, turn.take()) {
        *turn = Some(raised.clone());
        return Err(raised);
    }
    let result = match key.resource {
        Some(resource) => kept(call, &key, resource, spent).await,
        None => answer(call, spent).await,
    };
    *turn = result.as_ref().err().cloned();
    result
}

/// Under what an answer is kept.
struct Key<'c> {
    resource: Option<&'c Resource>,
    place: Place,
    /// Of all messages.
    exact: String,
    /// What a similar call would say in other words.
    meaning: String,
}

impl<'c> Key<'c> {
    fn of(call: &Call<'c>) -> Result<Self, Raised> {
        let messages = render::messages(call)?;
        let bundle = &call.inner.with.bundle;
        let resource = call.prompt.cache_in.and_then(|id| bundle.resources.get(id.index()));
        let of = |role: &dyn Fn(Role) -> bool| {
            let texts = messages.iter().filter(|message| role(message.role)).map(Message::plain_text);
            texts.collect::<Vec<_>>().join("\n")
        };
        let model = bundle.models.get(call.model.index()).map_or("", |model| model.id.as_str());
        let arm = call.invocation.arm.map(|arm| (arm.split.0, arm.index));
        // What must be equal, however similar the rest is.
        let rest = (of(&|role| role == Role::System), render::temperature(call)?, arm);
        let rest = flow_ir::Digest::of(format!("{rest:?}").as_bytes());
        let name = resource.map_or(call.prompt.name.as_str(), |resource| resource.name.as_str());
        let tenant = match resource {
            Some(resource) if resource.shared => None,
            Some(_) | None => Some(call.cx.header.tenant.to_string()),
        };
        let sent = serde_json::to_vec(&messages).unwrap_or_default();
        Ok(Self {
            resource,
            place: Place { resource: format!("{name} {} {model} {}", call.digest, rest.short()), tenant },
            exact: flow_ir::Digest::of(&sent).to_string(),
            meaning: of(&|role| role != Role::System),
        })
    }
}

/// From the resource, or asked and put there.
async fn kept(
    call: &Call<'_>,
    key: &Key<'_>,
    resource: &Resource,
    spent: &mut Spent,
) -> Result<Value, Raised> {
    let store = &call.inner.with.store;
    let now_ms = call.cx.now_ms;
    let vector = match resource.similar {
        Some(_) => Some(
            resource::vector_of(call.inner, call.cx, call.invocation, resource, &key.meaning, spent).await?,
        ),
        None => None,
    };
    let found = match (&vector, resource.similar) {
        (Some(vector), Some(similar)) => {
            store.nearest(&key.place, vector, similar as f32 / 1_000_000.0, now_ms)
        }
        _ => store.cached(&key.place, &key.exact, now_ms),
    };
    // A cache that cannot be read is an empty one.
    if let Some(value) = found.ok().flatten().and_then(|kept| read(call, &kept, spent)) {
        return Ok(value);
    }
    let value = answer(call, spent).await?;
    let kept = json!({
        "value": encode(call.inner.bundle(), call.prompt.ret, &value),
        "confidence": spent.facts.confidence,
    });
    let until_ms = resource.keep_ms.map(|ms| now_ms.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)));
    let stamp = Stamp { key: String::new(), now_ms };
    let write = Write::CachePut { key: key.exact.clone(), value: kept, vector: vector.map(Vector), until_ms };
    if let Err(error) = store.write(&key.place, &stamp, write) {
        tracing::warn!(run = %call.cx.header.run, %error, "an answer was not cached");
    }
    Ok(value)
}

/// A kept answer, with the confidence it had. One of an earlier version that does not fit is none.
fn read(call: &Call<'_>, kept: &Json, spent: &mut Spent) -> Option<Value> {
    let value = decode(call.inner.bundle(), call.prompt.ret, kept.get("value")?).ok()?;
    spent.facts.confidence = kept.get("confidence").and_then(Json::as_f64);
    spent.facts.route = Some("kept answer".into());
    Some(value)
}

#[cfg(test)]
mod tests;
