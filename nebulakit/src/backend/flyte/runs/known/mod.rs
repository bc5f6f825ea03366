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

use nebulakit_types::LiteralType;

pub(super) use self::graph::is_task;
use super::super::execution::{Planned, What};
use crate::run::{Arm, GateTakes, NodePath};

/// The nodes of a run.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    nodes: BTreeMap<NodePath, Planned>,
    /// Paths in which everything is taken as it comes.
    open: Vec<NodePath>,
    /// The maps of workflows, with their numbers of elements once these are known. On the platform they are dynamic tasks, whose nodes are the elements.
    rows: BTreeMap<NodePath, Option<u64>>,
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

    /// Takes what is known by now of the nodes in the dynamic task or the launch plan `path`.
    pub(super) fn learn(&mut self, path: &NodePath, made: BTreeMap<NodePath, Planned>) {
        let elements = made.keys().filter(|node| node.parent().as_ref() == Some(path)).count() as u64;
        let Some(known) = self.rows.get_mut(path) else { return self.nodes.extend(made) };
        *known = Some(elements).filter(|_| !made.is_empty());
        let of_element = |node: &NodePath| {
            let inner = node.strip_prefix(path.as_str()).and_then(|inner| inner.strip_prefix('/'));
            inner.and_then(|inner| inside_map(path, inner)).unwrap_or_else(|| node.clone())
        };
        self.nodes.extend(made.into_iter().map(|(node, planned)| {
            let needs = planned.needs.iter().map(of_element).collect();
            let arm = planned.arm.as_ref().map(|(condition, arm)| (of_element(condition), *arm));
            (of_element(&node), Planned { needs, arm, ..planned })
        }));
    }

    /// How many elements a map of workflows has, if that is known.
    pub(super) fn rows(&self, path: &NodePath) -> Option<u64> {
        *self.rows.get(path)?
    }

    /// The path of what the platform calls `id` within the node `path`.
    pub(super) fn inside(&self, path: &NodePath, id: &str) -> NodePath {
        let element = self.rows.contains_key(path).then(|| inside_map(path, id)).flatten();
        element.unwrap_or_else(|| NodePath::below(Some(path), id))
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
                ours = Some(self.inside(above, segment));
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

/// The path of what is in a map of workflows: its nodes are `n0`, `n1` and so on.
fn inside_map(map: &NodePath, inner: &str) -> Option<NodePath> {
    let (node, rest) = inner.split_once('/').map_or((inner, None), |(node, rest)| (node, Some(rest)));
    let element = map.element(node.strip_prefix('n')?.parse().ok()?);
    Some(rest.map_or_else(|| element.clone(), |rest| NodePath::below(Some(&element), rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_map_of_workflows_is_in_its_elements() {
        let map = NodePath::from("n0");
        let planned = |needs: &[&str]| Planned {
            of: "add".to_owned(),
            what: What::Task,
            needs: needs.iter().map(|need| NodePath::from(*need)).collect(),
            arm: None,
            is_handler: false,
        };
        let mut nodes = Nodes { open: vec![map.clone()], rows: BTreeMap::from([(map.clone(), None)]), ..Nodes::default() };
        nodes.nodes.insert(map.clone(), planned(&[]));
        let made = [("n0/n0", &[][..]), ("n0/n1", &[]), ("n0/n1/n0", &[]), ("n0/n1/n1", &["n0/n1/n0"])];
        nodes.learn(&map, made.map(|(path, needs)| (NodePath::from(path), planned(needs))).into());
        assert_eq!(nodes.rows(&map), Some(2));
        assert_eq!(nodes.get(&"n0[1]/n1".into()).map(|known| known.needs.clone()), Some(vec!["n0[1]/n0".into()]));
        for (theirs, ours) in [("n0", "n0"), ("n0/n1", "n0[1]"), ("n0/n1/n1", "n0[1]/n1")] {
            assert_eq!(nodes.path(&theirs.into()), Some(ours.into()));
        }
        assert_eq!(nodes.inside(&map, "n1"), "n0[1]".into());
    }
}
