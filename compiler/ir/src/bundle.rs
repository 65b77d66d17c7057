//! The Bundle itself: tables, canonical bytes, digest.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::evals::Eval;
use crate::flow::{Flow, Trigger};
use crate::ids::{FlowId, TypeId};
use crate::setup::{Check, Function, Human, Model, Prompt, Resource, Split, Tool};
use crate::types::Type;

/// The format that this crate reads and writes. It changes whenever old readers would misread new bytes.
pub const FORMAT: &str = "flow-bundle/1";

/// Everything a runtime needs to walk a package.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// The package's name.
    pub package: SmolStr,
    /// Interned.
    pub types: Vec<Type>,
    /// `fn`.
    pub functions: Vec<Function>,
    /// `check`.
    pub checks: Vec<Check>,
    /// `model`.
    pub models: Vec<Model>,
    /// `prompt`.
    pub prompts: Vec<Prompt>,
    /// `tool`.
    pub tools: Vec<Tool>,
    /// `human`.
    pub humans: Vec<Human>,
    /// `resource`.
    pub resources: Vec<Resource>,
    /// `split`.
    pub splits: Vec<Split>,
    /// `flow`.
    pub flows: Vec<Flow>,
    /// `on`.
    pub triggers: Vec<Trigger>,
    /// `eval`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evals: Vec<Eval>,
}

/// BLAKE3 of the canonical bytes: what a Bundle is called.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of any bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The first eight hex digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Why bytes are no Bundle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoadError {
    /// No JSON, or JSON of another shape.
    Malformed(String),
    /// A format that this version does not read.
    Format(String),
    /// The content is not what the digest names.
    Digest {
        /// As the file says.
        stated: String,
        /// As computed.
        found: String,
    },
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "this is no bundle: {why}"),
            Self::Format(format) => write!(f, "this bundle is `{format}`, this version reads `{FORMAT}`"),
            Self::Digest { stated, found } => {
                write!(f, "the bundle was changed: it says {stated}, but its content is {found}")
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// The file around a Bundle.
#[derive(Serialize, Deserialize)]
struct Envelope<B> {
    format: String,
    digest: String,
    bundle: B,
}

impl Bundle {
    /// The bytes that the digest is taken of: JSON in declaration order, without blanks.
    #[must_use]
    pub fn canonical_bytes(&self) -> Vec<u8> {
        // Writing to memory cannot fail, and no map in the IR has keys other than text.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What this Bundle is called.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.canonical_bytes())
    }

    /// The file that `flowc build` writes: format, digest and content in one JSON object.
    #[must_use]
    pub fn to_file(&self) -> Vec<u8> {
        let envelope =
            Envelope { format: FORMAT.to_owned(), digest: self.digest().to_string(), bundle: self };
        serde_json::to_vec(&envelope).unwrap_or_default()
    }

    /// Reads what [`Bundle::to_file`] wrote, and verifies it.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn from_file(bytes: &[u8]) -> Result<Self, LoadError> {
        let malformed = |error: serde_json::Error| LoadError::Malformed(error.to_string());
        let outer: Envelope<serde_json::Value> = serde_json::from_slice(bytes).map_err(malformed)?;
        if outer.format != FORMAT {
            return Err(LoadError::Format(outer.format));
        }
        let bundle: Self = serde_json::from_value(outer.bundle).map_err(malformed)?;
        let found = bundle.digest().to_string();
        if found != outer.digest {
            return Err(LoadError::Digest { stated: outer.digest, found });
        }
        Ok(bundle)
    }

    /// The type of an id.
    #[must_use]
    pub fn ty(&self, id: TypeId) -> &Type {
        self.types.get(id.index()).unwrap_or(&Type::Nothing)
    }

    /// The flow of an id.
    #[must_use]
    pub fn flow(&self, id: FlowId) -> Option<&Flow> {
        self.flows.get(id.index())
    }

    /// The public flow with this name, or the only public one if no name is given.
    #[must_use]
    pub fn entry_flow(&self, name: Option<&str>) -> Option<FlowId> {
        let mut public = self.flows.iter().enumerate().filter(|(_, flow)| flow.public);
        let found = match name {
            Some(name) => self.flows.iter().enumerate().find(|(_, flow)| flow.name == name),
            None => public.next().filter(|_| public.next().is_none()),
        };
        found.map(|(index, _)| FlowId(index as u32))
    }
}
