//! A node that Flyte does not take as it is.

use crate::graph::{Node, Problem, ProblemKind};

/// What is wrong with a node, and what to write instead.
pub(super) fn problem(node: &Node, kind: ProblemKind, message: String, hint: &str) -> Problem {
    Problem::new(kind, message).at(node.at.clone()).hint(hint)
}
