//! The nodes whose deleted files are needed again, as far as they are known.

use std::collections::{HashMap, HashSet};

use crate::run::NodePath;

/// The nodes whose files were deleted and are needed again.
#[derive(Default)]
pub(super) struct Needed {
    nodes: HashSet<NodePath>,
    /// While they are searched for: of the nodes that are kept, those whose deleted files they were given.
    given: Option<HashMap<NodePath, Vec<NodePath>>>,
}

impl Needed {
    pub(super) fn contains(&self, node: &NodePath) -> bool {
        self.nodes.contains(node)
    }

    /// Adds a node, and those that it needs in turn to run again: a node of a graph that a dynamic task gave runs with that task.
    pub(super) fn add(&mut self, node: NodePath) {
        let mut left = vec![node];
        while let Some(node) = left.pop() {
            if !self.nodes.contains(&node) {
                left.extend(self.given.iter().filter_map(|given| given.get(&node)).flatten().cloned());
                left.extend(node.parent());
                self.nodes.insert(node);
            }
        }
    }

    /// How many they are.
    pub(super) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// Begins to search.
    pub(super) fn begin(&mut self) {
        self.given = Some(HashMap::new());
    }

    /// Has found all.
    pub(super) fn end(&mut self) {
        self.given = None;
    }

    /// Whether it is asked what nodes that are kept were given.
    pub(super) fn is_searched(&self) -> bool {
        self.given.is_some()
    }

    /// Hears of the nodes whose deleted files a node was given that is kept.
    pub(super) fn kept(&mut self, node: &NodePath, given: Vec<NodePath>) {
        if let Some(all) = self.given.as_mut().filter(|_| !given.is_empty()) {
            all.insert(node.clone(), given);
        }
    }
}
