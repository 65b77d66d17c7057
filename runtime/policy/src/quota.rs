//! How many retries one target gets: when everything fails, asking again makes it worse.
//!
//! A bucket of 500. A retry takes 14, one after throttling 5. A success gives back what its last retry took, or 1
//! if it had none. These are the figures of the AWS SDKs' standard mode.

#[cfg(test)]
mod tests;

const FULL: u32 = 500;

/// What kind of failure is retried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The target throttles.
    Throttled,
    /// Anything else. A hedge is one of these: it is an attempt that no failure has asked for yet.
    Other,
}

impl Kind {
    const fn cost(self) -> u32 {
        match self {
            Self::Throttled => 5,
            Self::Other => 14,
        }
    }
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Somebody wants to ask again.
    Retry(Kind),
    /// A call went well; its last retry was of this kind.
    Worked(Option<Kind>),
}

/// The retry budget of one target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quota {
    left: u32,
}

impl Default for Quota {
    fn default() -> Self {
        Self { left: FULL }
    }
}

impl Quota {
    /// Takes an event. `false`: there must be no retry.
    pub const fn step(&mut self, event: Event) -> bool {
        match event {
            Event::Retry(kind) => match self.left.checked_sub(kind.cost()) {
                Some(left) => {
                    self.left = left;
                    true
                }
                None => false,
            },
            Event::Worked(retried) => {
                let back = match retried {
                    Some(kind) => kind.cost(),
                    None => 1,
                };
                let left = self.left + back;
                self.left = if left < FULL { left } else { FULL };
                true
            }
        }
    }

    /// What is left, of 500.
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.left
    }
}
