//! One reply: cache, gates, budget, attempts, hedges, retries, fallbacks, probes.
//!
//! A *chain* is the model and its fallbacks; each of its *legs* is one of them with one of its keys. Which leg is
//! asked next is decided by `flow_policy::route`, from how every leg stands: the first that was not asked yet and
//! is let through by its gates; when all have had their turn, the retries that are left. What each attempt does
//! is in `attempt`; two side by side in `hedge`; the request that tries a target that may be well again in
//! `probe`.

mod attempt;
mod cache;
mod hedge;
mod leg;
mod probe;
mod worst;

use std::fmt::Write as _;

use flow_ir::effort;
use flow_ir::setup::Model;
use flow_ir::units::{ErrorClass, Usd};
use flow_model::{ChatReply, ChatRequest, ErrorKind, ModelError};
use flow_policy::quota::Kind;
use flow_policy::retry::{Failure, Plan, Verdict, after_failure};
use flow_policy::route::{self, Choice, Standing};
use smol_str::SmolStr;

use super::Call;
use crate::effects::gates::{Admission, Pass, Shut};
use crate::effects::spent::{Raised, Spent, pause};
use attempt::Speaker;
use leg::{Asks, Leg};
use probe::Probe;

/// Makes the request for a model of the chain.
pub(super) type RequestFor<'r> = &'r (dyn Fn(&Model) -> Result<ChatRequest, Raised> + Sync);

/// Asks until somebody answers or nobody is left.
pub(super) async fn reply(
    call: &Call<'_>,
    request: RequestFor<'_>,
    spent: &mut Spent,
) -> Result<ChatReply, Raised> {
    let mut chain = Chain::new(call, request);
    let result = chain.run(spent).await;
    for probe in &chain.probes {
        spent.pay(probe.cost());
    }
    spent.facts.route = chain.told().or(spent.facts.route.take());
    result
}

/// A call on its way along its chain.
struct Chain<'c> {
    call: &'c Call<'c>,
    request: RequestFor<'c>,
    legs: Vec<Leg>,
    models: Vec<Asks<'c>>,
    errors: Vec<ModelError>,
    /// Why legs were passed over.
    shut: Vec<(SmolStr, Shut)>,
    probes: Vec<Probe>,
    speaker: Speaker,
    told: String,
}

impl<'c> Chain<'c> {
    fn new(call: &'c Call<'c>, request: RequestFor<'c>) -> Self {
        let models: Vec<Asks<'c>> = effort::chain(&call.inner.bundle().models, call.model)
            .into_iter()
            .map(|(id, model)| Asks::new(id, model))
            .collect();
        let gates = &call.inner.gates;
        let legs = models.iter().enumerate().flat_map(|(at, asks)| {
            gates.model(asks.id).iter().map(move |target| Leg::new(at, std::sync::Arc::clone(target)))
        });
        Self {
            call,
            request,
            legs: legs.collect(),
            models,
            errors: Vec::new(),
            shut: Vec::new(),
            probes: Vec::new(),
            speaker: Speaker::default(),
            told: String::new(),
        }
    }

    async fn run(&mut self, spent: &mut Spent) -> Result<ChatReply, Raised> {
        loop {
            if spent.remaining_ms(self.call.cx) == Some(0) {
                let message = format!("the time of `{}` is used up", self.call.prompt.name);
                return Err(Raised::new(ErrorClass::Timeout, message));
            }
            let (choice, mut passes) = self.look(spent)?;
            let mut take = |at: usize| passes.get_mut(at).and_then(Option::take);
            let asked = match choice {
                Choice::Ask(at) => take(at).map(|pass| (at, pass)),
                Choice::Shielded { answer, probe } => {
                    if let Some(pass) = take(probe) {
                        self.shield(probe, pass)?;
                    }
                    take(answer).map(|pass| (answer, pass))
                }
                Choice::Wait(ms) => {
                    drop(passes);
                    pause(self.call.cx, ms).await;
                    continue;
                }
                Choice::Nobody => return Err(self.raised(spent)),
            };
            drop(passes);
            let Some((at, pass)) = asked else { return Err(self.raised(spent)) };
            if let Some(reply) = self.ask(at, pass, spent).await? {
                return Ok(reply);
            }
        }
    }

    /// How every leg stands, with leave for those that are ready. Looks no further than the first fresh one that
    /// is: the others are not needed.
    fn look(&mut self, spent: &Spent) -> Result<(Choice, Vec<Option<Pass>>), Raised> {
        let mut seen = Vec::with_capacity(self.legs.len());
        let mut passes: Vec<Option<Pass>> = Vec::with_capacity(self.legs.len());
        self.shut.clear();
        for at in 0..self.legs.len() {
            let (leg, pass) = self.stand(at)?;
            seen.push(leg);
            passes.push(pass);
            if leg.standing == Standing::Ready && leg.made == 0 && leg.most > 0 {
                break;
            }
        }
        Ok((route::choose(&seen, spent.remaining_ms(self.call.cx)), passes))
    }

    fn stand(&mut self, at: usize) -> Result<(route::Leg, Option<Pass>), Raised> {
        let cx = self.call.cx;
        let Some(leg) = self.legs.get(at) else { return Ok((leg::NOWHERE, None)) };
        let (of, made, target) = (leg.model, leg.made, std::sync::Arc::clone(&leg.target));
        let wait = leg.wait_ms(cx.clock.now_ms());
        let Some(asks) = self.models.get_mut(of) else { return Ok((leg::NOWHERE, None)) };
        let most = made + asks.left();
        let standing = |standing| route::Leg { made, most, standing };
        if leg.is_done() || most == made {
            return Ok((standing(Standing::Shut), None));
        }
        if wait > 0 {
            return Ok((standing(Standing::Later(wait)), None));
        }
        let tokens = asks.prepare(self.request)?.worst.tokens();
        Ok(match target.admit(&cx.clock, tokens) {
            Admission::Go(pass) if pass.probe => (standing(Standing::Probe), Some(pass)),
            Admission::Go(pass) => (standing(Standing::Ready), Some(pass)),
            Admission::Wait(ms) => (standing(Standing::Later(ms)), None),
            Admission::Shut(why) => {
                self.shut.push((asks.model.name.clone(), why));
                (standing(Standing::Shut), None)
            }
        })
    }

    /// One turn: the attempts it makes, and what they lead to. `None`: look again.
    async fn ask(&mut self, at: usize, pass: Pass, spent: &mut Spent) -> Result<Option<ChatReply>, Raised> {
        if let Some(reply) = self.cached(at)? {
            return Ok(Some(reply));
        }
        if !self.may_retry(at) {
            return Ok(None);
        }
        for (at, tried) in self.attempts(at, pass, spent).await? {
            spent.pay(tried.used.cost);
            match tried.result {
                Ok(reply) => return Ok(Some(self.answered(at, reply, spent)?)),
                Err(error) => self.failed(at, error, spent)?,
            }
        }
        Ok(None)
    }

    fn cached(&mut self, at: usize) -> Result<Option<ChatReply>, Raised> {
        let request = self.request;
        let call = self.call;
        let Some(asks) = self.legs.get(at).and_then(|leg| self.models.get_mut(leg.model)) else {
            return Ok(None);
        };
        Ok(cache::cached(call, &asks.prepare(request)?.request))
    }

    /// A retry is taken out of the target's budget; without one, the leg is done.
    fn may_retry(&mut self, at: usize) -> bool {
        let Some(leg) = self.legs.get_mut(at) else { return false };
        let Some(kind) = leg.retry else { return true };
        let granted = leg.target.may_retry(kind);
        if !granted {
            leg.finish();
        }
        granted
    }

    fn answered(&mut self, at: usize, reply: ChatReply, spent: &mut Spent) -> Result<ChatReply, Raised> {
        self.tell(at, "ok");
        let request = self.request;
        if let Some(asks) = self.legs.get(at).and_then(|leg| self.models.get_mut(leg.model)) {
            cache::remember(self.call, &asks.prepare(request)?.request, &reply);
        }
        spent.facts.model = Some(reply.model.as_str().into()).filter(|model: &SmolStr| !model.is_empty());
        spent.facts.request_id = reply.request_id.as_deref().map(SmolStr::from);
        spent.facts.finish = Some(reply.finish.name().into());
        if let Some(usage) = &reply.usage {
            spent.facts.input_tokens += usage.input.unwrap_or(0);
            spent.facts.output_tokens += usage.output.unwrap_or(0);
        }
        Ok(reply)
    }

    /// Whether and when this leg is asked again. What nobody else may answer ends the call.
    fn failed(&mut self, at: usize, error: ModelError, spent: &mut Spent) -> Result<(), Raised> {
        let call = self.call;
        self.tell(at, kind_name(&error.kind));
        let Some(leg) = self.legs.get_mut(at) else { return Ok(()) };
        let asks = self.models.get(leg.model);
        let (name, retry) = asks.map_or(("", 0), |asks| (asks.model.name.as_str(), asks.model.retry));
        tracing::warn!(run = %call.cx.header.run, model = name, kind = ?error.kind, "a model failed");
        let failure = Failure {
            attempts: leg.made,
            retryable: error.is_retryable(),
            retry_after_ms: error.kind.retry_after_ms(),
            remaining_ms: spent.remaining_ms(call.cx),
        };
        match after_failure(&Plan::new(retry), &failure, spent.draw()) {
            Verdict::Again { after_ms } => {
                leg.again(call.cx.clock.now_ms(), after_ms, retry_kind(&error.kind))
            }
            Verdict::GiveUp(_) => leg.finish(),
        }
        let is_last_word = !error.kind.may_fall_back();
        // Text that was shown and cannot be taken back: nobody may begin again.
        let is_stuck = self.speaker.spoke() && !call.cx.deltas.can_restart();
        self.errors.push(error);
        if is_last_word || is_stuck { Err(self.raised(spent)) } else { Ok(()) }
    }

    /// The last error decides the class; all of them are told. Without any, the gates are.
    fn raised(&mut self, spent: &Spent) -> Raised {
        let errors = std::mem::take(&mut self.errors);
        match errors.last().map(ModelError::class) {
            Some(class) => {
                let messages: Vec<String> = errors.into_iter().map(|error| error.message).collect();
                Raised::new(class, messages.join("; then "))
            }
            None => leg::nobody(self.call, &self.shut, spent.remaining_ms(self.call.cx)),
        }
    }

    fn tell(&mut self, at: usize, what: &str) {
        let name = self.legs.get(at).and_then(|leg| self.models.get(leg.model)).map(|asks| &asks.model.name);
        let arrow = if self.told.is_empty() { "" } else { " → " };
        // Writing to memory cannot fail.
        let _ = write!(self.told, "{arrow}{}: {what}", name.map_or("", SmolStr::as_str));
    }

    /// The route, where it was not the plain one.
    fn told(&self) -> Option<SmolStr> {
        let first = self.models.first().map_or("", |asks| asks.model.name.as_str());
        let is_plain = self.told.strip_suffix(": ok") == Some(first) && self.probes.is_empty();
        (!is_plain && !self.told.is_empty()).then(|| self.told.as_str().into())
    }
}

const fn retry_kind(kind: &ErrorKind) -> Kind {
    match kind {
        ErrorKind::RateLimited { .. } | ErrorKind::Overloaded { .. } => Kind::Throttled,
        _ => Kind::Other,
    }
}

/// For the route.
const fn kind_name(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest => "invalid request",
        ErrorKind::Auth => "key refused",
        ErrorKind::Permission => "not permitted",
        ErrorKind::NotFound => "not found",
        ErrorKind::ContextTooLong => "too long",
        ErrorKind::ContentPolicy => "content policy",
        ErrorKind::TooLarge => "too large",
        ErrorKind::RateLimited { .. } => "rate limited",
        ErrorKind::QuotaExhausted => "quota used up",
        ErrorKind::Overloaded { .. } => "overloaded",
        ErrorKind::Timeout { .. } => "timed out",
        ErrorKind::Upstream5xx { .. } => "server error",
        ErrorKind::Connect => "no connection",
        ErrorKind::Tls => "no trust",
        ErrorKind::PartialStream { .. } => "broke off",
        ErrorKind::MalformedResponse => "malformed reply",
        ErrorKind::SchemaMismatch => "does not fit",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::Unsupported => "not possible",
    }
}

fn no_money(call: &Call<'_>, model: &Model, worst: worst::Worst, day_left: Option<Usd>) -> Raised {
    let left = call.cx.purse.left();
    let money = left.cost.map(|left| format!("{left} is left")).into_iter();
    let tokens = left.tokens.map(|left| format!("{left} tokens are left"));
    let day = day_left.map(|left| format!("{left} of the tenant's day is left"));
    let left: Vec<String> = money.chain(tokens).chain(day).collect();
    let message = format!(
        "asking `{}` for `{}` may cost up to {} and {} tokens, and {}",
        model.name,
        call.prompt.name,
        worst.cost,
        worst.tokens(),
        left.join(", ")
    );
    Raised::new(ErrorClass::Budget, message)
}

#[cfg(test)]
mod tests;
