//! What a value is made of.

use std::collections::BTreeSet;

/// An input: a parameter, and fields of it from the outside in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Input {
    pub(super) root: Root,
    pub(super) steps: Vec<Step>,
}

/// Where an input comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Root {
    /// A parameter of the flow.
    Param(u32),
    /// `run.user`.
    User,
}

/// From a value to a part of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Step {
    /// Of a record.
    Field(u32),
    /// Variant, field.
    Payload(u32, u32),
}

impl Input {
    /// Whether who knows `self` knows `other`.
    pub(super) fn holds(&self, other: &Self) -> bool {
        self.root == other.root && other.steps.starts_with(&self.steps)
    }
}

/// What a value is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// An input, as it is.
    Input(Input),
    /// A record, field by field.
    Parts(Vec<Self>),
    /// Computed from these.
    Made(BTreeSet<Input>),
}

impl Default for Origin {
    /// Of nothing: a literal.
    fn default() -> Self {
        Self::Made(BTreeSet::new())
    }
}

impl Origin {
    pub(super) const fn param(index: u32) -> Self {
        Self::Input(Input { root: Root::Param(index), steps: Vec::new() })
    }

    /// Everything that it is made of.
    pub(super) fn inputs(&self) -> BTreeSet<Input> {
        match self {
            Self::Input(input) => BTreeSet::from([input.clone()]),
            Self::Parts(parts) => parts.iter().flat_map(Self::inputs).collect(),
            Self::Made(inputs) => inputs.clone(),
        }
    }

    /// Whether anything in it was computed from inputs, and not only passed on.
    pub(super) fn is_made(&self) -> bool {
        match self {
            Self::Input(_) => false,
            Self::Parts(parts) => parts.iter().any(Self::is_made),
            Self::Made(inputs) => !inputs.is_empty(),
        }
    }

    /// A value computed from all of these.
    pub(super) fn made<'o>(of: impl IntoIterator<Item = &'o Self>) -> Self {
        Self::Made(of.into_iter().flat_map(Self::inputs).collect())
    }

    /// One of two values.
    pub(super) fn join(&self, other: &Self) -> Self {
        match (self, other) {
            _ if self == other => self.clone(),
            (Self::Parts(a), Self::Parts(b)) if a.len() == b.len() => {
                Self::Parts(a.iter().zip(b).map(|(a, b)| a.join(b)).collect())
            }
            _ => Self::made([self, other]),
        }
    }

    /// A part of it.
    pub(super) fn step(&self, step: Step) -> Self {
        match (self, step) {
            (Self::Input(input), _) => {
                let mut input = input.clone();
                input.steps.push(step);
                Self::Input(input)
            }
            (Self::Parts(parts), Step::Field(index)) => {
                parts.get(index as usize).cloned().unwrap_or_default()
            }
            (Self::Parts(_), Step::Payload(..)) => Self::made([self]),
            (Self::Made(_), _) => self.clone(),
        }
    }

    /// The same where the parameters are these.
    pub(super) fn with(&self, args: &[Self]) -> Self {
        match self {
            Self::Input(input) => passed(input, args),
            Self::Parts(parts) => Self::Parts(parts.iter().map(|part| part.with(args)).collect()),
            Self::Made(inputs) => {
                let passed: Vec<Self> = inputs.iter().map(|input| passed(input, args)).collect();
                Self::made(&passed)
            }
        }
    }
}

fn passed(input: &Input, args: &[Origin]) -> Origin {
    match input.root {
        Root::Param(index) => {
            let arg = args.get(index as usize).cloned().unwrap_or_default();
            input.steps.iter().fold(arg, |value, step| value.step(*step))
        }
        Root::User => Origin::Input(input.clone()),
    }
}
