//! Which nodes run again although an earlier run has their outputs: a node that the user names, and every node that depends on it.

use super::frame::Frame;
use crate::graph::{Kind, Node};
use crate::run::NodePath;

impl<'g> Frame<'g> {
    /// Whether all of `node`, which is at `path`, runs again if `from` does. The nodes that it needs must have been asked before.
    pub(super) fn runs_again(&self, node: &'g Node, path: &NodePath, from: Option<&NodePath>) -> bool {
        let all = self.within.is_again;
        let Some(from) = from.filter(|_| !all) else { return all };
        let is_named = path == from;
        // A failure handler needs none of them.
        let Some(place) = self.layout.place(&node.id) else { return is_named };
        let mut gave = self.gave();
        let is_again = is_named || self.layout.before(place).iter().any(|earlier| gave[*earlier as usize].is_redone);
        gave[place as usize].is_redone = is_again || self.holds(node, path, from);
        is_again
    }

    /// Whether the node `from` is part of `node`.
    fn holds(&self, node: &Node, path: &NodePath, from: &NodePath) -> bool {
        if path.holds(from) {
            return true;
        }
        let Kind::Branch(branch) = &node.kind else { return false };
        // Nodes in arms have paths as those beside the condition.
        let inner = match &self.instance.path {
            Some(own) => from.strip_prefix(&**own).and_then(|rest| rest.strip_prefix('/')),
            None => Some(&**from),
        };
        let id = inner.and_then(|inner| inner.split(['/', '[']).next());
        id.is_some_and(|id| branch.scopes().any(|scope| scope.find(id).is_some()))
    }
}
