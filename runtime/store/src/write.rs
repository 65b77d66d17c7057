//! Changes: what the engine asks for, and what the journal keeps.

use base64::Engine;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json};

/// A change of one resource. `until_ms` is when the value is forgotten, ms since the Unix epoch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)]
pub enum Write {
    MemoryAdd {
        key: String,
        items: Vec<Json>,
        until_ms: Option<i64>,
    },
    MemoryForget {
        key: String,
    },
    CachePut {
        key: String,
        value: Json,
        vector: Option<Vector>,
        until_ms: Option<i64>,
    },
    /// Replaces entries of equal id.
    IndexPut {
        entries: Vec<IndexEntry>,
    },
    /// Fields that are given replace those held.
    SlotsFill {
        key: String,
        fields: Map<String, Json>,
        until_ms: Option<i64>,
    },
    SlotsDrop {
        key: String,
    },
    EventsPut {
        key: String,
        value: Json,
        until_ms: Option<i64>,
    },
    /// Takes the oldest event of a key.
    EventsTake {
        key: String,
    },
    QueueAdd {
        item: Json,
    },
    /// Takes the oldest items.
    QueueTake {
        count: u64,
    },
    TopicEmit {
        item: Json,
    },
    DatasetAdd {
        items: Vec<Json>,
    },
}

/// What a change answers.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Written {
    /// Nothing.
    #[default]
    Done,
    /// What was taken.
    Items(Vec<Json>),
    /// All fields that the slots hold now.
    Slots(Map<String, Json>),
}

/// One element of an index.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexEntry {
    /// Unique in the index.
    pub id: String,
    /// The element.
    pub item: Json,
    /// What is searched.
    pub text: String,
    /// Of the text; absent in keyword indexes.
    pub vector: Option<Vector>,
}

/// A vector; base64 of little-endian `f32` in the journal.
#[derive(Clone, PartialEq, Debug)]
pub struct Vector(pub Vec<f32>);

impl Serialize for Vector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|x| x.to_le_bytes()).collect();
        serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        let (quads, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(serde::de::Error::custom("no vector of f32"));
        }
        Ok(Self(quads.iter().map(|quad| f32::from_le_bytes(*quad)).collect()))
    }
}
