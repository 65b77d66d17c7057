//! Calls without a chain (tools, embeddings) pass through the same gates.

use std::sync::Arc;

use flow_ir::units::ErrorClass;
use flow_model::{ErrorKind, ModelError, Phase, RateLimits};
use flow_policy::quota::Kind;
use flow_providers::tool::ToolError;

use super::pass::{Admission, Ended, Pass, Shut};
use super::target::Target;
use crate::effects::spent::{Raised, Spent, pause};
use crate::port::InvokeContext;

/// Waits for leave, as long as the call's time allows.
///
/// # Errors
/// `Overload` when the target is ill or its rate does not allow a call in time, `Denied` when its key is not
/// accepted.
pub(crate) async fn enter(
    target: &Arc<Target>,
    name: &str,
    cx: &InvokeContext,
    spent: &Spent,
) -> Result<Pass, Raised> {
    loop {
        let refused = match target.admit(&cx.clock, 0) {
            Admission::Go(pass) => return Ok(pass),
            Admission::Wait(ms) if spent.remaining_ms(cx).is_none_or(|left| ms < left) => {
                pause(cx, ms).await;
                continue;
            }
            Admission::Wait(ms) => {
                Raised::new(ErrorClass::Overload, format!("`{name}` may be called again only in {ms} ms"))
            }
            Admission::Shut(Shut::Key(why)) => {
                Raised::new(ErrorClass::Denied, format!("the key of `{name}` {}", why.what()))
            }
            Admission::Shut(Shut::Forced(reason)) => {
                Raised::new(ErrorClass::Overload, format!("the breaker of `{name}` is held open ({reason})"))
            }
            Admission::Shut(Shut::Ill(_)) => {
                Raised::new(ErrorClass::Overload, format!("`{name}` is not called: too many calls failed"))
            }
        };
        return Err(refused);
    }
}

impl Pass {
    /// Tells the gates how a call of a tool has ended.
    pub(crate) fn end_tool(
        self,
        error: Option<&ToolError>,
        took_ms: u64,
        hurried: bool,
        retried: Option<Kind>,
    ) {
        let error = error.map(as_model_error);
        self.end(Ended {
            error: error.as_ref(),
            limits: RateLimits::default(),
            took_ms,
            streamed: false,
            tokens: None,
            hurried,
            retried,
        });
    }
}

/// The error of a tool as the gates read it: only what says that the system is ill counts.
fn as_model_error(error: &ToolError) -> ModelError {
    let kind = match (error.class, error.retry_after_ms) {
        (ErrorClass::Timeout, _) => ErrorKind::Timeout { phase: Phase::Total },
        (ErrorClass::Overload, Some(ms)) => ErrorKind::RateLimited { retry_after_ms: Some(ms) },
        (ErrorClass::Overload, None) => ErrorKind::Overloaded { retry_after_ms: None },
        _ => ErrorKind::InvalidRequest,
    };
    ModelError::new(kind, "")
}
