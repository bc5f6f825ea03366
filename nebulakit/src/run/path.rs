//! The path of a node within its run.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Identifies a node within its run: its id, after those of the nodes that it is part of.
///
/// | path | the node |
/// |---|---|
/// | `n2` | a node of the workflow itself, also within an arm of a condition |
/// | `n2/n0` | a node of the workflow that `n2` runs, or of the graph that the dynamic task `n2` returned |
/// | `n3[5]` | what the map `n3` runs for element 5, counted from 0 |
/// | `n3[5]/n0` | a node of the workflow that the map `n3` runs for that element |
///
/// Clones share the text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodePath(Arc<str>);

impl NodePath {
    /// The path of the node `id` in the workflow that runs as `parent`, or in the run's own workflow if there is no parent.
    #[must_use]
    pub fn below(parent: Option<&Self>, id: &str) -> Self {
        match parent {
            Some(parent) => Self(format!("{parent}/{id}").into()),
            None => Self(id.into()),
        }
    }

    /// The path of an element of this map.
    #[must_use]
    pub fn element(&self, index: usize) -> Self {
        Self(format!("{self}[{index}]").into())
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is an element of a map, or part of one: there may be thousands of the same.
    #[must_use]
    pub fn is_in_element(&self) -> bool {
        // No id has a bracket.
        self.0.contains('[')
    }

    /// Whether it is an element of a map.
    #[must_use]
    pub fn is_element(&self) -> bool {
        self.0.ends_with(']')
    }

    /// The node that this one is part of: the map of an element, or the node that runs the workflow that this one is in.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let end = match self.0.strip_suffix(']') {
            Some(element) => element.rfind('[')?,
            None => self.0.rfind('/')?,
        };
        Some(Self(self.0[..end].into()))
    }

    /// Whether the node `other` is part of this one.
    pub(crate) fn holds(&self, other: &str) -> bool {
        other.strip_prefix(self.as_str()).is_some_and(|rest| rest.starts_with(['/', '[']))
    }
}

impl<T: Into<Arc<str>>> From<T> for NodePath {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl Deref for NodePath {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for NodePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for NodePath {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for NodePath {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl Serialize for NodePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for NodePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl fmt::Display for NodePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NodePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}
