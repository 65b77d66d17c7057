//! What a call asks, looked up in its Bundle.

use smol_str::SmolStr;

use crate::bundle::Bundle;
use crate::setup::Callee;
use crate::types::Field;

impl Bundle {
    /// The name of the declaration that a call asks, of a method its resource; nothing where none is declared.
    #[must_use]
    pub fn callee_name(&self, callee: Callee) -> Option<&SmolStr> {
        match callee {
            Callee::Function(id) => self.functions.get(id.index()).map(|it| &it.name),
            Callee::Check(id) => self.checks.get(id.index()).map(|it| &it.name),
            Callee::Prompt(id) => self.prompts.get(id.index()).map(|it| &it.name),
            Callee::Tool(id) => self.tools.get(id.index()).map(|it| &it.name),
            Callee::Human(id) => self.humans.get(id.index()).map(|it| &it.name),
            Callee::Split(id) => self.splits.get(id.index()).map(|it| &it.name),
            Callee::Flow(id) => self.flows.get(id.index()).map(|it| &it.name),
            Callee::Method(id, _) => self.resources.get(id.index()).map(|it| &it.name),
            Callee::Value | Callee::Sleep | Callee::Tell => None,
        }
    }

    /// The declared parameters of what a call asks; none where nothing is declared.
    #[must_use]
    pub fn callee_params(&self, callee: Callee) -> &[Field] {
        let found = match callee {
            Callee::Function(id) => self.functions.get(id.index()).map(|it| &it.params),
            Callee::Check(id) => self.checks.get(id.index()).map(|it| &it.params),
            Callee::Prompt(id) => self.prompts.get(id.index()).map(|it| &it.params),
            Callee::Tool(id) => self.tools.get(id.index()).map(|it| &it.params),
            Callee::Human(id) => self.humans.get(id.index()).map(|it| &it.params),
            Callee::Split(id) => self.splits.get(id.index()).map(|it| &it.params),
            Callee::Flow(id) => self.flows.get(id.index()).map(|it| &it.params),
            Callee::Value | Callee::Method(..) | Callee::Sleep | Callee::Tell => None,
        };
        found.map_or(&[], Vec::as_slice)
    }
}
