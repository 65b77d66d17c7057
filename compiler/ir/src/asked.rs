//! What a call may ask, however deep: the flows, splits and prompts that it leads to, and who answers them.

use std::collections::BTreeSet;

use crate::bundle::Bundle;
use crate::flow::Flow;
use crate::ids::{FlowId, ModelId, PromptId};
use crate::setup::{Call, Callee, PromptTool};
use crate::testing::{Answer, Given};

/// Everything that calls may ask.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Asked {
    /// Flows that are walked.
    pub flows: BTreeSet<FlowId>,
    /// Prompts that are sent.
    pub prompts: BTreeSet<PromptId>,
    /// Models that are asked first; their fallbacks are not in it.
    pub models: BTreeSet<ModelId>,
}

impl Asked {
    /// By a flow and the flows that it calls.
    #[must_use]
    pub fn by_flow(bundle: &Bundle, flow: FlowId) -> Self {
        let mut asked = Self::default();
        asked.flow(bundle, flow, &[]);
        asked
    }

    /// By one call. What `answered` says is not asked, nor what it would ask.
    #[must_use]
    pub fn by_call(bundle: &Bundle, call: &Call, answered: &[Callee]) -> Self {
        let mut asked = Self::default();
        asked.call(bundle, call, answered);
        asked
    }

    /// Adds what answers of givens ask in turn.
    pub fn by_givens(&mut self, bundle: &Bundle, givens: &[Given], answered: &[Callee]) {
        for given in givens {
            self.by_answer(bundle, &given.answer, answered);
        }
    }

    fn by_answer(&mut self, bundle: &Bundle, answer: &Answer, answered: &[Callee]) {
        match answer {
            Answer::Delegate(_, call) => self.call(bundle, call, answered),
            Answer::Sequence(answers) => {
                answers.iter().for_each(|answer| self.by_answer(bundle, answer, answered));
            }
            Answer::Late(answer, _) | Answer::Costs(answer, _) => self.by_answer(bundle, answer, answered),
            Answer::Value(_) | Answer::Fails(_) | Answer::Sure(..) | Answer::Raw(_) | Answer::Cassette(_) => {
            }
        }
    }

    fn flow(&mut self, bundle: &Bundle, id: FlowId, answered: &[Callee]) {
        let Some(flow) = bundle.flow(id).filter(|_| self.flows.insert(id)) else { return };
        for call in calls(flow) {
            self.call(bundle, call, answered);
        }
    }

    fn call(&mut self, bundle: &Bundle, call: &Call, answered: &[Callee]) {
        if answered.contains(&call.callee) {
            return;
        }
        self.models.extend(call.model);
        match call.callee {
            Callee::Flow(id) => self.flow(bundle, id, answered),
            Callee::Split(id) => {
                let split = bundle.splits.get(id.index());
                let arms = split.into_iter().flat_map(|split| split.arms.iter().chain(&split.shadows));
                arms.for_each(|arm| self.call(bundle, &arm.call, answered));
            }
            Callee::Method(resource, _) => {
                self.models.extend(bundle.resources.get(resource.index()).and_then(|found| found.embed));
            }
            Callee::Prompt(id) => {
                self.prompts.insert(id);
                self.models.extend(embedding(bundle, id));
            }
            Callee::Value
            | Callee::Function(_)
            | Callee::Check(_)
            | Callee::Tool(_)
            | Callee::Human(_)
            | Callee::Sleep
            | Callee::Tell => {}
        }
    }
}

fn calls(flow: &Flow) -> impl Iterator<Item = &Call> {
    flow.nodes.iter().flat_map(|node| node.work.calls())
}

/// Models behind resources that a model searches by itself.
fn embedding(bundle: &Bundle, id: PromptId) -> impl Iterator<Item = ModelId> {
    let tools = bundle.prompts.get(id.index()).into_iter().flat_map(|prompt| &prompt.tools);
    tools.filter_map(|tool| match tool {
        PromptTool::Method(resource, _) => bundle.resources.get(resource.index())?.embed,
        PromptTool::Tool(_) => None,
    })
}
