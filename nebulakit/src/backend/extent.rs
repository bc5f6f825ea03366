//! How much is in a graph before it runs.

use std::collections::HashMap;

use crate::graph::{Graph, Kind, Mapped, Node, Scope};

/// How deep scopes may be within each other: each takes up to 50 KB of the stack of the thread that polls them, in a build without optimisation.
pub(super) const DEEPEST: u32 = 24;

/// How much is in a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Extent {
    /// How many nodes are known, each workflow counted as often as it is a node.
    pub(super) nodes: u64,
    /// How many scopes are within each other: workflows and arms of conditions. What is deeper than [`DEEPEST`] is one more than that or deeper.
    pub(super) depth: u32,
}

impl Extent {
    pub(super) fn of(graph: &Graph) -> Self {
        let mut known = HashMap::new();
        // Each round looks one workflow deeper, so that none is looked at as often as it is a node.
        for _ in 0..=DEEPEST {
            let deeper = graph.workflows.iter().map(|(name, workflow)| (&**name, Self::of_workflow(workflow, &known))).collect();
            if std::mem::replace(&mut known, deeper) == known {
                break;
            }
        }
        Self::of_workflow(graph, &known)
    }

    fn of_workflow(workflow: &Graph, known: &HashMap<&str, Self>) -> Self {
        let body = Self::of_scope(&workflow.body, known);
        let handler = workflow.on_failure.as_deref().map_or_else(Self::default, |node| Self::of_node(node, known));
        Self { depth: body.depth.max(handler.depth), ..body }
    }

    fn of_scope(scope: &Scope, known: &HashMap<&str, Self>) -> Self {
        scope.nodes.iter().map(|node| Self::of_node(node, known)).fold(Self::default(), Self::beside)
    }

    fn of_node(node: &Node, known: &HashMap<&str, Self>) -> Self {
        let workflow = |name: &str| known.get(name).copied().unwrap_or_default();
        let inner = match &node.kind {
            Kind::Workflow(name) | Kind::LaunchPlan(name) => workflow(name),
            // How many elements there are is not known.
            Kind::Map(map) => match &map.of {
                Mapped::Workflow(name) => Self { nodes: 0, ..workflow(name) },
                Mapped::Task(_) => return Self { nodes: 1, depth: 0 },
            },
            Kind::Branch(branch) => branch.scopes().map(|scope| Self::of_scope(scope, known)).fold(Self::default(), Self::beside),
            _ => return Self { nodes: 1, depth: 0 },
        };
        Self { nodes: inner.nodes.saturating_add(1), depth: inner.depth + 1 }
    }

    fn beside(self, other: Self) -> Self {
        Self { nodes: self.nodes.saturating_add(other.nodes), depth: self.depth.max(other.depth) }
    }
}
