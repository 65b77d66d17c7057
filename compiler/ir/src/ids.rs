//! Typed indices into the tables of a Bundle or a flow.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(pub u32);

            impl $name {
                /// The index as a `usize`, for `Vec::get`.
                #[must_use]
                pub const fn index(self) -> usize {
                    self.0 as usize
                }
            }
        )*
    };
}

ids! {
    /// A row of `Bundle::types`.
    TypeId,
    /// A row of `Bundle::functions`.
    FunctionId,
    /// A row of `Bundle::checks`.
    CheckId,
    /// A row of `Bundle::prompts`.
    PromptId,
    /// A row of `Bundle::models`.
    ModelId,
    /// A row of `Bundle::tools`.
    ToolId,
    /// A row of `Bundle::humans`.
    HumanId,
    /// A row of `Bundle::resources`.
    ResourceId,
    /// A row of `Bundle::splits`.
    SplitId,
    /// A row of `Bundle::flows`.
    FlowId,
    /// A row of `Flow::nodes`.
    NodeId,
    /// A row of `Flow::slots`: a parameter, a node's result or a node's parameter.
    SlotId,
    /// A row of `Flow::counters`: how often a `max` edge was taken.
    CounterId,
    /// A binder inside one expression: a lambda's or `let`'s value. Unique within the outermost expression.
    LocalId,
}
