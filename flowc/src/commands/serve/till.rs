//! What tenants may spend in a day, kept in the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow_compiler::manifest::Tenant;
use flow_ir::units::Usd;
use flow_runtime::port::{DayLimits, DaySum, Till, Treasury};
use flow_store::runs::{Change, SpentRow, Writer};
use jiff::tz::TimeZone;

use crate::durable::{self, Opened};
use crate::exit::Stop;

/// Sums in the file of runs.
struct Kept(Writer);

impl Till for Kept {
    fn keep(&self, sum: DaySum, kept: Box<dyn FnOnce() + Send>) {
        let DaySum { tenant, day, spent } = sum;
        let row = SpentRow { tenant: tenant.to_string(), day, micros: spent.0 };
        // What cannot be kept ends the process; until then nobody has to wait for it.
        self.0.send(vec![Change::Spent(row)], Some(Box::new(move |_| kept())));
    }
}

/// The limits of `flow.toml`, going on from what the store says.
///
/// # Errors
/// When there is no such time zone, or the store cannot be read.
pub(super) fn treasury(declared: &Tenant, opened: &Opened) -> Result<Arc<Treasury>, Stop> {
    let limits = DayLimits {
        default: declared.day.map(Usd),
        of: declared
            .days
            .iter()
            .map(|(tenant, micros)| (tenant.into(), Usd(*micros)))
            .collect::<BTreeMap<_, _>>(),
        zone: zone(declared.zone.as_deref())?,
    };
    let rows =
        opened.owner.reader().and_then(|reader| reader.spent()).map_err(|error| durable::stop(&error))?;
    let sums = rows.into_iter().map(|row| DaySum {
        tenant: row.tenant.into(),
        day: row.day,
        spent: Usd(row.micros),
    });
    Ok(Treasury::kept_in(limits, Arc::new(Kept(opened.owner.writer().clone())), sums.collect()))
}

fn zone(name: Option<&str>) -> Result<TimeZone, Stop> {
    let Some(name) = name else { return Ok(TimeZone::UTC) };
    TimeZone::get(name).map_err(|_| {
        Stop::usage(format!("`[tenant]` of flow.toml: there is no time zone `{name}`"))
            .help("as in zone = \"Europe/Berlin\"")
    })
}
