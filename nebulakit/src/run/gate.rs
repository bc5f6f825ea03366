//! What gates take, and the answers to them.

use std::collections::BTreeMap;
use std::fmt;

use nebulakit_types::LiteralType;
use nebulakit_types::convert::check::check;
use nebulakit_types::convert::reader::{LiteralRef, References};
use serde::{Deserialize, Serialize};

use crate::graph::{Graph, Kind, Scope};

/// An answer to a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// Approves it.
    Approve,
    /// Rejects it.
    Reject,
    /// A value, as the bytes of a literal.
    Value(#[serde(with = "crate::run::base64")] Vec<u8>),
}

/// What a gate takes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GateTakes {
    /// An approval or a rejection.
    #[default]
    Approval,
    /// A value of this type.
    Value(#[serde(with = "literal_type")] Box<LiteralType>),
}

impl GateTakes {
    /// What the gates of a graph, and of the workflows in it, take, by their signals.
    pub(crate) fn of_all(graph: &Graph) -> BTreeMap<String, Self> {
        Self::of_each(graph).into_iter().map(|(signal, takes)| (signal.to_owned(), takes)).collect()
    }

    /// What each gate of a graph and of the workflows in it takes, with its signal.
    pub(crate) fn of_each(graph: &Graph) -> Vec<(&str, Self)> {
        let mut gates = Vec::new();
        std::iter::once(graph).chain(graph.workflows.values()).for_each(|workflow| of_scope(&workflow.body, &mut gates));
        gates
    }

    /// Checks whether an answer is what the gate takes.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check(&self, answer: &Answer) -> Result<(), String> {
        match (self, answer) {
            (Self::Approval, Answer::Approve | Answer::Reject) => Ok(()),
            (Self::Approval, Answer::Value(_)) => Err(format!("the gate takes {self}, not a value")),
            (Self::Value(literal_type), Answer::Value(value)) => {
                check(LiteralRef::new(value, References::none()), literal_type).map_err(|error| format!("the gate takes {self}: {error}"))
            }
            (Self::Value(_), _) => Err(format!("the gate takes {self}, not {}", Self::Approval)),
        }
    }
}

impl fmt::Display for GateTakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approval => f.write_str("an approval or a rejection"),
            Self::Value(literal_type) => literal_type.fmt(f),
        }
    }
}

fn of_scope<'g>(scope: &'g Scope, gates: &mut Vec<(&'g str, GateTakes)>) {
    for node in &scope.nodes {
        match &node.kind {
            Kind::Approve(gate) => gates.push((&gate.signal, GateTakes::Approval)),
            Kind::Wait(gate) => gates.push((&gate.signal, GateTakes::Value(Box::new(gate.literal_type.clone())))),
            Kind::Branch(branch) => branch.scopes().for_each(|scope| of_scope(scope, gates)),
            _ => {}
        }
    }
}

/// A type, as proto3 JSON.
mod literal_type {
    use nebulakit_types::LiteralType;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de};

    pub(super) fn serialize<S: Serializer>(literal_type: &LiteralType, serializer: S) -> Result<S::Ok, S::Error> {
        literal_type.to_json().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<LiteralType>, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        LiteralType::from_json(&json).map(Box::new).map_err(de::Error::custom)
    }
}
