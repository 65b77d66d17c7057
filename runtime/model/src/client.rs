//! The one trait behind which every provider stands.

use futures_util::future::BoxFuture;

use crate::embed::{EmbedReply, EmbedRequest, RerankReply, RerankRequest};
use crate::error::{ErrorKind, ModelError};
use crate::reply::ChatReply;
use crate::request::ChatRequest;

/// A piece of a streamed answer. Not final: the answer may still fail or be refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delta {
    /// More text.
    Text(String),
}

/// Where pieces of a streamed answer go. Must not block.
pub type DeltaSink<'a> = &'a mut (dyn FnMut(Delta) + Send);

/// How long to wait, in ms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// Until the first byte of the reply.
    pub first_byte_ms: u64,
    /// Between two pieces of the reply.
    pub idle_ms: u64,
    /// For everything.
    pub total_ms: u64,
}

impl Patience {
    /// One limit for all three: an attempt with no finer limits declared.
    #[must_use]
    pub const fn of_attempt(total_ms: u64) -> Self {
        Self { first_byte_ms: total_ms, idle_ms: total_ms, total_ms }
    }
}

/// A model behind some wire protocol. One attempt per call: retries, fallbacks and repairs are the caller's.
///
/// # Cancel safety
/// Dropping a returned future closes the connection; the provider may bill what it had produced.
pub trait ModelClient: Send + Sync {
    /// Asks. With a sink the answer is streamed; the reply is complete in either case.
    fn chat<'a>(
        &'a self,
        request: &'a ChatRequest,
        patience: Patience,
        sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>>;

    /// Turns texts into vectors.
    fn embed<'a>(
        &'a self,
        request: &'a EmbedRequest,
        patience: Patience,
    ) -> BoxFuture<'a, Result<EmbedReply, ModelError>>;

    /// Puts texts in the order of their relevance. Most protocols cannot.
    fn rerank<'a>(
        &'a self,
        request: &'a RerankRequest,
        _patience: Patience,
    ) -> BoxFuture<'a, Result<RerankReply, ModelError>> {
        let message = format!("`{}` cannot put texts in order", request.model);
        Box::pin(std::future::ready(Err(ModelError::new(ErrorKind::Unsupported, message))))
    }
}
