//! What can be asked of a keeper, and the handle that asks.

use std::sync::Arc;

use flow_store::runs::{BundleRow, Error};
use futures_util::future::BoxFuture;
use serde_json::Value as Json;
use smol_str::SmolStr;
use tokio::sync::{mpsc, oneshot};

use super::{Accepted, AnswerError, Decision, Host, Progress, Refused, Submission};
use crate::port::Watch;

/// An answer on its way.
pub(super) type Reply<T> = oneshot::Sender<T>;

pub(super) enum Order {
    Introduce(Box<BundleRow>, Host, Reply<Result<(), Error>>),
    Submit(Box<Submission>, Reply<Result<Accepted, Refused>>),
    Cancel(SmolStr, Reply<Result<bool, Error>>),
    Answer(Box<Answer>, Reply<Result<(), AnswerError>>),
    Follow(SmolStr, Reply<Progress>),
    Wake(SmolStr),
    Watch(SmolStr, Arc<dyn Watch>),
    Mark(String, i64, Reply<Result<(), Error>>),
    Decide(Box<Decision>, Reply<Result<(), Error>>),
    /// Replied when nothing is in flight.
    Drain(Reply<()>),
    Stop,
}

/// One person's answer to a question.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// `RUN.OPERATION`.
    pub question: String,
    /// Who answers.
    pub by: SmolStr,
    /// The roles that they have; `None` for an operator, who may answer everything.
    pub roles: Option<Vec<String>>,
    /// What they say.
    pub value: Json,
}

/// A handle to a keeper. Cheap to clone.
///
/// Every answer is given when what it says is on the disk. When the keeper has ended, the answers are those of a
/// store that was closed.
#[derive(Clone, Debug)]
pub struct Home {
    pub(super) orders: mpsc::UnboundedSender<Order>,
    pub(super) closed: Error,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Order")
    }
}

impl Home {
    /// Makes a bundle known, so that runs of it can be submitted.
    ///
    /// # Errors
    /// When it cannot be kept.
    ///
    /// # Cancel safety
    /// The bundle is introduced whether or not anybody waits.
    pub async fn introduce(&self, bundle: BundleRow, host: Host) -> Result<(), Error> {
        self.ask(|reply| Order::Introduce(Box::new(bundle), host, reply))
            .await
            .unwrap_or_else(|| Err(self.closed.clone()))
    }

    /// Accepts a run.
    ///
    /// # Errors
    /// See [`Refused`].
    ///
    /// # Cancel safety
    /// The run is accepted whether or not anybody waits; with `once` it can be asked for again.
    pub async fn submit(&self, submission: Submission) -> Result<Accepted, Refused> {
        let reply = self.ask(|reply| Order::Submit(Box::new(submission), reply)).await;
        reply.unwrap_or_else(|| Err(Refused::Store(self.closed.clone())))
    }

    /// Asks a run to end; `false` if it has ended or is not there.
    ///
    /// # Errors
    /// When it cannot be kept.
    ///
    /// # Cancel safety
    /// The run is cancelled whether or not anybody waits.
    pub async fn cancel(&self, run: &str) -> Result<bool, Error> {
        self.ask(|reply| Order::Cancel(run.into(), reply)).await.unwrap_or_else(|| Err(self.closed.clone()))
    }

    /// Answers a question.
    ///
    /// # Errors
    /// See [`AnswerError`].
    ///
    /// # Cancel safety
    /// The answer is given whether or not anybody waits.
    pub async fn answer(&self, answer: Answer) -> Result<(), AnswerError> {
        let reply = self.ask(|reply| Order::Answer(Box::new(answer), reply)).await;
        reply.unwrap_or_else(|| Err(AnswerError::Store(self.closed.clone())))
    }

    /// Waits until a run has ended, waits for people, or was set aside.
    ///
    /// # Cancel safety
    /// Nothing is lost; the run goes on.
    pub async fn follow(&self, run: &str) -> Progress {
        self.ask(|reply| Order::Follow(run.into(), reply)).await.unwrap_or(Progress::Unknown)
    }

    /// [`Home::follow`] as a future of its own, to be waited for beside something else.
    #[must_use]
    pub fn following(&self, run: &str) -> BoxFuture<'static, Progress> {
        let (home, run) = (self.clone(), SmolStr::from(run));
        Box::pin(async move { home.follow(&run).await })
    }

    /// Takes a waiting run up: for a home whose people are here, and can be asked what another one has kept.
    pub fn wake(&self, run: &str) {
        // Without a keeper nobody is asked.
        drop(self.orders.send(Order::Wake(run.into())));
    }

    /// Shows a run from now on to somebody, instead of who saw it so far.
    pub fn watch(&self, run: &str, watch: Arc<dyn Watch>) {
        // Without a keeper there is nothing to see.
        drop(self.orders.send(Order::Watch(run.into(), watch)));
    }

    /// Keeps how far a schedule or a trigger has come.
    ///
    /// # Errors
    /// When it cannot be kept.
    ///
    /// # Cancel safety
    /// It is kept whether or not anybody waits.
    pub async fn mark(&self, name: &str, value: i64) -> Result<(), Error> {
        let reply = self.ask(|reply| Order::Mark(name.to_owned(), value, reply)).await;
        reply.unwrap_or_else(|| Err(self.closed.clone()))
    }

    /// Pauses or resumes an arm of a split.
    ///
    /// # Errors
    /// When it cannot be kept.
    ///
    /// # Cancel safety
    /// It is done whether or not anybody waits.
    pub async fn decide(&self, decision: Decision) -> Result<(), Error> {
        let reply = self.ask(|reply| Order::Decide(Box::new(decision), reply)).await;
        reply.unwrap_or_else(|| Err(self.closed.clone()))
    }

    /// Starts nothing more, and waits until what is in flight has ended.
    ///
    /// # Cancel safety
    /// The home stays drained.
    pub async fn drain(&self) {
        self.ask(Order::Drain).await;
    }

    /// Ends the keeper. What is in flight is cut off, and taken up again by the next one.
    pub fn stop(&self) {
        // It has ended already.
        drop(self.orders.send(Order::Stop));
    }

    async fn ask<T>(&self, order: impl FnOnce(Reply<T>) -> Order) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.orders.send(order(reply)).ok()?;
        answer.await.ok()
    }
}
