//! The legs of a chain: which model, with which key, and how far it is with them.

use std::sync::Arc;

use flow_ir::ModelId;
use flow_ir::effort;
use flow_ir::setup::Model;
use flow_ir::units::ErrorClass;
use flow_model::ChatRequest;
use flow_policy::credential::Why;
use flow_policy::quota::Kind;
use flow_policy::route::{self, Standing};
use smol_str::SmolStr;

use super::RequestFor;
use super::worst::{Worst, fits};
use crate::effects::gates::{Shut, Target};
use crate::effects::prompt::Call;
use crate::effects::spent::Raised;

/// A leg that is none.
pub(super) const NOWHERE: route::Leg = route::Leg { made: 0, most: 0, standing: Standing::Shut };

/// What a model is asked, and the most that it can cost.
pub(super) struct Prepared {
    pub(super) request: ChatRequest,
    pub(super) worst: Worst,
}

/// A model of the chain, with what it would be asked.
pub(super) struct Asks<'c> {
    pub(super) id: ModelId,
    pub(super) model: &'c Model,
    /// Attempts that may have been billed, over all keys.
    made: u32,
    prepared: Option<Arc<Prepared>>,
}

impl<'c> Asks<'c> {
    pub(super) const fn new(id: ModelId, model: &'c Model) -> Self {
        Self { id, model, made: 0, prepared: None }
    }

    /// Attempts that are left: the bound of a call's cost counts so many, retries and a hedge included.
    pub(super) fn left(&self) -> u32 {
        let most = u32::try_from(effort::model_attempts(self.model)).unwrap_or(u32::MAX);
        most.saturating_sub(self.made)
    }

    /// Counts an attempt.
    pub(super) const fn count(&mut self) {
        self.made = self.made.saturating_add(1);
    }

    /// Takes the count of an attempt back that was turned away and is not billed.
    pub(super) const fn uncount(&mut self) {
        self.made = self.made.saturating_sub(1);
    }

    /// The request, made once.
    pub(super) fn prepare(&mut self, request: RequestFor<'_>) -> Result<&Arc<Prepared>, Raised> {
        if self.prepared.is_none() {
            let request = request(self.model)?;
            let worst = Worst::of(&request, self.model);
            fits(self.model, &request, worst)?;
            self.prepared = Some(Arc::new(Prepared { request, worst }));
        }
        self.prepared.as_ref().ok_or_else(|| Raised::invalid("a request was not made"))
    }
}

/// A model with one of its keys.
pub(super) struct Leg {
    /// Which of the chain's models.
    pub(super) model: usize,
    pub(super) target: Arc<Target>,
    pub(super) made: u32,
    /// The kind of failure that the next attempt repeats; `None` for the first.
    pub(super) retry: Option<Kind>,
    again_ms: i64,
    done: bool,
}

impl Leg {
    pub(super) const fn new(model: usize, target: Arc<Target>) -> Self {
        Self { model, target, made: 0, retry: None, again_ms: i64::MIN, done: false }
    }

    /// Asked no more in this call.
    pub(super) const fn finish(&mut self) {
        self.done = true;
    }

    pub(super) const fn is_done(&self) -> bool {
        self.done
    }

    /// Asked again after so many ms.
    pub(super) fn again(&mut self, now_ms: i64, after_ms: u64, kind: Kind) {
        self.again_ms = now_ms.saturating_add(i64::try_from(after_ms).unwrap_or(i64::MAX));
        self.retry = Some(kind);
    }

    pub(super) fn wait_ms(&self, now_ms: i64) -> u64 {
        self.again_ms.saturating_sub(now_ms).max(0).unsigned_abs()
    }
}

/// Nobody was asked: the gates say why.
pub(super) fn nobody(call: &Call<'_>, shut: &[(SmolStr, Shut)], remaining_ms: Option<u64>) -> Raised {
    let now_ms = call.cx.clock.now_ms();
    let reasons: Vec<String> = shut.iter().map(|(name, why)| reason(name, why, now_ms)).collect();
    let class = match shut.last() {
        Some((_, Shut::Key(Why::Refused | Why::Forbidden))) => ErrorClass::Refused,
        _ => ErrorClass::Overload,
    };
    if reasons.is_empty() {
        let left = remaining_ms.map(|ms| format!(" before its time is over, in {ms} ms")).unwrap_or_default();
        let message =
            format!("no model may be asked for `{}`{left}: their rates do not allow it", call.prompt.name);
        return Raised::new(class, message);
    }
    Raised::new(class, format!("no model is asked for `{}`: {}", call.prompt.name, reasons.join("; ")))
}

fn reason(name: &str, why: &Shut, now_ms: i64) -> String {
    match why {
        Shut::Ill(until) => {
            let wait = until.map_or(0, |until| until.saturating_sub(now_ms).max(0));
            let seconds = (wait + 999) / 1_000;
            format!("too many calls of `{name}` failed, it is tried again in {seconds} s")
        }
        Shut::Forced(reason) => format!("the breaker of `{name}` is held open ({reason})"),
        Shut::Key(why) => format!("the key of `{name}` {}", why.what()),
    }
}
