//! `cache: Exact`: the key is everything that decides the answer.

use flow_model::{ChatReply, ChatRequest};
use flow_store::{Place, Stamp, Write};

use crate::effects::prompt::Call;

fn cache_key(call: &Call<'_>, request: &ChatRequest) -> Option<(Place, String)> {
    if !call.prompt.cache || call.invocation.shadow || !call.prompt.tools.is_empty() {
        return None;
    }
    let request = serde_json::to_vec(request).ok()?;
    let place = Place::new(format!("prompt {}", call.prompt.name), call.cx.header.tenant.as_str());
    Some((place, format!("{} {}", call.digest, flow_ir::Digest::of(&request))))
}

pub(super) fn cached(call: &Call<'_>, request: &ChatRequest) -> Option<ChatReply> {
    let (place, key) = cache_key(call, request)?;
    // A cache that cannot be read is an empty one.
    let json = call.inner.with.store.cached(&place, &key, call.cx.now_ms).ok()??;
    serde_json::from_value(json).ok()
}

pub(super) fn remember(call: &Call<'_>, request: &ChatRequest, reply: &ChatReply) {
    let Some((place, key)) = cache_key(call, request) else { return };
    let Ok(value) = serde_json::to_value(reply) else { return };
    let stamp = Stamp { key: String::new(), now_ms: call.cx.now_ms };
    let write = Write::CachePut { key, value, vector: None, until_ms: None };
    if let Err(error) = call.inner.with.store.write(&place, &stamp, write) {
        tracing::warn!(run = %call.cx.header.run, %error, "an answer was not cached");
    }
}
