//! Resources: what is embedded costs money, the rest is done in the house.

use flow_ir::effort::{self, EMBED_BATCH, EMBED_TIMEOUT_MS};
use flow_ir::setup::{Call, Method, Model, Prompt, Resource, SearchMode};
use flow_ir::types::Type;
use flow_ir::{ModelId, ResourceId, TypeId};

use super::{Costs, Taken, attempts_ms, has_price};
use crate::bounds::size::{Shape, Sizer, Weight};
use crate::bounds::{Effort, Most};

impl<'b> Costs<'b> {
    pub(super) fn method(&self, id: ResourceId, method: Method, call: &Call, sizer: &Sizer<'b>) -> Taken {
        let one = Effort { calls: Most::new(1), ..Effort::default() };
        let plain = Taken { worst: one, usual: one, ..Taken::default() };
        let Some(resource) = self.bundle.resources.get(id.index()) else { return plain };
        if method == Method::EventsWait {
            let waiting = Effort { time_ms: Most::UNBOUNDED, ..one };
            return Taken { worst: waiting, usual: waiting, waits_ms: Most::UNBOUNDED, ..plain };
        }
        let first = call.args.first().map(|arg| sizer.shape(arg));
        match (embedder(resource, method), first) {
            (Some(model), Some(first)) => {
                let (text, count) = self.embedded(resource, method, &first, sizer);
                self.embedding(model, text, count)
            }
            _ => plain,
        }
    }

    /// A search that a model starts: it writes the text, so the text is at most its answer.
    pub(super) fn searched(&self, id: ResourceId, method: Method, prompt: &Prompt) -> Taken {
        let resource = self.bundle.resources.get(id.index());
        let model = resource.and_then(|resource| embedder(resource, method));
        let text = prompt.output.map_or(Weight::UNBOUNDED, Weight::tokens);
        model.map_or_else(Taken::default, |model| self.embedding(model, text, 1))
    }

    /// What one text weighs, and how many there are.
    fn embedded(
        &self,
        resource: &Resource,
        method: Method,
        first: &Shape,
        sizer: &Sizer<'b>,
    ) -> (Weight, u64) {
        if method != Method::IndexPut {
            return (sizer.json(first), 1);
        }
        let count = sizer.list(first).map_or(1, |(item, count, tokens)| sizer.at_most(&item, count, tokens));
        let weight = match &resource.text {
            Some((local, text)) => {
                let inner = sizer.with(*local, Shape::Of(resource.item));
                inner.printed(&inner.shape(text))
            }
            None => self.texts(resource.item, sizer),
        };
        (weight, count)
    }

    /// All texts of an element, as they are joined to be embedded.
    fn texts(&self, ty: TypeId, sizer: &Sizer<'b>) -> Weight {
        match self.bundle.ty(ty) {
            Type::Text { .. } => sizer.printed(&Shape::Of(ty)).plus(Weight::tokens(4)),
            Type::Optional { item } => self.texts(*item, sizer),
            Type::Record(record) => {
                let fields = record.fields.iter().filter(|field| field.name != "id");
                fields.fold(Weight::ZERO, |all, field| all.plus(self.texts(field.ty, sizer)))
            }
            _ => Weight::ZERO,
        }
    }

    /// A text longer than the model's window is refused by the provider, and costs nothing.
    fn embedding(&self, id: ModelId, text: Weight, count: u64) -> Taken {
        let Some(model) = self.bundle.models.get(id.index()) else { return Taken::default() };
        let window = model.context.unwrap_or(u64::MAX);
        let each = if text.is_bounded() { text.on(model).min(window) } else { window };
        let tokens = each.saturating_mul(count);
        let batches = count.div_ceil(EMBED_BATCH as u64);
        let cost = match (tokens, model.price_in.map_or(0, |price| price.0)) {
            (u64::MAX, price) if price > 0 => Most::UNBOUNDED,
            // Every batch is rounded up.
            _ => Most::usd(effort::cost(tokens, 0, model.price_in, None))
                .plus(Most::new(batches.saturating_sub(1))),
        };
        let usual = Effort {
            cost,
            tokens: Most::new(tokens),
            calls: Most::new(batches),
            time_ms: timeout(model, batches, 0),
            shadows: Most::ZERO,
        };
        let worst = Effort {
            calls: Most::new(batches).times(effort::attempts(model.retry)),
            time_ms: timeout(model, batches, model.retry),
            ..usual
        };
        let unpriced = if has_price(model, None) { Vec::new() } else { vec![id] };
        Taken { worst, usual, unpriced, ..Taken::default() }
    }
}

fn timeout(model: &Model, batches: u64, retry: u32) -> Most {
    attempts_ms(retry, model.timeout_ms.unwrap_or(EMBED_TIMEOUT_MS)).times(batches)
}

/// The model that a method asks for vectors.
fn embedder(resource: &Resource, method: Method) -> Option<ModelId> {
    let embeds = match method {
        Method::IndexSearch | Method::IndexPut => resource.mode != SearchMode::Keyword,
        Method::CacheGet | Method::CachePut => resource.similar.is_some(),
        Method::MemoryLast | Method::MemoryAdd | Method::MemoryForget => false,
        Method::SlotsFill | Method::SlotsDrop | Method::EventsWait | Method::EventsPut => false,
        Method::QueueAdd | Method::QueueTake | Method::TopicEmit | Method::DatasetAdd => false,
    };
    resource.embed.filter(|_| embeds)
}
