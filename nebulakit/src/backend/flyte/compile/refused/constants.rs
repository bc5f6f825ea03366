//! Constants that the platform cannot take.

use nebulakit_types::Literal;
use nebulakit_types::literal::LiteralValue;

use crate::graph::{Binding, Bound, Node, Problem, ProblemKind};

/// Constants of a node that lie in files of their own, of which the platform binds none.
pub(super) fn offloaded(node: &Node) -> impl Iterator<Item = Problem> {
    let problem = |bound: &Bound| {
        let message = format!("`{}` of `{}` is a value in a file of its own, which Flyte cannot bind", bound.name, node.id);
        let at = bound.at.clone().or_else(|| node.at.clone());
        Problem::new(ProblemKind::Other, message).at(at).hint("read it, and hand the value on; or store what it holds as a file")
    };
    node.inputs.iter().filter(|bound| binding(&bound.binding)).map(problem)
}

fn binding(of: &Binding) -> bool {
    match of {
        Binding::Literal(value) => literal(value),
        Binding::List(elements) => elements.iter().any(binding),
        Binding::Map(entries) => entries.iter().any(|(_, entry)| binding(entry)),
        Binding::Input { .. } | Binding::Output { .. } | Binding::Failure | Binding::Fault => false,
    }
}

fn literal(of: &Literal) -> bool {
    match &of.value {
        LiteralValue::Offloaded { .. } => true,
        LiteralValue::Union { value, .. } => literal(value),
        LiteralValue::Collection(elements) => elements.iter().any(literal),
        LiteralValue::Map(entries) => entries.values().any(literal),
        _ => false,
    }
}
