//! Records of a run's log, as bytes.

use std::sync::Arc;

use flow_ir::FlowId;

use crate::machine::snapshot::pack::{Pack, Reader};
use crate::protocol::{Event, Facts, OpId, Outcome, RunHeader, RunResult};

/// The version of records and of the machine that reads them. It changes whenever old bytes would be misread, or
/// the machine would answer old events with other commands. Runs of another version are set aside, never guessed
/// at.
pub const RECORDS: i64 = 4;

/// What is kept about a run, in order.
#[derive(Clone, PartialEq, Debug)]
pub enum Record {
    /// The machine was told.
    Event(Event),
    /// An operation that must never be repeated is about to be started.
    Intent(OpId),
    /// An operation under way was cut off by a crash and is taken up again.
    Lost(OpId),
    /// An operation was not started because the process was ending; it cancels one `Lost`.
    Untouched(OpId),
}

impl Record {
    /// As kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        match self {
            Self::Event(event) => {
                out.push(0);
                event.pack(&mut out);
            }
            Self::Intent(op) => (1u8, *op).pack(&mut out),
            Self::Lost(op) => (2u8, *op).pack(&mut out),
            Self::Untouched(op) => (3u8, *op).pack(&mut out),
        }
        out
    }

    /// What [`Record::to_bytes`] wrote; `None` for any other bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader::new(bytes);
        let record = match from.byte()? {
            0 => Self::Event(Pack::unpack(&mut from)?),
            1 => Self::Intent(Pack::unpack(&mut from)?),
            2 => Self::Lost(Pack::unpack(&mut from)?),
            3 => Self::Untouched(Pack::unpack(&mut from)?),
            _ => return None,
        };
        from.is_empty().then_some(record)
    }
}

/// A header as kept.
#[must_use]
pub(super) fn header_bytes(header: &RunHeader) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let RunHeader { run, tenant, user, flow, args, started_ms, seed, paused } = header;
    run.pack(&mut out);
    tenant.pack(&mut out);
    user.pack(&mut out);
    flow.0.pack(&mut out);
    args.pack(&mut out);
    started_ms.pack(&mut out);
    seed.pack(&mut out);
    paused.pack(&mut out);
    out
}

/// The header that was kept; `None` for any other bytes.
#[must_use]
pub fn header_of(bytes: &[u8]) -> Option<Arc<RunHeader>> {
    let mut from = Reader::new(bytes);
    let from = &mut from;
    let header = RunHeader {
        run: Pack::unpack(from)?,
        tenant: Pack::unpack(from)?,
        user: Pack::unpack(from)?,
        flow: FlowId(Pack::unpack(from)?),
        args: Pack::unpack(from)?,
        started_ms: Pack::unpack(from)?,
        seed: Pack::unpack(from)?,
        paused: Pack::unpack(from)?,
    };
    from.is_empty().then(|| Arc::new(header))
}

/// A result as kept.
#[must_use]
pub(super) fn result_bytes(result: &RunResult) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    result.pack(&mut out);
    out
}

/// The result that was kept; `None` for any other bytes.
#[must_use]
pub fn result_of(bytes: &[u8]) -> Option<RunResult> {
    let mut from = Reader::new(bytes);
    let result = RunResult::unpack(&mut from)?;
    from.is_empty().then_some(result)
}

impl Pack for Event {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Self::Resolved { op, outcome, now_ms } => {
                out.push(0);
                (*op, *now_ms).pack(out);
                outcome.pack(out);
            }
            Self::Fired { op, now_ms } => {
                out.push(1);
                (*op, *now_ms).pack(out);
            }
            Self::CancelRequested { now_ms } => {
                out.push(2);
                now_ms.pack(out);
            }
            Self::Paused { arms, now_ms } => {
                out.push(3);
                now_ms.pack(out);
                arms.pack(out);
            }
        }
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        match from.byte()? {
            0 => {
                let (op, now_ms) = Pack::unpack(from)?;
                Some(Self::Resolved { op, outcome: Pack::unpack(from)?, now_ms })
            }
            1 => {
                let (op, now_ms) = Pack::unpack(from)?;
                Some(Self::Fired { op, now_ms })
            }
            2 => Some(Self::CancelRequested { now_ms: Pack::unpack(from)? }),
            3 => {
                let now_ms = Pack::unpack(from)?;
                Some(Self::Paused { arms: Pack::unpack(from)?, now_ms })
            }
            _ => None,
        }
    }
}

impl Pack for Outcome {
    fn pack(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ok { value, facts } => {
                out.push(0);
                value.pack(out);
                facts.pack(out);
            }
            Self::Err { class, message, facts } => {
                out.push(1);
                class.pack(out);
                message.pack(out);
                facts.pack(out);
            }
        }
    }

    fn unpack(from: &mut Reader<'_>) -> Option<Self> {
        match from.byte()? {
            0 => {
                let value = Pack::unpack(from)?;
                let facts: Box<Facts> = Pack::unpack(from)?;
                Some(Self::Ok { value, facts })
            }
            1 => {
                let (class, message) = (Pack::unpack(from)?, Pack::unpack(from)?);
                let facts: Box<Facts> = Pack::unpack(from)?;
                Some(Self::Err { class, message, facts })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
