//! What a call costs.

use flow_ir::effort;
use flow_ir::setup::Model;
use flow_ir::units::Usd;

use crate::reply::Usage;

/// Micro-dollars per million tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Prices {
    /// Of what is sent.
    pub input: Usd,
    /// Of what is received.
    pub output: Usd,
}

impl Prices {
    /// As declared; what is not declared costs nothing.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        Self { input: model.price_in.unwrap_or_default(), output: model.price_out.unwrap_or_default() }
    }
}

/// The cost of one attempt, rounded up to the next micro-dollar, so that many small calls never cost nothing.
///
/// ```
/// # use flow_model::{Prices, Usage, cost_of};
/// # use flow_ir::units::Usd;
/// let prices = Prices { input: Usd(250_000), output: Usd(2_000_000) };
/// let usage = Usage { input: Some(1_000), output: Some(1), ..Usage::default() };
/// assert_eq!(cost_of(&usage, prices), Usd(252));
/// ```
#[must_use]
pub fn cost_of(usage: &Usage, prices: Prices) -> Usd {
    let tokens = |count: Option<u64>| count.unwrap_or(0);
    effort::cost(tokens(usage.input), tokens(usage.output), Some(prices.input), Some(prices.output))
}
