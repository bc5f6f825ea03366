//! Cache lookups and their results: plain data, for events and for people.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::digest::Parts;
use super::path::NodePath;
use crate::coordinator::RunId;

/// The key of a cache entry, part by part, so that it can be told which part has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CacheKey {
    /// The full name of the task.
    pub task: String,
    /// Its cache version.
    pub version: String,
    /// The digest of the names and types of its inputs.
    pub inputs_type: String,
    /// The digest of the names and types of its outputs.
    pub outputs_type: String,
    /// The inputs that count.
    pub inputs: BTreeMap<String, KeyPart>,
    /// The inputs that do not count, by `cache(ignore(..))`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
}

/// The part of a key for an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPart {
    /// The value itself, which is short: the bytes of a literal.
    Value(#[serde(with = "super::base64")] Vec<u8>),
    /// The digest of the value, with the contents of files in place of their paths.
    Digest(String),
}

/// A part of a key that differs from another key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "part")]
#[non_exhaustive]
pub enum KeyChange {
    /// The cache version.
    Version {
        /// In the other key.
        before: String,
        /// In this one.
        now: String,
    },
    /// The names or types of the inputs.
    InputsType,
    /// The names or types of the outputs.
    OutputsType,
    /// An input.
    Input {
        /// Its name.
        name: String,
        /// In the other key, if it is there.
        before: Option<KeyPart>,
        /// In this one, if it is there.
        now: Option<KeyPart>,
    },
}

/// A node in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The run.
    pub run: RunId,
    /// The node.
    pub node: NodePath,
}

/// The result of looking up the outputs of a task with `cache(..)` in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Lookup {
    /// The run does not use the cache.
    Off,
    /// The inputs have no key, for example because a file cannot be read.
    Unkeyed {
        /// Why.
        why: String,
    },
    /// There was no entry.
    Miss {
        /// The key that was looked up.
        key: CacheKey,
    },
    /// There was an entry, but its outputs are gone or damaged.
    Gone {
        /// The key that was looked up.
        key: CacheKey,
        /// The node that gave the outputs.
        from: Caller,
    },
    /// The run does not look up entries, and replaces them.
    Overwrite {
        /// The key of the new entry.
        key: CacheKey,
    },
    /// There was an entry, and the node takes its outputs.
    Hit {
        /// The key that was looked up.
        key: CacheKey,
        /// The node that gave the outputs.
        from: Caller,
    },
}

impl CacheKey {
    /// The key as one text: it names the entry.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut parts = Parts::default();
        for part in [&self.task, &self.version, &self.inputs_type, &self.outputs_type] {
            parts.add(part);
        }
        for (name, part) in &self.inputs {
            parts.add(name);
            match part {
                KeyPart::Value(literal) => parts.add(literal),
                KeyPart::Digest(digest) => parts.add(digest),
            }
        }
        parts.digest()
    }

    /// The parts that differ from `other`, a key of the same task.
    #[must_use]
    pub fn changes(&self, other: &Self) -> Vec<KeyChange> {
        let mut changes = Vec::new();
        if self.version != other.version {
            changes.push(KeyChange::Version { before: other.version.clone(), now: self.version.clone() });
        }
        if self.inputs_type != other.inputs_type {
            changes.push(KeyChange::InputsType);
        }
        if self.outputs_type != other.outputs_type {
            changes.push(KeyChange::OutputsType);
        }
        let only_there = other.inputs.keys().filter(|name| !self.inputs.contains_key(*name));
        for name in self.inputs.keys().chain(only_there) {
            let (now, before) = (self.inputs.get(name), other.inputs.get(name));
            if now != before {
                changes.push(KeyChange::Input { name: name.clone(), before: before.cloned(), now: now.cloned() });
            }
        }
        changes
    }
}

impl Lookup {
    /// The key that was looked up, if any.
    #[must_use]
    pub fn key(&self) -> Option<&CacheKey> {
        match self {
            Self::Off | Self::Unkeyed { .. } => None,
            Self::Miss { key } | Self::Gone { key, .. } | Self::Overwrite { key } | Self::Hit { key, .. } => Some(key),
        }
    }
}

impl fmt::Display for KeyChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { .. } => f.write_str("the cache version"),
            Self::InputsType => f.write_str("the names or types of the inputs"),
            Self::OutputsType => f.write_str("the names or types of the outputs"),
            Self::Input { name, .. } => write!(f, "the input `{name}`"),
        }
    }
}
