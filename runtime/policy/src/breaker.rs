//! The health of one target: a circuit breaker over a sliding window.
//!
//! *Closed*, it lets every call through and counts how they end. It *opens* when half of the calls of the window
//! fail, or five in a row; then it lets nothing through for a while, twice as long every time. When the while is
//! over it is *half open*: it leases **one probe** at a time. Two probes that end well close it, one that does
//! not opens it again.
//!
//! A probe is a real request. Whoever asks with one answers its user from somebody else (see [`crate::route`]),
//! so that no user waits for a target that may still be ill.
//!
//! A [`Ticket`] belongs to the phase in which it was given: what ends after the phase has changed is not counted.
//! A ticket that is given back unused ([`Event::Dropped`]) leaves no trace.

pub mod pace;
pub mod window;

#[cfg(test)]
mod tests;

use pace::Pace;
use window::Window;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Settings {
    /// How far back calls count, ms.
    pub window_ms: u64,
    /// The share of failures that opens it, in thousandths.
    pub share: u32,
    /// Calls in the window below which no share opens it.
    pub least: u32,
    /// Failures in a row that open it, whatever the window holds.
    pub in_a_row: u32,
    /// How long it stays open the first time, ms; doubles with each failed probe.
    pub rest_ms: u64,
    /// The longest it stays open, ms.
    pub longest_ms: u64,
    /// Probes that must end well before it closes.
    pub successes: u32,
    /// After this a probe counts as lost, ms.
    pub lease_ms: u64,
    /// A first token that takes longer is a failure, ms; `None` leaves it to the rolling p95.
    pub slow_ms: Option<u64>,
}

impl Default for Settings {
    /// 30 s, half of at least 5 calls or 5 in a row; open for 5 s, at most 300 s; two probes.
    fn default() -> Self {
        Self {
            window_ms: 30_000,
            share: 500,
            least: 5,
            in_a_row: 5,
            rest_ms: 5_000,
            longest_ms: 300_000,
            successes: 2,
            lease_ms: 120_000,
            slow_ms: None,
        }
    }
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Somebody wants to call the target.
    Ask,
    /// A call has ended.
    Ended(Ticket, Health),
    /// A call was given up before it ended: nothing is known.
    Dropped(Ticket),
    /// An operator decides, until `None` takes it back.
    Force(Option<Forced>),
    /// Another replica says that its breaker is open until then, ms since the Unix epoch.
    Hint(i64),
}

/// How a call ended, as far as health is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Health {
    /// With a complete answer.
    Good {
        /// Until the first token, or until the answer if it was not streamed, ms.
        took_ms: u64,
        /// Whether it was streamed: both kinds have a pace of their own.
        streamed: bool,
    },
    /// It did not connect, broke off, timed out, or the target said that it is ill.
    Bad {
        /// How long the target wants to be left alone, ms.
        retry_after_ms: Option<u64>,
    },
    /// With an error that says nothing about health (an invalid request, a wrong key, a refusal). A probe that
    /// ends so has reached a target that answers.
    Answered,
}

/// What an operator has decided.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forced {
    /// Whether nothing is let through, or everything.
    pub open: bool,
    /// Why, for everybody who asks later.
    pub reason: String,
}

/// Leave to make one call.
#[derive(PartialEq, Eq, Debug)]
#[must_use = "a ticket is given back with `Ended` or `Dropped`"]
pub struct Ticket {
    generation: u64,
    /// Whether this is the one call to a target that may still be ill.
    pub probe: bool,
}

/// What of a breaker is worth keeping when its process ends: counts of a moment ago are not.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// Until when it is open, ms since the Unix epoch; `None` is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_until_ms: Option<i64>,
    /// How often it has opened since it was last closed.
    #[serde(default)]
    pub level: u32,
    /// What an operator has decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forced: Option<Forced>,
}

/// What follows.
#[derive(PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing to do.
    Nothing,
    /// The call may be made.
    Admitted(Ticket),
    /// The call must not be made.
    Refused {
        /// When it makes sense to ask again, ms since the Unix epoch; `None` when an operator says so.
        until_ms: Option<i64>,
    },
    /// It has opened: somebody may want to know.
    Opened {
        /// Until when, ms since the Unix epoch.
        until_ms: i64,
    },
    /// It has closed: somebody may want to know.
    Closed,
}

/// Where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Everything is let through.
    Closed,
    /// Nothing is.
    Open {
        /// ms since the Unix epoch.
        until_ms: i64,
    },
    /// One probe at a time is.
    HalfOpen {
        /// Until when a probe is under way; `None` if none is.
        leased_until_ms: Option<i64>,
        /// Probes that ended well.
        good: u32,
    },
}

/// The breaker of one target. See the module.
#[derive(Clone, PartialEq, Debug)]
pub struct Breaker {
    settings: Settings,
    phase: Phase,
    window: Window,
    row: u32,
    /// How often it has opened since it was last closed.
    level: u32,
    generation: u64,
    forced: Option<Forced>,
    hinted_until_ms: i64,
    whole: Pace,
    streamed: Pace,
}

impl Breaker {
    /// Closed, with nothing counted.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            phase: Phase::Closed,
            window: Window::new(settings.window_ms),
            row: 0,
            level: 0,
            generation: 0,
            forced: None,
            hinted_until_ms: i64::MIN,
            whole: Pace::default(),
            streamed: Pace::default(),
        }
    }

    /// Takes an event. `random` is spread evenly over 64 bits; equal inputs give equal answers.
    pub fn step(&mut self, event: Event, now_ms: i64, random: u64) -> Effect {
        match event {
            Event::Ask => self.ask(now_ms),
            Event::Ended(ticket, health) => self.ended(&ticket, health, now_ms, random),
            Event::Dropped(ticket) => self.dropped(&ticket),
            Event::Force(forced) => {
                self.forced = forced;
                Effect::Nothing
            }
            Event::Hint(until_ms) => {
                self.hinted_until_ms = self.hinted_until_ms.max(until_ms);
                Effect::Nothing
            }
        }
    }

    /// Where it stands; an operator's word is not in it.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// What an operator has decided.
    #[must_use]
    pub const fn forced(&self) -> Option<&Forced> {
        self.forced.as_ref()
    }

    /// What is worth keeping. A probe that is under way is lost with its process, so half open is open until now.
    #[must_use]
    pub fn saved(&self) -> Saved {
        let open_until_ms = match self.phase {
            Phase::Closed => None,
            Phase::Open { until_ms } => Some(until_ms),
            Phase::HalfOpen { .. } => Some(0),
        };
        Saved { open_until_ms, level: self.level, forced: self.forced.clone() }
    }

    /// Goes on where a breaker was when it was saved. Calls under way do not count any more.
    pub fn restore(&mut self, saved: Saved) {
        self.generation += 1;
        self.phase = saved.open_until_ms.map_or(Phase::Closed, |until_ms| Phase::Open { until_ms });
        self.level = saved.level;
        self.forced = saved.forced;
    }

    /// Calls and failures of the window.
    #[must_use]
    pub fn counts(&self, now_ms: i64) -> (u32, u32) {
        let mut window = self.window.clone();
        window.roll(now_ms);
        (window.total(), window.bad())
    }

    fn ask(&mut self, now_ms: i64) -> Effect {
        match &self.forced {
            Some(Forced { open: true, .. }) => return Effect::Refused { until_ms: None },
            Some(Forced { open: false, .. }) => return Effect::Admitted(self.ticket(false)),
            None => {}
        }
        match self.phase {
            Phase::Closed => Effect::Admitted(self.ticket(false)),
            Phase::Open { until_ms } if now_ms < until_ms => Effect::Refused { until_ms: Some(until_ms) },
            Phase::Open { .. } => self.probe(0, now_ms),
            Phase::HalfOpen { leased_until_ms: Some(until), .. } if now_ms < until => {
                Effect::Refused { until_ms: Some(until) }
            }
            Phase::HalfOpen { good, .. } => self.probe(good, now_ms),
        }
    }

    /// Leases the one probe. A probe that was lost before belongs to an older generation.
    fn probe(&mut self, good: u32, now_ms: i64) -> Effect {
        self.generation += 1;
        let until_ms = after(now_ms, self.settings.lease_ms);
        self.phase = Phase::HalfOpen { leased_until_ms: Some(until_ms), good };
        Effect::Admitted(self.ticket(true))
    }

    const fn ticket(&self, probe: bool) -> Ticket {
        Ticket { generation: self.generation, probe }
    }

    fn dropped(&mut self, ticket: &Ticket) -> Effect {
        if let (Phase::HalfOpen { good, .. }, true) = (self.phase, self.is_current_probe(ticket)) {
            self.phase = Phase::HalfOpen { leased_until_ms: None, good };
        }
        Effect::Nothing
    }

    const fn is_current_probe(&self, ticket: &Ticket) -> bool {
        ticket.probe && ticket.generation == self.generation
    }

    fn ended(&mut self, ticket: &Ticket, health: Health, now_ms: i64, random: u64) -> Effect {
        if ticket.generation != self.generation {
            return Effect::Nothing;
        }
        let bad = self.is_bad(health);
        match self.phase {
            Phase::Closed => self.count(health, bad, now_ms, random),
            Phase::HalfOpen { good, .. } if ticket.probe => self.probed(good, health, bad, now_ms, random),
            Phase::Open { .. } | Phase::HalfOpen { .. } => Effect::Nothing,
        }
    }

    /// Whether it counts as a failure; a good answer that came far too late does. Every pace is noted, so that
    /// a target that has become slower for good is not called ill for ever.
    fn is_bad(&mut self, health: Health) -> bool {
        match health {
            Health::Bad { .. } => true,
            Health::Answered => false,
            Health::Good { took_ms, streamed } => {
                let pace = if streamed { &mut self.streamed } else { &mut self.whole };
                let slow = pace.is_slow(took_ms) || self.settings.slow_ms.is_some_and(|most| took_ms > most);
                pace.note(took_ms);
                slow
            }
        }
    }

    fn count(&mut self, health: Health, bad: bool, now_ms: i64, random: u64) -> Effect {
        if health == Health::Answered {
            return Effect::Nothing;
        }
        self.window.note(now_ms, bad);
        self.row = if bad { self.row.saturating_add(1) } else { 0 };
        if bad && self.is_ill(now_ms) { self.open(health, now_ms, random) } else { Effect::Nothing }
    }

    fn is_ill(&self, now_ms: i64) -> bool {
        let hinted = now_ms < self.hinted_until_ms;
        let (least, row) =
            if hinted { (2, 2) } else { (self.settings.least.max(1), self.settings.in_a_row.max(1)) };
        if self.row >= row {
            return true;
        }
        let total = self.window.total();
        // A target with much traffic needs more than five calls to be judged.
        let needed = u64::from(least).max(if hinted { 0 } else { self.window.mean() / 10 });
        let share = u64::from(self.window.bad()) * 1_000;
        u64::from(total) >= needed && share >= u64::from(total) * u64::from(self.settings.share)
    }

    fn probed(&mut self, good: u32, health: Health, bad: bool, now_ms: i64, random: u64) -> Effect {
        if bad {
            return self.open(health, now_ms, random);
        }
        if good + 1 < self.settings.successes {
            self.phase = Phase::HalfOpen { leased_until_ms: None, good: good + 1 };
            return Effect::Nothing;
        }
        self.generation += 1;
        self.phase = Phase::Closed;
        self.level = 0;
        self.row = 0;
        self.window = Window::new(self.settings.window_ms);
        Effect::Closed
    }

    fn open(&mut self, health: Health, now_ms: i64, random: u64) -> Effect {
        let asked = match health {
            Health::Bad { retry_after_ms } => retry_after_ms.unwrap_or(0),
            Health::Good { .. } | Health::Answered => 0,
        };
        let doubled = self.settings.rest_ms.saturating_mul(1 << self.level.min(32));
        let rest = spread(doubled.min(self.settings.longest_ms), random);
        let until_ms = after(now_ms, rest.max(asked.min(self.settings.longest_ms)));
        self.generation += 1;
        self.level = self.level.saturating_add(1);
        self.phase = Phase::Open { until_ms };
        Effect::Opened { until_ms }
    }
}

/// Plus or minus a fifth, so that replicas do not probe together.
fn spread(ms: u64, random: u64) -> u64 {
    let percent = 80 + random % 41;
    ms.saturating_mul(percent) / 100
}

fn after(now_ms: i64, ms: u64) -> i64 {
    now_ms.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX))
}
