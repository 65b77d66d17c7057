//! The one thread that computes, and its queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use tokio::sync::oneshot;

use crate::desk::Desk;

type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// The deepest trees that the parser makes fit many times over.
const STACK: usize = 32 << 20;

/// The sending end of the queue.
///
/// Not bounded: a notification cannot be refused, and each is smaller than the message that brought it.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    jobs: Sender<Job>,
}

impl Queue {
    /// Starts the thread. It ends when the last sender is gone.
    pub(crate) fn start(desk: Desk) -> Self {
        let (jobs, waiting) = channel();
        let thread = std::thread::Builder::new().name("analysis".to_owned()).stack_size(STACK);
        if let Err(error) = thread.spawn(move || work(desk, &waiting)) {
            tracing::error!(%error, "no thread for the analysis");
        }
        Self { jobs }
    }

    /// Puts a change at the end of the queue, before anything is waited for.
    pub(crate) fn tell(&self, job: impl FnOnce(&mut Desk) + Send + 'static) {
        // Without a thread there is nobody to tell; questions say so.
        drop(self.jobs.send(Box::new(job)));
    }

    /// Puts a question at the end of the queue; it is left out if nobody waits for its answer any more.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Desk) -> T + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (answer, waiting) = oneshot::channel();
        self.tell(move |desk| {
            if !answer.is_closed() {
                drop(answer.send(question(desk)));
            }
        });
        waiting
    }
}

fn work(mut desk: Desk, waiting: &Receiver<Job>) {
    let mut next = waiting.recv().ok();
    while let Some(job) = next {
        guarded(&mut desk, job);
        next = match waiting.try_recv() {
            Ok(job) => Some(job),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                // Only when nothing waits: of many edits, the last is the one worth a check.
                guarded(&mut desk, Box::new(Desk::publish));
                waiting.recv().ok()
            }
        };
    }
}

/// A bug in one answer is no reason to lose the others.
fn guarded(desk: &mut Desk, job: Job) {
    if catch_unwind(AssertUnwindSafe(|| job(desk))).is_err() {
        tracing::error!("a bug in the analysis; the question stays unanswered");
    }
}
