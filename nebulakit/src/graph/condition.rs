//! When an arm of a condition is taken.

use super::binding::Binding;

/// When an arm is taken. There is no negation: it is pushed down to the comparisons.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
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
