//! The dependencies within a scope, computed once for all times that it runs.

use std::collections::HashMap;

use crate::graph::{Binding, Kind, Node, Scope, Test};

/// The order of a scope's nodes, by their places.
#[derive(Debug)]
pub(super) struct Layout<'g> {
    places: HashMap<&'g str, u32>,
    /// The nodes that each node needs.
    before: Lists,
    /// The nodes that need each node.
    after: Lists,
    /// The nodes that feed the scope's outputs.
    given: Vec<u32>,
}

/// A list for each node, one after the other.
#[derive(Debug)]
struct Lists {
    /// Where each list begins, and the end of the last one.
    begins: Vec<u32>,
    all: Vec<u32>,
}

impl Lists {
    /// From pairs of a node and an entry of its list, for `nodes` nodes.
    fn of(nodes: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut begins = vec![0; nodes + 1];
        for (node, _) in pairs.clone() {
            begins[node as usize + 1] += 1;
        }
        for node in 1..begins.len() {
            begins[node] += begins[node - 1];
        }
        let (mut next, mut all) = (begins.clone(), vec![0; begins.last().map_or(0, |all| *all as usize)]);
        for (node, entry) in pairs {
            let place = &mut next[node as usize];
            all[*place as usize] = entry;
            *place += 1;
        }
        Self { begins, all }
    }

    fn lengths(&self) -> impl Iterator<Item = u32> {
        self.begins.windows(2).map(|ends| ends[1] - ends[0])
    }

    fn get(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.all[self.begins[node] as usize..self.begins[node + 1] as usize]
    }
}

impl<'g> Layout<'g> {
    pub(super) fn of(scope: &'g Scope) -> Self {
        let places: HashMap<&str, u32> = scope.nodes.iter().zip(0..).map(|(node, place)| (node.id.as_str(), place)).collect();
        let mut edges = Vec::new();
        for (node, later) in scope.nodes.iter().zip(0u32..) {
            let mut needed = Vec::new();
            each_needed(node, &mut |id| needed.extend(places.get(id).copied()));
            needed.sort_unstable();
            needed.dedup();
            edges.extend(needed.into_iter().map(|earlier| (earlier, later)));
        }
        let mut given = Vec::new();
        each_given(scope, &mut |binding| {
            if let Binding::Output { node, .. } = binding {
                given.extend(places.get(&**node).copied());
            }
        });
        let before = Lists::of(scope.nodes.len(), edges.iter().map(|(earlier, later)| (*later, *earlier)));
        let after = Lists::of(scope.nodes.len(), edges.iter().copied());
        Self { places, before, after, given }
    }

    /// The place of the node `id`, if it is in this scope.
    pub(super) fn place(&self, id: &str) -> Option<u32> {
        self.places.get(id).copied()
    }

    /// How many others each node needs.
    pub(super) fn needs(&self) -> impl Iterator<Item = u32> {
        self.before.lengths()
    }

    /// How many others need each node.
    pub(super) fn takers(&self) -> impl Iterator<Item = u32> {
        self.after.lengths()
    }

    /// The nodes that the node at `place` needs.
    pub(super) fn before(&self, place: u32) -> &[u32] {
        self.before.get(place)
    }

    /// The nodes that need the node at `place`.
    pub(super) fn after(&self, place: u32) -> &[u32] {
        self.after.get(place)
    }

    /// The nodes that feed the scope's outputs.
    pub(super) fn given(&self) -> &[u32] {
        &self.given
    }
}

/// The ids of the nodes that have to be over before `node` begins; of a condition, those that its arms need as well. Ids of nodes in its arms are among them,
/// which no scope around has.
pub(crate) fn each_needed<'g>(node: &'g Node, see: &mut dyn FnMut(&'g str)) {
    each_taken(node, &mut |binding| {
        if let Binding::Output { node, .. } = binding {
            see(node);
        }
    });
    each_before(node, see);
}

/// Those that `node` is told to wait for.
fn each_before<'g>(node: &'g Node, see: &mut dyn FnMut(&'g str)) {
    node.after.iter().for_each(|id| see(id));
    if let Kind::Branch(branch) = &node.kind {
        branch.scopes().flat_map(|scope| &scope.nodes).for_each(|node| each_before(node, see));
    }
}

/// What `node` takes, each value by itself; of a condition, what its tests and its arms take as well.
pub(super) fn each_taken<'g>(node: &'g Node, see: &mut dyn FnMut(&'g Binding)) {
    node.inputs.iter().for_each(|bound| each_value(&bound.binding, see));
    if let Kind::Branch(branch) = &node.kind {
        branch.arms.iter().for_each(|arm| each_compared(&arm.test, see));
        for scope in branch.scopes() {
            scope.nodes.iter().for_each(|node| each_taken(node, see));
            each_given(scope, see);
        }
    }
}

/// What a scope gives, each value by itself.
pub(super) fn each_given<'g>(scope: &'g Scope, see: &mut dyn FnMut(&'g Binding)) {
    scope.outputs.iter().for_each(|bound| each_value(&bound.binding, see));
}

fn each_compared<'g>(test: &'g Test, see: &mut dyn FnMut(&'g Binding)) {
    match test {
        Test::Compare { left, right, .. } => [left, right].into_iter().for_each(|side| each_value(side, see)),
        Test::All(tests) | Test::Any(tests) => tests.iter().for_each(|test| each_compared(test, see)),
    }
}

fn each_value<'g>(binding: &'g Binding, see: &mut dyn FnMut(&'g Binding)) {
    match binding {
        Binding::List(elements) => elements.iter().for_each(|element| each_value(element, see)),
        Binding::Map(entries) => entries.values().for_each(|entry| each_value(entry, see)),
        value => see(value),
    }
}
