//! A run's state as bytes: what a home keeps so that resuming is one read.
//!
//! The format is this crate's own and carries a version and the Bundle's digest: bytes of another version or of
//! another Bundle are refused, never guessed at. Unpacking takes any bytes and never allocates more than they
//! could describe.

pub(crate) mod pack;
mod shapes;

use std::sync::Arc;

use super::Machine;
use super::state::State;
use crate::program::Program;
use crate::protocol::RunHeader;

use self::pack::{Pack, Reader};

/// Changes whenever old bytes would be misread.
const VERSION: u32 = 4;

/// Why bytes are no snapshot of a run of this program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Written by another version.
    #[error("the snapshot has version {0}, this program reads {VERSION}")]
    Version(u32),
    /// Of a run of another Bundle.
    #[error("the snapshot belongs to another bundle")]
    Bundle,
    /// Cut off or changed.
    #[error("the snapshot is malformed")]
    Malformed,
}

impl Machine {
    /// The state as bytes. To be taken between two events, which is whenever a home can call it.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let mut out = Vec::new();
        VERSION.pack(&mut out);
        out.extend_from_slice(&self.program.digest().0);
        self.state.pack_into(&mut out);
        out
    }

    /// The machine that [`Machine::snapshot`] was taken of.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    pub fn restore(
        program: Arc<Program>,
        header: Arc<RunHeader>,
        bytes: &[u8],
    ) -> Result<Self, SnapshotError> {
        let mut reader = Reader::new(bytes);
        let version = u32::unpack(&mut reader).ok_or(SnapshotError::Malformed)?;
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        let digest = reader.take(32).ok_or(SnapshotError::Malformed)?;
        if digest != program.digest().0 {
            return Err(SnapshotError::Bundle);
        }
        let state = State::unpack_from(header, &mut reader).filter(|_| reader.is_empty());
        Ok(Self { program, state: state.ok_or(SnapshotError::Malformed)? })
    }
}
