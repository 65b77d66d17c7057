//! The effects of a run.

use std::sync::Arc;

use flow_eval::{Context, Value};
use flow_ir::Bundle;
use flow_ir::setup::Callee;
use flow_ir::units::ErrorClass;
use flow_store::Store;
use smol_str::SmolStr;

use super::gates::{Gates, Registry};
use super::human::{People, Question};
use super::outside::Outside;
use super::prompt;
use super::spent::{Raised, Spent};
use super::versions::{Linker, VersionSource};
use super::{human, resource, tool};
use crate::port::{Delta, Effects, InvokeContext, Reply, Treasury};
use crate::protocol::{Facts, Invocation, Outcome};

/// What operations are performed with.
#[derive(Clone)]
pub struct Surroundings {
    /// What is run.
    pub bundle: Arc<Bundle>,
    /// The world.
    pub outside: Arc<dyn Outside>,
    /// The people.
    pub people: Arc<dyn People>,
    /// What resources hold.
    pub store: Arc<dyn Store>,
}

/// Performs the operations of all runs of one bundle.
#[derive(Clone)]
pub struct Performer {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) with: Surroundings,
    pub(crate) gates: Arc<Gates>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) treasury: Arc<Treasury>,
    pub(crate) flights: Arc<prompt::Flights>,
    /// Digest of every prompt of the bundle.
    pub(crate) digests: Arc<[SmolStr]>,
    /// What is in the registry.
    pub(crate) linker: Arc<Linker>,
}

impl Performer {
    /// For one bundle, with gates of its own and no limit a day.
    #[must_use]
    pub fn new(with: Surroundings) -> Self {
        Self::sharing(with, Registry::new(), Arc::default())
    }

    /// For one bundle, with the gates and the money of a process: breakers, rates and keys are those of every
    /// performer that shares the registry, the tenants' days those of every one that shares the treasury.
    #[must_use]
    pub fn sharing(with: Surroundings, registry: Arc<Registry>, treasury: Arc<Treasury>) -> Self {
        let gates = Arc::new(Gates::of(&with.bundle, &registry));
        let digests = prompt::digests(&with.bundle);
        let (flights, linker) = (Arc::default(), Arc::default());
        Self { inner: Arc::new(Inner { with, gates, registry, treasury, flights, digests, linker }) }
    }

    /// The same with another world. Gates and limits are shared with the first.
    #[must_use]
    pub fn with_outside(&self, outside: Arc<dyn Outside>) -> Self {
        let mut inner = self.inner.again();
        inner.with.outside = outside;
        inner.flights = Arc::default();
        inner.linker = Arc::new(self.inner.linker.anew());
        Self { inner: Arc::new(inner) }
    }

    /// The same with gates of its own: a process in which nothing has failed yet.
    #[must_use]
    pub fn with_fresh_gates(&self) -> Self {
        let Inner { with, treasury, digests, linker, .. } = &*self.inner;
        let registry = Registry::new();
        let gates = Arc::new(Gates::of(&with.bundle, &registry));
        let (with, treasury) = (with.clone(), treasury.clone());
        let (digests, linker, flights) = (digests.clone(), linker.clone(), Arc::default());
        Self { inner: Arc::new(Inner { with, gates, registry, treasury, flights, digests, linker }) }
    }

    /// The gates, to be looked at, forced and kept.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.inner.registry
    }

    /// The same with a registry of versions, which is asked at the start of every call of a prompt or model that is
    /// there.
    #[must_use]
    pub fn with_registry(&self, source: Arc<dyn VersionSource>) -> Self {
        Self { inner: Arc::new(Inner { linker: Arc::new(Linker::new(source)), ..self.inner.again() }) }
    }

    /// What a prompt is called in recordings: its name and digest.
    #[must_use]
    pub fn prompt_digest(&self, prompt: flow_ir::PromptId) -> Option<&str> {
        self.inner.digests.get(prompt.index()).map(SmolStr::as_str)
    }
}

impl Inner {
    /// Everything is shared.
    fn again(&self) -> Self {
        Self {
            with: self.with.clone(),
            gates: Arc::clone(&self.gates),
            registry: Arc::clone(&self.registry),
            treasury: Arc::clone(&self.treasury),
            flights: Arc::clone(&self.flights),
            digests: Arc::clone(&self.digests),
            linker: Arc::clone(&self.linker),
        }
    }

    /// The same for a Bundle with the same rows in which some are filled in.
    pub(crate) fn with_bundle(&self, bundle: Arc<Bundle>) -> Self {
        let digests = prompt::digests(&bundle);
        let with = Surroundings { bundle, ..self.with.clone() };
        Self { with, digests, linker: Arc::default(), ..self.again() }
    }

    pub(crate) fn bundle(&self) -> &Bundle {
        &self.with.bundle
    }

    /// A frame for expressions over the parameters of a callable.
    pub(crate) fn context<'a>(&'a self, slots: &'a [Option<Value>]) -> Context<'a> {
        Context::new(self.bundle(), slots)
    }
}

/// Arguments as the slots of a callable's expressions.
pub(crate) fn slots_of(args: &[Value]) -> Vec<Option<Value>> {
    args.iter().cloned().map(Some).collect()
}

pub(crate) fn done(value: Value) -> Outcome {
    Outcome::Ok { value, facts: Box::new(Facts { attempts: 1, ..Facts::default() }) }
}

pub(crate) fn failed(raised: Raised) -> Outcome {
    let facts = Box::new(Facts { attempts: 1, ..Facts::default() });
    Outcome::Err { class: raised.class, message: raised.message, facts }
}

impl Effects for Performer {
    fn question(&self, cx: &InvokeContext, invocation: &Invocation) -> Option<Result<Question, Outcome>> {
        let Callee::Human(id) = invocation.callee else { return None };
        let kept = || human::kept(&self.inner, cx, invocation, id).map_err(failed);
        self.inner.with.people.answer_through_home().then(kept)
    }

    fn invoke(&self, cx: &InvokeContext, invocation: Box<Invocation>) -> Reply {
        let (inner, mut cx) = (Arc::clone(&self.inner), cx.clone());
        cx.purse = cx.purse.with_day(inner.treasury.day_of(&cx.header.tenant));
        match invocation.callee {
            Callee::Prompt(id) => Reply::Later(Box::pin(async move {
                let mut spent = Spent::new(&cx, &invocation);
                let result = prompt::ask(&inner, &cx, &invocation, id, &mut spent).await;
                spent.end(&cx, result)
            })),
            Callee::Tool(id) => Reply::Later(Box::pin(async move {
                let mut spent = Spent::new(&cx, &invocation);
                let result = tool::call(&inner, &cx, &invocation, id, &mut spent).await;
                spent.end(&cx, result)
            })),
            Callee::Human(id) => Reply::Later(Box::pin(async move {
                let mut spent = Spent::new(&cx, &invocation);
                let result = human::ask(&inner, &cx, &invocation, id, &mut spent).await;
                spent.end(&cx, result)
            })),
            Callee::Method(id, method) => resource::call(inner, cx, invocation, id, method),
            Callee::Sleep => match invocation.args.first() {
                Some(Value::Duration(ms)) => {
                    let nap = cx.clock.sleep(u64::try_from(*ms).unwrap_or(0));
                    Reply::Later(Box::pin(async move {
                        nap.await;
                        done(Value::Nothing)
                    }))
                }
                _ => Reply::Now(failed(Raised::invalid("`sleep` takes a duration"))),
            },
            Callee::Tell => {
                let line = invocation.args.first().and_then(Value::as_text).unwrap_or_default();
                cx.deltas.send(Delta::Line(line.into()));
                Reply::Now(done(Value::Nothing))
            }
            Callee::Value | Callee::Function(_) | Callee::Check(_) | Callee::Split(_) | Callee::Flow(_) => {
                let message = "the machine asked to perform something that it does itself";
                Reply::Now(failed(Raised::new(ErrorClass::Failed, message)))
            }
        }
    }
}
