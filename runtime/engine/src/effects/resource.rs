//! Methods of resources, between values and the store's JSON.

use std::sync::Arc;

use flow_eval::json::{decode, encode};
use flow_eval::{Context, Value, eval, print};
use flow_ir::effort::{self, EMBED_BATCH, EMBED_TIMEOUT_MS};
use flow_ir::setup::{Method, Model, Resource, SearchMode};
use flow_ir::tokens;
use flow_ir::types::{Record, Type};
use flow_ir::units::ErrorClass;
use flow_ir::{ResourceId, TypeId};
use flow_model::{EmbedReply, EmbedRequest, ErrorKind, ModelError, Patience, Prices, RateLimits, cost_of};
use flow_policy::budget::Amount;
use flow_policy::quota::Kind;
use flow_policy::retry::{Failure, Plan, Verdict, after_failure};
use flow_store::{IndexEntry, Place, Query, Stamp, Vector, Write, Written};
use serde_json::{Map, Value as Json};

use super::gates::{self, Ended};
use super::performer::{Inner, done, failed};
use super::spent::{Raised, Spent, pause};
use crate::port::{InvokeContext, Reply, Reservation};
use crate::protocol::{Invocation, Outcome};

/// At once where nothing leaves the process, else later.
pub(crate) fn call(
    inner: Arc<Inner>,
    cx: InvokeContext,
    invocation: Box<Invocation>,
    id: ResourceId,
    method: Method,
) -> Reply {
    let Some(resource) = inner.bundle().resources.get(id.index()) else {
        return Reply::Now(failed(Raised::invalid("no such resource")));
    };
    if method == Method::EventsWait || embeds(resource, method) {
        return Reply::Later(Box::pin(async move { perform(&inner, &cx, &invocation, id, method).await }));
    }
    let at = At { inner: &inner, cx: &cx, invocation: &invocation, resource };
    Reply::Now(at.without_waiting(method).map_or_else(failed, done))
}

fn embeds(resource: &Resource, method: Method) -> bool {
    match method {
        Method::IndexSearch | Method::IndexPut => resource.mode != SearchMode::Keyword,
        Method::CacheGet | Method::CachePut => resource.similar.is_some(),
        Method::MemoryLast | Method::MemoryAdd | Method::MemoryForget => false,
        Method::SlotsFill | Method::SlotsDrop | Method::EventsWait | Method::EventsPut => false,
        Method::QueueAdd | Method::QueueTake | Method::TopicEmit | Method::DatasetAdd => false,
    }
}

/// Performs a method, waiting if it must.
pub(crate) async fn perform(
    inner: &Inner,
    cx: &InvokeContext,
    invocation: &Invocation,
    id: ResourceId,
    method: Method,
) -> Outcome {
    let Some(resource) = inner.bundle().resources.get(id.index()) else {
        return failed(Raised::invalid("no such resource"));
    };
    let at = At { inner, cx, invocation, resource };
    let mut spent = Spent::new(cx, invocation);
    let result = at.waiting(method, &mut spent).await;
    spent.facts.attempts = spent.facts.attempts.max(1);
    spent.end(cx, result)
}

/// The vector of a text by a resource's embedding model.
pub(crate) async fn vector_of(
    inner: &Inner,
    cx: &InvokeContext,
    invocation: &Invocation,
    resource: &Resource,
    text: &str,
    spent: &mut Spent,
) -> Result<Vec<f32>, Raised> {
    At { inner, cx, invocation, resource }.vector(text.to_owned(), spent).await
}

/// One call of a method.
struct At<'a> {
    inner: &'a Inner,
    cx: &'a InvokeContext,
    invocation: &'a Invocation,
    resource: &'a Resource,
}

impl At<'_> {
    async fn waiting(&self, method: Method, spent: &mut Spent) -> Result<Value, Raised> {
        match method {
            Method::EventsWait => {
                let store = Arc::clone(&self.inner.with.store);
                let event = store.wait(self.place(), self.key(0)?, self.stamp()).await;
                self.decoded(self.resource.item, &event.map_err(broken)?)
            }
            Method::IndexSearch if embeds(self.resource, method) => {
                let vector = self.vector(self.text(0)?.to_owned(), spent).await?;
                self.search(Some(&vector))
            }
            Method::IndexPut if embeds(self.resource, method) => {
                let mut entries = self.entries()?;
                let texts = entries.iter().map(|entry| entry.text.clone()).collect();
                let vectors = self.vectors(texts, spent).await?;
                for (entry, vector) in entries.iter_mut().zip(vectors) {
                    entry.vector = Some(Vector(vector));
                }
                self.put(entries)
            }
            Method::CacheGet if embeds(self.resource, method) => {
                let vector = self.vector(self.key(0)?, spent).await?;
                let share = self.resource.similar.unwrap_or(1_000_000) as f32 / 1_000_000.0;
                let found = self.inner.with.store.nearest(&self.place(), &vector, share, self.cx.now_ms);
                self.optional(found.map_err(broken)?)
            }
            Method::CachePut if embeds(self.resource, method) => {
                let vector = self.vector(self.key(0)?, spent).await?;
                self.cache(Some(Vector(vector)))
            }
            _ => self.without_waiting(method),
        }
    }

    fn without_waiting(&self, method: Method) -> Result<Value, Raised> {
        match method {
            Method::MemoryLast => self.last(),
            Method::MemoryAdd => {
                let (key, items, until_ms) = (self.key(0)?, self.items(1)?, self.until());
                self.write(Write::MemoryAdd { key, items, until_ms }).map(nothing)
            }
            Method::MemoryForget => self.write(Write::MemoryForget { key: self.key(0)? }).map(nothing),
            Method::IndexSearch => self.search(None),
            Method::IndexPut => self.put(self.entries()?),
            Method::CacheGet => {
                let found = self.inner.with.store.cached(&self.place(), &self.key(0)?, self.cx.now_ms);
                self.optional(found.map_err(broken)?)
            }
            Method::CachePut => self.cache(None),
            Method::SlotsFill => self.fill(),
            Method::SlotsDrop => self.write(Write::SlotsDrop { key: self.key(0)? }).map(nothing),
            Method::EventsPut => {
                let (key, value, until_ms) = (self.key(0)?, self.item(1)?, self.until());
                self.write(Write::EventsPut { key, value, until_ms }).map(nothing)
            }
            Method::EventsWait => Err(Raised::invalid("`wait` cannot be done at once")),
            Method::QueueAdd => self.write(Write::QueueAdd { item: self.item(0)? }).map(nothing),
            Method::QueueTake => {
                let count = self.number(0).unwrap_or(1);
                self.taken(self.write(Write::QueueTake { count })?)
            }
            Method::TopicEmit => self.write(Write::TopicEmit { item: self.item(0)? }).map(nothing),
            Method::DatasetAdd => {
                let items = self.items(0)?;
                let count = items.len();
                self.write(Write::DatasetAdd { items }).map(|_| counted(count))
            }
        }
    }

    // ---- where, when, what

    fn place(&self) -> Place {
        let tenant = (!self.resource.shared).then(|| self.cx.header.tenant.to_string());
        Place { resource: self.resource.name.to_string(), tenant }
    }

    fn stamp(&self) -> Stamp {
        Stamp { key: self.invocation.idempotency_key.to_string(), now_ms: self.cx.now_ms }
    }

    fn until(&self) -> Option<i64> {
        let keep = i64::try_from(self.resource.keep_ms?).ok()?;
        Some(self.cx.now_ms.saturating_add(keep))
    }

    fn write(&self, write: Write) -> Result<Written, Raised> {
        self.inner.with.store.write(&self.place(), &self.stamp(), write).map_err(broken)
    }

    fn arg(&self, position: usize) -> Result<&Value, Raised> {
        let missing = || Raised::invalid(format!("`{}` misses an argument", self.resource.name));
        self.invocation.args.get(position).ok_or_else(missing)
    }

    fn text(&self, position: usize) -> Result<&str, Raised> {
        let text = self.arg(position)?.as_text();
        text.ok_or_else(|| Raised::invalid(format!("`{}` takes a text here", self.resource.name)))
    }

    /// A key is a text; anything else is one by what it prints as in a debugger, which is unique.
    fn key(&self, position: usize) -> Result<String, Raised> {
        match self.arg(position)? {
            Value::Text(text) => Ok(text.to_string()),
            Value::Int(number) => Ok(number.to_string()),
            other => Ok(format!("{other:?}")),
        }
    }

    fn number(&self, position: usize) -> Option<u64> {
        match self.invocation.args.get(position)? {
            Value::Int(number) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    fn item(&self, position: usize) -> Result<Json, Raised> {
        Ok(encode(self.inner.bundle(), self.resource.item, self.arg(position)?))
    }

    fn items(&self, position: usize) -> Result<Vec<Json>, Raised> {
        let items = self.arg(position)?.as_list().unwrap_or_default();
        Ok(items.iter().map(|item| encode(self.inner.bundle(), self.resource.item, item)).collect())
    }

    fn decoded(&self, ty: TypeId, json: &Json) -> Result<Value, Raised> {
        decode(self.inner.bundle(), ty, json).map_err(|error| {
            let name = &self.resource.name;
            Raised::invalid(format!(
                "`{name}` holds a value of an earlier version that does not fit: {error}"
            ))
        })
    }

    fn optional(&self, found: Option<Json>) -> Result<Value, Raised> {
        found.map_or(Ok(Value::None), |json| self.decoded(self.resource.item, &json))
    }

    fn all(&self, items: &[Json]) -> Result<Vec<Value>, Raised> {
        items.iter().map(|item| self.decoded(self.resource.item, item)).collect()
    }

    fn taken(&self, written: Written) -> Result<Value, Raised> {
        match written {
            Written::Items(items) => self.all(&items).map(Value::list),
            Written::Done | Written::Slots(_) => Ok(Value::list([])),
        }
    }

    // ---- the kinds

    /// The last n items, or whole items from the back while they fit into so many tokens.
    fn last(&self) -> Result<Value, Raised> {
        let held =
            self.inner.with.store.memory(&self.place(), &self.key(0)?, self.cx.now_ms).map_err(broken)?;
        let from = match self.invocation.args.get(1) {
            Some(Value::Int(n)) => held.len().saturating_sub(usize::try_from(*n).unwrap_or(0)),
            Some(Value::Tokens(most)) => return self.last_tokens(&held, *most),
            _ => 0,
        };
        self.all(held.get(from..).unwrap_or_default()).map(Value::list)
    }

    fn last_tokens(&self, held: &[Json], most: u64) -> Result<Value, Raised> {
        let (mut total, mut kept) = (0_u64, Vec::new());
        for json in held.iter().rev() {
            let value = self.decoded(self.resource.item, json)?;
            total = total.saturating_add(print::tokens(self.inner.bundle(), self.resource.item, &value));
            if total > most {
                break;
            }
            kept.push(value);
        }
        kept.reverse();
        Ok(Value::list(kept))
    }

    fn cache(&self, vector: Option<Vector>) -> Result<Value, Raised> {
        let (key, value, until_ms) = (self.key(0)?, self.item(1)?, self.until());
        self.write(Write::CachePut { key, value, vector, until_ms }).map(nothing)
    }

    fn fill(&self) -> Result<Value, Raised> {
        let record = self.record()?;
        let values = self.arg(1)?.as_fields().unwrap_or_default();
        let given = record.fields.iter().zip(values).filter(|(_, value)| **value != Value::None);
        let json = |ty, value| encode(self.inner.bundle(), ty, value);
        let fields: Map<String, Json> =
            given.map(|(field, value)| (field.wire.to_string(), json(field.ty, value))).collect();
        let write = Write::SlotsFill { key: self.key(0)?, fields, until_ms: self.until() };
        let Written::Slots(held) = self.write(write)? else {
            return Err(Raised::invalid("the slots could not be read"));
        };
        let optional = |ty| matches!(self.inner.bundle().ty(ty), Type::Optional { .. });
        let missing = record
            .fields
            .iter()
            .filter(|field| !held.contains_key(field.wire.as_str()) && !optional(field.ty));
        let missing: Vec<Value> = missing.map(|field| Value::text(field.name.clone())).collect();
        let value = match missing.is_empty() {
            true => self.decoded(self.resource.item, &Json::Object(held))?,
            false => Value::None,
        };
        Ok(Value::record([value, Value::list(missing)]))
    }

    fn record(&self) -> Result<&Record, Raised> {
        match self.inner.bundle().ty(self.resource.item) {
            Type::Record(record) => Ok(record),
            _ => Err(Raised::invalid(format!("`{}` does not hold a record", self.resource.name))),
        }
    }

    fn search(&self, vector: Option<&[f32]>) -> Result<Value, Raised> {
        let min = match self.invocation.args.get(2) {
            Some(Value::Float(min)) => Some(*min as f32),
            Some(Value::Int(min)) => Some(*min as f32),
            _ => None,
        };
        let top = self.number(1).and_then(|top| usize::try_from(top).ok()).unwrap_or(usize::MAX);
        let query = Query { mode: self.resource.mode, text: self.text(0)?, vector, top, min };
        let mut keep = |item: &Json| self.keeps(item).map_err(|raised| raised.message.to_string());
        let hits = self.inner.with.store.search(&self.place(), &query, &mut keep).map_err(broken)?;
        let found = hits
            .iter()
            .map(|hit| self.decoded(self.resource.item, &hit.item).map(|item| self.scored(item, hit.score)));
        found.collect::<Result<Vec<Value>, Raised>>().map(Value::list)
    }

    fn keeps(&self, item: &Json) -> Result<bool, Raised> {
        let Some(filter) = &self.invocation.filter else { return Ok(true) };
        let value = self.decoded(self.resource.item, item)?;
        let mut locals = filter.locals.to_vec();
        locals.push((filter.lambda.param, value));
        let cx = Context::new(self.inner.bundle(), &filter.slots).with_locals(&locals);
        Ok(eval(&filter.lambda.body, &cx)? == Value::Bool(true))
    }

    /// A `Chunk` says how well it fits.
    fn scored(&self, item: Value, score: f32) -> Value {
        let Type::Record(record) = self.inner.bundle().ty(self.resource.item) else { return item };
        let position = record.fields.iter().position(|field| field.name == "score");
        match (position, item.as_fields()) {
            (Some(position), Some(fields)) if record.name == "Chunk" => {
                let mut fields = fields.to_vec();
                if let Some(field) = fields.get_mut(position) {
                    *field = Value::Float(f64::from(score));
                }
                Value::record(fields)
            }
            _ => item,
        }
    }

    fn put(&self, entries: Vec<IndexEntry>) -> Result<Value, Raised> {
        let count = entries.len();
        self.write(Write::IndexPut { entries }).map(|_| counted(count))
    }

    /// Elements with their text, and an id: the field `id`, else the digest of the element.
    fn entries(&self) -> Result<Vec<IndexEntry>, Raised> {
        let values = self.arg(0)?.as_list().unwrap_or_default();
        let entry = |value: &Value| {
            let item = encode(self.inner.bundle(), self.resource.item, value);
            let id = match item.get("id").and_then(Json::as_str) {
                Some(id) => id.to_owned(),
                None => flow_ir::Digest::of(item.to_string().as_bytes()).to_string(),
            };
            Ok(IndexEntry { id, item, text: self.searched(value)?, vector: None })
        };
        values.iter().map(entry).collect()
    }

    fn searched(&self, value: &Value) -> Result<String, Raised> {
        if let Some((local, expr)) = &self.resource.text {
            let locals = [(*local, value.clone())];
            let text = eval(expr, &self.inner.context(&[]).with_locals(&locals))?;
            return Ok(text.as_text().unwrap_or_default().to_owned());
        }
        let mut texts = Vec::new();
        self.texts_of(self.resource.item, value, &mut texts);
        Ok(texts.join("\n"))
    }

    /// All texts of an element in order; the id of a record is a name, not a text to be found by.
    fn texts_of(&self, ty: TypeId, value: &Value, into: &mut Vec<String>) {
        match (self.inner.bundle().ty(ty), value) {
            (Type::Text { .. }, Value::Text(text)) => into.push(text.to_string()),
            (Type::Optional { item }, value) => self.texts_of(*item, value, into),
            (Type::Record(record), Value::Record(values)) => {
                let fields = record.fields.iter().zip(values.iter()).filter(|(field, _)| field.name != "id");
                fields.for_each(|(field, value)| self.texts_of(field.ty, value, into));
            }
            _ => {}
        }
    }

    // ---- vectors

    async fn vector(&self, text: String, spent: &mut Spent) -> Result<Vec<f32>, Raised> {
        let vectors = self.vectors(vec![text], spent).await?;
        vectors.into_iter().next().ok_or_else(|| Raised::invalid("the embedding model answered with nothing"))
    }

    async fn vectors(&self, texts: Vec<String>, spent: &mut Spent) -> Result<Vec<Vec<f32>>, Raised> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(EMBED_BATCH) {
            vectors.extend(self.embed(batch, spent).await?);
        }
        Ok(vectors)
    }

    fn reserve(&self, model: &Model, worst: Amount) -> Result<Reservation, Raised> {
        self.cx.purse.reserve(worst, self.cx.clock.now_ms()).map_err(|_| {
            let name = &self.resource.name;
            let message = format!(
                "embedding for `{name}` by `{}` may cost {}, and less is left",
                model.name, worst.cost
            );
            Raised::new(ErrorClass::Budget, message)
        })
    }

    async fn embed(&self, texts: &[String], spent: &mut Spent) -> Result<Vec<Vec<f32>>, Raised> {
        let none = || Raised::invalid(format!("`{}` has no embedding model", self.resource.name));
        let id = self.resource.embed.ok_or_else(none)?;
        let target = self.inner.gates.model(id).first().ok_or_else(none)?;
        let model = target.model.as_ref().ok_or_else(none)?;
        let request = EmbedRequest { model: model.id.to_string(), texts: texts.to_vec() };
        let plan = Plan::new(model.retry);
        let worst = worst_of(texts, model);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let pass = gates::enter(target, &model.name, self.cx, spent).await?;
            let reservation = self.reserve(model, worst)?;
            reservation.kept().await;
            spent.facts.attempts += 1;
            let own = model.timeout_ms.unwrap_or(EMBED_TIMEOUT_MS);
            let patience = Patience::of_attempt(spent.attempt_ms(self.cx, own));
            let started_ms = self.cx.clock.now_ms();
            let result = self.inner.with.outside.embed(model, &request, patience).await;
            let used = match &result {
                Ok(EmbedReply { usage: Some(usage), .. }) => {
                    Amount { cost: cost_of(usage, Prices::of(model)), tokens: usage.input.unwrap_or(0) }
                }
                Ok(_) | Err(ModelError { kind: ErrorKind::Timeout { .. }, .. }) => worst,
                Err(_) => Amount::default(),
            };
            reservation.settle(used);
            spent.pay(used.cost);
            spent.facts.input_tokens += used.tokens;
            pass.end(Ended {
                error: result.as_ref().err(),
                limits: RateLimits::default(),
                took_ms: self.cx.clock.now_ms().saturating_sub(started_ms).max(0).unsigned_abs(),
                streamed: false,
                tokens: Some(used.tokens),
                hurried: patience.total_ms < own,
                retried: (attempts > 1).then_some(Kind::Other),
            });
            let error = match result {
                Ok(reply) => return Ok(reply.vectors),
                Err(error) => error,
            };
            let failure = Failure {
                attempts,
                retryable: error.is_retryable(),
                retry_after_ms: error.kind.retry_after_ms(),
                remaining_ms: spent.remaining_ms(self.cx),
            };
            match after_failure(&plan, &failure, spent.draw()) {
                Verdict::Again { after_ms } if target.may_retry(Kind::Other) => {
                    pause(self.cx, after_ms).await
                }
                // Resources raise no `Refused`: a wrong key or model is `Denied`.
                Verdict::Again { .. } | Verdict::GiveUp(_) => {
                    let class =
                        if error.class() == ErrorClass::Refused { ErrorClass::Denied } else { error.class() };
                    return Err(Raised::new(class, error.message));
                }
            }
        }
    }
}

/// The most that texts can be as tokens of this model, and cost.
fn worst_of(texts: &[String], model: &Model) -> Amount {
    let counted: u64 = texts.iter().map(|text| tokens::count(text)).sum();
    let tokens = effort::scaled(counted, model);
    Amount { cost: effort::cost(tokens, 0, model.price_in, None), tokens }
}

fn nothing(_: Written) -> Value {
    Value::Nothing
}

fn counted(count: usize) -> Value {
    Value::record([Value::Int(i64::try_from(count).unwrap_or(i64::MAX))])
}

fn broken(error: flow_store::Error) -> Raised {
    let class = match &error {
        flow_store::Error::Predicate(_) | flow_store::Error::Dimensions { .. } => ErrorClass::Invalid,
        flow_store::Error::Io { .. }
        | flow_store::Error::Runs(_)
        | flow_store::Error::InUse { .. }
        | flow_store::Error::Format { .. } => ErrorClass::Overload,
    };
    Raised::new(class, error.to_string())
}

#[cfg(test)]
mod tests;
