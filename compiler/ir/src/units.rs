//! Money, and the currencies it is in.

use serde::{Deserialize, Serialize};

/// Micro-dollars: what model calls cost and budgets hold. `1_000_000` is one dollar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(pub i64);

impl Usd {
    /// The sum, stopping at the ends of the range rather than wrapping.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, stopping at the ends of the range rather than wrapping.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Usd {
    /// For people: three significant digits and at least two decimals, rounded up, so that no bound looks smaller
    /// than it is: `0.157 USD`, `0.0042 USD`, `3.10 USD`.
    #[must_use]
    pub fn short(self) -> String {
        let micros = self.0.max(0).unsigned_abs();
        let step = [100_000_000, 1_000_000, 100_000, 10_000, 1_000]
            .into_iter()
            .zip([10_000, 10_000, 1_000, 100, 10])
            .find(|(from, _)| micros >= *from)
            .map_or(1, |(_, step)| step);
        let rounded = micros.div_ceil(step).saturating_mul(step);
        format!("{} USD", amount(i64::try_from(rounded).unwrap_or(i64::MAX)))
    }
}

impl std::fmt::Display for Usd {
    /// At least four decimals, at most six: `0.0500 USD`, `0.000125 USD`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sign, micros) =
            if self.0 < 0 { ("-", self.0.unsigned_abs()) } else { ("", self.0.unsigned_abs()) };
        let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
        if rest % 100 == 0 {
            return write!(f, "{sign}{whole}.{:04} USD", rest / 100);
        }
        write!(f, "{sign}{whole}.{rest:06} USD")
    }
}

/// `12.50`: two decimals, up to six where there are more.
#[must_use]
pub fn amount(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (whole, rest) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let mut decimals = format!("{rest:06}");
    while decimals.len() > 2 && decimals.ends_with('0') {
        decimals.pop();
    }
    format!("{sign}{whole}.{decimals}")
}

/// The currencies that a `money` literal may have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Currency {
    Usd,
    Eur,
    Gbp,
}

impl Currency {
    /// ISO 4217 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
        }
    }
}

/// Limits of a call, a node or a flow. All are upper bounds; `None` is no limit.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Money, in micro-dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Usd>,
    /// Time, in ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<u64>,
    /// Input and output tokens together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Declared quantiles of the time: `(95, 2000)` is `p95 2s`. Checked by the compiler, observed at run time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quantiles_ms: Vec<(u8, u64)>,
}

/// The classes of errors that flows route on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum ErrorClass {
    Timeout,
    Overload,
    Refused,
    Invalid,
    Denied,
    Budget,
    Expired,
    Failed,
}

impl ErrorClass {
    /// Every class in the order the documentation lists them.
    pub const ALL: [Self; 8] = [
        Self::Timeout,
        Self::Overload,
        Self::Refused,
        Self::Invalid,
        Self::Denied,
        Self::Budget,
        Self::Expired,
        Self::Failed,
    ];

    /// As written in `.flow`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timeout => "Timeout",
            Self::Overload => "Overload",
            Self::Refused => "Refused",
            Self::Invalid => "Invalid",
            Self::Denied => "Denied",
            Self::Budget => "Budget",
            Self::Expired => "Expired",
            Self::Failed => "Failed",
        }
    }
}
