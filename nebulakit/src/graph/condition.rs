//! When an arm of a condition is taken.

use serde::{Deserialize, Serialize};

use super::binding::Binding;

/// When an arm is taken. There is no negation: it is pushed down to the comparisons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Test {
    /// Two values compare so.
    Compare {
        /// The left side.
        left: Binding,
        /// How they are compared.
        by: Comparison,
        /// The right side.
        right: Binding,
    },
    /// All of them hold.
    All(Vec<Test>),
    /// One of them holds, or more.
    Any(Vec<Test>),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Comparison {
    /// Equal.
    #[serde(rename = "==")]
    Eq,
    /// Not equal.
    #[serde(rename = "!=")]
    Ne,
    /// Greater.
    #[serde(rename = ">")]
    Gt,
    /// Greater or equal.
    #[serde(rename = ">=")]
    Ge,
    /// Less.
    #[serde(rename = "<")]
    Lt,
    /// Less or equal.
    #[serde(rename = "<=")]
    Le,
}

impl Comparison {
    /// The sign: `==`, `!=`, `>`, `>=`, `<`, `<=`.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Lt => "<",
            Self::Le => "<=",
        }
    }
}
