//! Defence in depth: a `Sensitive` tool runs only behind a clearing edge, once for each.
//!
//! The compiler has proved it for every bundle that it wrote. This is for bundles that somebody else wrote or changed,
//! and it costs a comparison per node.

use flow_ir::NodeId;
use flow_ir::setup::Callee;
use flow_ir::units::ErrorClass;

use super::state::{Fault, FrameRef};
use super::walk::Walk;

impl Walk<'_> {
    /// Notes whether a node that is entered does so with an approval: a clearing edge was taken since the last time,
    /// or the flow was called with one and this is the first time.
    pub(super) fn approve(&mut self, at: FrameRef, node: NodeId, visit: u32) {
        let caller = self.state.frame(at).and_then(|frame| frame.parent).map(|(caller, _)| caller);
        let inherited =
            caller.and_then(|caller| self.state.frame(caller)).is_some_and(|frame| frame.approved);
        self.with_frame(at, |frame| {
            let clearings = frame.clearings;
            let Some(state) = frame.nodes.get_mut(node.index()) else { return };
            frame.approved = clearings > state.clearings || (inherited && visit == 1);
            state.clearings = clearings;
        });
    }

    /// Refuses a sensitive operation that nobody approved.
    pub(super) fn permit(&self, at: FrameRef, callee: Callee) -> Result<(), Fault> {
        let is_approved = self.state.frame(at).is_some_and(|frame| frame.approved);
        if is_approved || !self.program.is_sensitive(callee) {
            return Ok(());
        }
        Err(Fault::new(ErrorClass::Denied, "it is sensitive, and nobody approved it"))
    }
}
