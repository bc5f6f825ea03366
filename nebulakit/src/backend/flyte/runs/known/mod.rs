//! The nodes of a run by their paths, and where they are among those of its execution.
//!
//! | module | holds |
//! |---|---|
//! | `graph` | the nodes of a graph of ours |
//!
//! The platform has nodes that a graph does not have: those that were generated for parts of values and for arms of conditions. What is in a dynamic task and in
//! a launch plan is known only there, and [learnt](Nodes::learn) when it is seen.

mod graph;

use std::collections::BTreeMap;
use std::sync::Arc;

use nebulakit_types::LiteralType;

pub(super) use self::graph::is_task;
use super::super::execution::{Planned, What};
use crate::graph::Graph;
use crate::run::{Arm, GateTakes, NodePath};

/// The nodes of a run.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    nodes: BTreeMap<NodePath, Planned>,
    /// Paths in which everything is taken as it comes.
    open: Vec<NodePath>,
    /// The maps of workflows. On the platform they are dynamic tasks, whose nodes are the elements.
    rows: BTreeMap<NodePath, Rows>,
    /// The graph, if there are such maps: what is in their elements is in it.
    graph: Option<Arc<Graph>>,
    /// The only node of a task that is run alone, which the platform calls by the task's name.
    alone: Option<NodePath>,
    /// Whether the paths are those of the platform.
    are_theirs: bool,
}

impl Nodes {
    /// Those of an execution of which no graph is at hand: what the platform compiled.
    pub(super) fn of_plan(nodes: BTreeMap<NodePath, Planned>) -> Self {
        Self { nodes, are_theirs: true, ..Self::default() }
    }

    /// Takes what is known by now of the nodes in a dynamic task or a launch plan.
    pub(super) fn learn(&mut self, made: BTreeMap<NodePath, Planned>) {
        self.nodes.extend(made);
    }

    /// Whether a node is a map of a workflow of ours.
    pub(super) fn is_of_workflows(&self, path: &NodePath) -> bool {
        self.rows.contains_key(path)
    }

    pub(super) fn len(&self) -> u64 {
        self.nodes.len() as u64
    }

    pub(super) fn get(&self, path: &NodePath) -> Option<&Planned> {
        self.nodes.get(path)
    }

    pub(super) fn what(&self, path: &NodePath) -> Option<&What> {
        self.nodes.get(path).map(|known| &known.what)
    }

    /// The type of the value that the gate of a signal takes, if it takes one.
    pub(super) fn takes(&self, signal: &str) -> Option<&LiteralType> {
        self.nodes.values().find_map(|known| match &known.what {
            What::Gate { signal: of, takes: GateTakes::Value(literal_type) } if of == signal => Some(&**literal_type),
            _ => None,
        })
    }

    /// The nodes that the gates of a signal are.
    pub(super) fn gates(&self, signal: &str) -> impl Iterator<Item = &NodePath> {
        self.nodes
            .iter()
            .filter(move |(_, known)| matches!(&known.what, What::Gate { signal: of, .. } if of == signal))
            .map(|(path, _)| path)
    }

    /// All nodes that are in no arm, with their paths.
    pub(super) fn outside_arms(&self) -> impl Iterator<Item = (&NodePath, &Planned)> {
        self.nodes.iter().filter(|(_, known)| known.arm.is_none())
    }

    /// The condition that a node of the platform decides which is none of ours: the one that was generated for an arm.
    pub(super) fn decided(&self, theirs: &NodePath) -> Option<(NodePath, Arm)> {
        let above = theirs.parent();
        let above = match &above {
            Some(above) => Some(self.path(above)?),
            None => None,
        };
        self.generated_arm(above.as_ref(), theirs.as_str().rsplit('/').next()?)
    }

    /// The condition and the arm that a node is in.
    pub(super) fn arm(&self, path: &NodePath) -> Option<&(NodePath, Arm)> {
        self.nodes.get(path)?.arm.as_ref()
    }

    /// The path of a node of the execution among ours; [`None`] for one that only the platform has.
    pub(super) fn path(&self, theirs: &NodePath) -> Option<NodePath> {
        if self.are_theirs {
            return Some(theirs.clone());
        }
        let mut segments = theirs.as_str().split('/');
        let (mut ours, mut is_last_ours): (Option<NodePath>, bool) = (None, false);
        // In a workflow that was generated for an arm, ids do not begin with that of the condition.
        let mut condition = String::new();
        if let Some(alone) = &self.alone {
            segments.next();
            (ours, is_last_ours) = (Some(alone.clone()), true);
        }
        for segment in segments {
            if let Some(above) = ours.as_ref().filter(|above| is_last_ours && self.rows.contains_key(*above)) {
                ours = Some(element(above, segment)?);
                continue;
            }
            let is_open = ours.as_ref().is_some_and(|above| self.open.iter().any(|open| open == above || open.holds(above)));
            let own = format!("{condition}-{segment}");
            let ids = if condition.is_empty() { vec![segment.to_owned()] } else { vec![own, segment.to_owned()] };
            let mut next = ids.iter().map(|id| NodePath::below(ours.as_ref(), id));
            let found = if is_open { next.next() } else { next.find(|next| self.nodes.contains_key(next)) };
            is_last_ours = found.is_some();
            if let Some(found) = found {
                (ours, condition) = (Some(found), String::new());
            } else {
                let (of, _) = ids.iter().find_map(|id| self.generated_arm(ours.as_ref(), id))?;
                condition = of.as_str().rsplit('/').next().unwrap_or_default().to_owned();
            }
        }
        ours.filter(|_| is_last_ours)
    }

    /// The arm that a node of the platform stands for, if it was generated for one: `n2-0` or `n2-else` of the condition `n2`.
    fn generated_arm(&self, above: Option<&NodePath>, segment: &str) -> Option<(NodePath, Arm)> {
        let (condition, which) = segment.rsplit_once('-')?;
        let condition = NodePath::below(above, condition);
        self.nodes.get(&condition).filter(|known| known.what == What::Condition)?;
        let arm = if which == "else" { Arm::Otherwise } else { Arm::Taken(which.parse().ok()?) };
        Some((condition, arm))
    }
}

/// A map of a workflow.
#[derive(Debug, Clone)]
struct Rows {
    of: String,
    depth: usize,
}

/// The path of the element that the platform has as the node `id` of a map of workflows.
fn element(map: &NodePath, id: &str) -> Option<NodePath> {
    Some(map.element(id.strip_prefix('n')?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map of `app.outer`, which maps `app.inner`, which decides.
    fn graph() -> Graph {
        let map = |of: &str| serde_json::json!({ "id": "n0", "run": { "map": { "of": { "workflow": of }, "mapped": ["x"] } } });
        let task = |id: &str| serde_json::json!({ "id": id, "run": { "task": "app.add" } });
        let arm = serde_json::json!({ "when": { "any": [] }, "body": { "nodes": [task("n0-n0")] } });
        let decides = serde_json::json!({ "id": "n0", "run": { "branch": { "arms": [arm], "otherwise": { "fail": "no" } } } });
        let graph = serde_json::json!({
            "name": "app.all",
            "body": { "nodes": [map("app.outer")] },
            "workflows": {
                "app.outer": { "name": "app.outer", "body": { "nodes": [map("app.inner"), task("n1")] } },
                "app.inner": { "name": "app.inner", "body": { "nodes": [decides] } },
            },
        });
        serde_json::from_value(graph).unwrap()
    }

    #[test]
    fn what_is_in_a_map_of_workflows_is_in_its_elements() {
        let of = |path: &str| NodePath::from(path);
        let mut nodes = Nodes::of(&graph());
        assert!(nodes.is_of_workflows(&of("n0")) && !nodes.is_of_workflows(&of("n0[1]/n0")));
        nodes.grow(&of("n0"), "n1");
        assert!(nodes.is_of_workflows(&of("n0[1]/n0")));
        nodes.grow(&of("n0[1]/n0"), "n2");
        for (theirs, ours) in [
            ("n0", "n0"),
            ("n0/n1", "n0[1]"),
            ("n0/n1/n1", "n0[1]/n1"),
            ("n0/n1/n0/n2", "n0[1]/n0[2]"),
            ("n0/n1/n0/n2/n0", "n0[1]/n0[2]/n0"),
            ("n0/n1/n0/n2/n0-n0", "n0[1]/n0[2]/n0-n0"),
        ] {
            assert_eq!(nodes.path(&of(theirs)), Some(of(ours)));
            assert!(nodes.get(&of(ours)).is_some(), "{ours}");
        }
        assert_eq!(nodes.arm(&of("n0[1]/n0[2]/n0-n0")), Some(&(of("n0[1]/n0[2]/n0"), Arm::Taken(0))));
        assert_eq!(nodes.path(&of("n0/n7/n1")), None, "it is not known that there is such an element");
    }
}
