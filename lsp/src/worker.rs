//! The one thread that computes, and its queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    waiting: Arc<AtomicUsize>,
}

impl Queue {
    /// Starts the thread. It ends when the last sender is gone.
    pub(crate) fn start(desk: Desk) -> Self {
        let (jobs, arrived) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let worker = Worker { desk, arrived, waiting: Arc::clone(&waiting) };
        let thread = std::thread::Builder::new().name("analysis".to_owned()).stack_size(STACK);
        if let Err(error) = thread.spawn(move || worker.work()) {
            tracing::error!(%error, "no thread for the analysis");
        }
        Self { jobs, waiting }
    }

    /// Puts a change at the end of the queue, before anything is waited for.
    pub(crate) fn tell(&self, job: impl FnOnce(&mut Desk) + Send + 'static) {
        // Without a thread there is nobody to tell; questions say so.
        self.waiting.fetch_add(1, Ordering::Release);
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

/// The thread's end of the queue.
struct Worker {
    desk: Desk,
    arrived: Receiver<Job>,
    /// How many jobs are in the queue.
    waiting: Arc<AtomicUsize>,
}

impl Worker {
    fn work(mut self) {
        let mut next = self.arrived.recv().ok();
        while let Some(job) = next {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            guarded(&mut self.desk, job);
            next = match self.arrived.try_recv() {
                Ok(job) => Some(job),
                Err(TryRecvError::Disconnected) => None,
                Err(TryRecvError::Empty) => {
                    // Only when nothing waits: of many edits, the last is the one worth a check. And only until
                    // something does: then what was found is kept, and this goes on behind the next job.
                    let waiting = Arc::clone(&self.waiting);
                    let is_wanted = move || waiting.load(Ordering::Acquire) > 0;
                    guarded(&mut self.desk, Box::new(move |desk: &mut Desk| desk.publish(&is_wanted)));
                    self.arrived.recv().ok()
                }
            };
        }
    }
}

/// A bug in one answer is no reason to lose the others.
fn guarded(desk: &mut Desk, job: Job) {
    if catch_unwind(AssertUnwindSafe(|| job(desk))).is_err() {
        tracing::error!("a bug in the analysis; the question stays unanswered");
    }
}
