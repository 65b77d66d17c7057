//! FL0403: a limit that no run can reach says nothing.

use flow_diagnostics::Diagnostic;
use flow_ir::units::{Usd, amount};

use super::Cx;
use crate::bounds::Most;
use crate::report::bounds::loose_limit;

/// A limit this many times above the worst case is no limit.
const LOOSE: u64 = 10;

pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    for (id, flow, bound) in cx.flows() {
        let (Some(limit), Some(worst)) = (flow.limits.cost, bound.unlimited.cost.as_usd()) else { continue };
        let loose = Most::usd(worst).times(LOOSE) <= Most::usd(limit);
        if worst > Usd(0) && loose && bound.unpriced.is_empty() {
            out.push(loose_limit(cx.places.flow_money(id), limit, worst, &enough(worst)));
        }
    }
}

/// A round amount a little above: 1, 2 or 5 in its first digit.
fn enough(worst: Usd) -> String {
    let wanted = worst.0.saturating_add(worst.0 / 4);
    let mut unit = 1_i64;
    loop {
        for digit in [1, 2, 5] {
            if unit * digit >= wanted {
                return format!("{} USD", amount(unit * digit));
            }
        }
        match unit.checked_mul(10) {
            Some(next) if next < i64::MAX / 10 => unit = next,
            _ => return worst.short(),
        }
    }
}
