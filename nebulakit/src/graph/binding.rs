//! What feeds an input or an output, and how nodes are named.

use std::borrow::{Borrow, Cow};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use nebulakit_types::Literal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::form;
use super::place::Place;
use super::unique;

/// The id of a node. Clones share one text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(Arc<str>);

/// A name, and what feeds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// The input or output.
    pub name: Cow<'static, str>,
    /// What feeds it.
    #[serde(rename = "from")]
    pub binding: Binding,
    /// Where that is written, if elsewhere than its node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// What feeds an input, an output, or a side of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Binding {
    /// A constant.
    Literal(#[serde(with = "form::literal")] Box<Literal>),
    /// An input of the workflow, or a part of it.
    Input {
        /// The input.
        name: Cow<'static, str>,
        /// The steps into its value.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        path: Vec<Step>,
    },
    /// An output of a node, or a part of it.
    Output {
        /// The node.
        node: NodeId,
        /// The output.
        output: Cow<'static, str>,
        /// The steps into its value.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        path: Vec<Step>,
    },
    /// A list.
    List(Vec<Binding>),
    /// A map.
    Map(#[serde(deserialize_with = "unique::map")] BTreeMap<String, Binding>),
    /// The error that a failure handler is told.
    Failure,
    /// What stands where a mistake was made. Its problem is told already, so that nothing else is said of what it feeds; it has no JSON form.
    #[serde(skip)]
    Fault,
}

/// A step into a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Step {
    /// To a field of a struct, or an entry of a map.
    Key(Cow<'static, str>),
    /// To an element of a list, from 0.
    Index(u32),
}

impl Bound {
    /// Makes what is written where its node is.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, binding: Binding) -> Self {
        Self { name: name.into(), binding, at: None }
    }
}

impl Binding {
    /// A constant.
    #[must_use]
    pub fn literal(literal: impl Into<Literal>) -> Self {
        Self::Literal(Box::new(literal.into()))
    }

    /// A whole input of the workflow.
    #[must_use]
    pub fn input(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Input { name: name.into(), path: Vec::new() }
    }

    /// A whole output of a node.
    #[must_use]
    pub fn output(node: impl Into<NodeId>, output: impl Into<Cow<'static, str>>) -> Self {
        Self::Output { node: node.into(), output: output.into(), path: Vec::new() }
    }
}

impl NodeId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Arc<str>>> From<T> for NodeId {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl Deref for NodeId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for NodeId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for NodeId {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for NodeId {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}
