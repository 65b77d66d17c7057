//! Tasks that somebody owns.
//!
//! A task that nobody waits for can outlive what it works on. So every task here has a kind, for its name in logs,
//! and an owner: dropping the owner ends the task.

use std::future::Future;

use tokio::task::JoinHandle;

/// What a task does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskKind {
    /// Drives runs.
    Runs,
    /// Performs one operation.
    Operation,
    /// Reads from or writes to a person, a process or a socket.
    Conversation,
}

/// Owns a task.
#[derive(Debug)]
#[must_use = "dropping the owner ends the task"]
pub struct Task<T> {
    kind: TaskKind,
    handle: JoinHandle<T>,
}

/// Starts a task. Needs a tokio runtime.
pub fn spawn<T: Send + 'static>(kind: TaskKind, future: impl Future<Output = T> + Send + 'static) -> Task<T> {
    Task { kind, handle: tokio::spawn(future) }
}

impl<T> Task<T> {
    /// Waits for its end; `None` if it panicked, which is logged.
    ///
    /// # Cancel safety
    /// Dropping the future ends the task.
    pub async fn join(mut self) -> Option<T> {
        match (&mut self.handle).await {
            Ok(value) => Some(value),
            Err(error) => {
                tracing::error!(kind = ?self.kind, %error, "a task did not end by itself");
                None
            }
        }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.handle.abort();
    }
}
