//! One target: a model at an address asked with a key, or a tool.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flow_ir::setup::{Model, Tool};
use flow_policy::breaker::{self, Breaker};
use flow_policy::credential::{self, Credential, Why};
use flow_policy::quota::{self, Quota};
use flow_policy::rate::{self, Rate};
use smol_str::{SmolStr, format_smolstr};

use super::registry::Registry;

/// What one call passes through.
#[derive(Debug)]
pub struct Target {
    /// With the one key that this target is asked with; `None` for a tool.
    pub model: Option<Model>,
    pub(super) health: Arc<Health>,
    pub(super) pace: Arc<Pace>,
    /// Of the key at the provider.
    pub(super) key: Option<Arc<Key>>,
    /// Of the key for this model.
    pub(super) grant: Option<Arc<Key>>,
}

impl Target {
    /// One for every key of the model.
    #[must_use]
    pub fn of_model(registry: &Registry, model: &Model) -> Vec<Arc<Self>> {
        let first = std::iter::once(model.auth.clone());
        let keys = first.chain(model.spare_auth.iter().cloned().map(Some));
        keys.map(|auth| Arc::new(Self::with_key(registry, model, auth))).collect()
    }

    fn with_key(registry: &Registry, model: &Model, auth: Option<SmolStr>) -> Self {
        let endpoint = endpoint(model);
        let name = format_smolstr!("{endpoint} {}", model.id);
        let settings = breaker_of(model);
        let secret = auth.clone().unwrap_or_default();
        let key = format_smolstr!("{endpoint} {secret}");
        let grant = format_smolstr!("{name} {secret}");
        let limits = rate::Limits {
            requests: model.limit.and_then(|limit| limit.requests),
            tokens: model.limit.and_then(|limit| limit.tokens),
        };
        // Equal targets under other rules have gates of their own.
        let health = match model.breaker {
            Some(_) => format_smolstr!("{name} ({})", rules(settings)),
            None => name,
        };
        let paced = format_smolstr!("{grant} {limits:?}");
        let new_key = |name: &SmolStr| Key::new(name.clone(), secret.clone());
        Self {
            model: Some(Model { auth, spare_auth: Vec::new(), ..model.clone() }),
            health: registry.health.get(&health, || Health::new(health.clone(), settings)),
            pace: registry.paces.get(&paced, || Pace::new(limits)),
            key: Some(registry.keys.get(&key, || new_key(&key))),
            grant: Some(registry.keys.get(&grant, || new_key(&grant))),
        }
    }

    pub(super) fn of_tool(registry: &Registry, package: &str, tool: &Tool) -> Arc<Self> {
        let name = format_smolstr!("{package} {}", tool.name);
        Arc::new(Self {
            model: None,
            health: registry.health.get(&name, || Health::new(name.clone(), breaker::Settings::default())),
            pace: registry.paces.get(&name, || Pace::new(rate::Limits::default())),
            key: None,
            grant: None,
        })
    }

    /// Takes a retry out of the target's budget.
    pub(crate) fn may_retry(&self, kind: quota::Kind) -> bool {
        self.pace.with(|pace| pace.quota.step(quota::Event::Retry(kind)))
    }
}

/// Who is asked, without the model.
fn endpoint(model: &Model) -> SmolStr {
    let provider = format!("{:?}", model.provider).to_lowercase();
    let parts = [Some(provider.as_str()), model.address.as_deref(), model.region.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ").into()
}

fn breaker_of(model: &Model) -> breaker::Settings {
    let Some(declared) = model.breaker else { return breaker::Settings::default() };
    breaker::Settings {
        share: declared.errors / 10,
        window_ms: declared.window_ms,
        rest_ms: declared.rest_ms,
        ..breaker::Settings::default()
    }
}

fn rules(settings: breaker::Settings) -> String {
    let breaker::Settings { share, window_ms, rest_ms, .. } = settings;
    format!("{} % in {window_ms} ms, rests {rest_ms} ms", share / 10)
}

/// The breaker of a target.
#[derive(Debug)]
pub(crate) struct Health {
    pub(super) name: SmolStr,
    breaker: Mutex<Breaker>,
}

impl Health {
    fn new(name: SmolStr, settings: breaker::Settings) -> Self {
        Self { name, breaker: Mutex::new(Breaker::new(settings)) }
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Breaker) -> T) -> T {
        // A step cannot panic half-way, so a poisoned breaker is still whole.
        act(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn step(&self, event: breaker::Event, now_ms: i64, random: u64) -> breaker::Effect {
        let effect = self.with(|breaker| breaker.step(event, now_ms, random));
        match &effect {
            breaker::Effect::Opened { until_ms } => {
                tracing::warn!(target = %self.name, until_ms, "a breaker opens");
            }
            breaker::Effect::Closed => tracing::info!(target = %self.name, "a breaker closes"),
            breaker::Effect::Nothing | breaker::Effect::Admitted(_) | breaker::Effect::Refused { .. } => {}
        }
        effect
    }

    pub(super) fn force(&self, forced: Option<breaker::Forced>) {
        tracing::warn!(target = %self.name, ?forced, "an operator decides about a breaker");
        self.step(breaker::Event::Force(forced), 0, 0);
    }

    pub(super) fn hint(&self, until_ms: i64) {
        self.step(breaker::Event::Hint(until_ms), 0, 0);
    }
}

/// The rate of a key for a model, and the retries of that target.
#[derive(Debug)]
pub(crate) struct Pace {
    inner: Mutex<Paced>,
}

#[derive(Debug)]
pub(super) struct Paced {
    pub(super) rate: Rate,
    pub(super) quota: Quota,
}

impl Pace {
    fn new(limits: rate::Limits) -> Self {
        Self { inner: Mutex::new(Paced { rate: Rate::new(limits), quota: Quota::default() }) }
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Paced) -> T) -> T {
        // A step cannot panic half-way.
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether a key is accepted. Nearly always it is, so that is one load.
#[derive(Debug)]
pub(crate) struct Key {
    pub(super) name: SmolStr,
    /// What the secret is called; empty is the provider's default.
    secret: SmolStr,
    shut: AtomicBool,
    state: Mutex<Credential>,
}

impl Key {
    fn new(name: SmolStr, secret: SmolStr) -> Self {
        Self { name, secret, shut: AtomicBool::new(false), state: Mutex::default() }
    }

    pub(super) fn is_of(&self, secret: &str) -> bool {
        self.secret == secret
    }

    pub(super) fn ask(&self, now_ms: i64) -> Result<(), (Why, i64)> {
        if !self.shut.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.step(credential::Event::Ask, now_ms) {
            credential::Effect::Refused { why, since_ms } => Err((why, since_ms)),
            _ => Ok(()),
        }
    }

    pub(super) fn worked(&self, now_ms: i64) {
        if self.shut.load(Ordering::Relaxed) {
            self.step(credential::Event::Worked, now_ms);
        }
    }

    pub(super) fn failed(&self, why: Why, now_ms: i64) {
        if let credential::Effect::Shut(why) = self.step(credential::Event::Failed(why), now_ms) {
            tracing::error!(key = %self.name, "a key {}; it is tried again every 5 minutes", why.what());
        }
    }

    pub(super) fn changed(&self, now_ms: i64) {
        self.step(credential::Event::Changed, now_ms);
    }

    pub(super) fn since(&self) -> Option<(Why, i64)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).shut()
    }

    fn step(&self, event: credential::Event, now_ms: i64) -> credential::Effect {
        // A step cannot panic half-way.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let effect = state.step(event, now_ms);
        self.shut.store(state.shut().is_some(), Ordering::Relaxed);
        effect
    }
}
