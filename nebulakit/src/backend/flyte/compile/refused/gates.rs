//! What the platform does not take of gates.

use super::super::conditions::approved_part;
use super::problem::problem;
use crate::graph::{Kind, Node, Problem, ProblemKind};

/// How many bytes the name of a signal may have: with the longest names of a project, a domain and an execution it fits into a row of the control plane's
/// index, which has 2,704.
const LONGEST: usize = 2400;

/// A part of a value that is approved where a workflow failed: the platform takes the type of the whole for that of the part, and one node.
pub(super) fn approved(node: &Node) -> Option<Problem> {
    let part = approved_part(node)?;
    let message = format!("`{}` approves a part of a value, as `{}`, which Flyte refuses of what handles a failure", node.id, part.name);
    Some(problem(node, ProblemKind::Gate, message, "approve the whole value, or give the part to a task and approve what that gives"))
}

/// The name of a signal that the control plane cannot store: it is registered and launched, and the whole execution fails when its gate is reached.
pub(super) fn signal(node: &Node) -> Option<Problem> {
    let (Kind::Approve(gate) | Kind::Wait(gate)) = &node.kind else { return None };
    let signal = &gate.signal;
    let why = match signal.len() {
        _ if signal.contains('\0') => "a character with the code 0, which its database does not store".to_owned(),
        length if length > LONGEST => format!("{length} bytes, and {LONGEST} are what its database stores for sure"),
        _ => return None,
    };
    let message = format!("the signal of `{}` has {why}: the execution would fail by `Workflow abort failed`", node.id);
    Some(problem(node, ProblemKind::Gate, message, "give the gate a short name of letters"))
}
