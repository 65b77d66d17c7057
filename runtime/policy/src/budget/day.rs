//! Money of one tenant for one day, over all runs.
//!
//! The same rule as in a run's ledger: the worst case is taken before an attempt and the difference comes back
//! after it, so the limit holds whatever runs side by side. Which day it is the caller says; what is settled after it
//! belongs to the day on which it was reserved.

#[cfg(test)]
mod tests;

use flow_ir::units::Usd;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// An attempt may cost so much.
    Reserve(Usd),
    /// An attempt has cost so much.
    Settle(Ticket, Usd),
}

/// What follows.
#[derive(PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing to do.
    Nothing,
    /// The attempt may start.
    Reserved(Ticket),
    /// It must not: so much is left.
    Short(Usd),
}

/// A reservation.
#[derive(PartialEq, Eq, Debug)]
#[must_use = "a reservation is settled, or it stays taken until midnight"]
pub struct Ticket {
    day: i64,
    cost: Usd,
}

/// The pool of one tenant. See the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DayPool {
    limit: Usd,
    /// A later day has a larger number.
    day: i64,
    spent: Usd,
    reserved: Usd,
}

impl DayPool {
    /// With nothing spent.
    #[must_use]
    pub const fn new(limit: Usd) -> Self {
        Self { limit, day: i64::MIN, spent: Usd(0), reserved: Usd(0) }
    }

    /// With so much spent on this day.
    #[must_use]
    pub const fn restored(limit: Usd, day: i64, spent: Usd) -> Self {
        Self { limit, day, spent, reserved: Usd(0) }
    }

    /// Takes an event on a day. What costs nothing is always covered.
    pub const fn step(&mut self, event: Event, today: i64) -> Effect {
        self.roll(today);
        match event {
            Event::Reserve(cost) => self.reserve(cost),
            Event::Settle(Ticket { day, cost }, actual) => {
                if day == self.day {
                    self.reserved = self.reserved.minus(cost);
                    self.spent = self.spent.plus(actual);
                }
                Effect::Nothing
            }
        }
    }

    /// The latest day that it was told of.
    #[must_use]
    pub const fn day(&self) -> i64 {
        self.day
    }

    /// What is left today.
    #[must_use]
    pub const fn left(&self) -> Usd {
        self.limit.minus(self.spent).minus(self.reserved)
    }

    /// What was spent today, reservations not counted.
    #[must_use]
    pub const fn spent(&self) -> Usd {
        self.spent
    }

    /// What attempts under way hold.
    #[must_use]
    pub const fn reserved(&self) -> Usd {
        self.reserved
    }

    const fn reserve(&mut self, cost: Usd) -> Effect {
        let left = self.left();
        if cost.0 > 0 && cost.0 > left.0 {
            return Effect::Short(left);
        }
        self.reserved = self.reserved.plus(cost);
        Effect::Reserved(Ticket { day: self.day, cost })
    }

    /// A clock that was set back does not bring yesterday's money back.
    const fn roll(&mut self, day: i64) {
        if day > self.day {
            *self = Self { day, spent: Usd(0), reserved: Usd(0), ..*self };
        }
    }
}
