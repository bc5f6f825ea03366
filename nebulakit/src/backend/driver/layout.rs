//! Who needs whom within a scope, looked up once for all times that it runs.

use std::collections::HashMap;

use crate::graph::{Binding, Kind, Node, Otherwise, Scope, Test};

/// The order of a scope's nodes, by their places.
#[derive(Debug)]
pub(super) struct Layout<'g> {
    places: HashMap<&'g str, u32>,
    /// How many other nodes each node needs.
    needs: Vec<u32>,
    /// Where in `after` those begin that need a node; one more than there are nodes.
    begins: Vec<u32>,
    after: Vec<u32>,
}

impl<'g> Layout<'g> {
    pub(super) fn of(scope: &'g Scope) -> Self {
        let places: HashMap<&str, u32> = scope.nodes.iter().zip(0..).map(|(node, place)| (node.id.as_str(), place)).collect();
        let mut edges = Vec::new();
        for (node, place) in scope.nodes.iter().zip(0u32..) {
            let first = edges.len();
            each_needed(node, &mut |id| edges.extend(places.get(id).map(|earlier| (*earlier, place))));
            edges[first..].sort_unstable();
            let mut kept = first;
            for at in first..edges.len() {
                if at == first || edges[at] != edges[kept - 1] {
                    edges[kept] = edges[at];
                    kept += 1;
                }
            }
            edges.truncate(kept);
        }
        let mut needs = vec![0; scope.nodes.len()];
        let mut begins = vec![0; scope.nodes.len() + 1];
        for (earlier, later) in &edges {
            needs[*later as usize] += 1;
            begins[*earlier as usize + 1] += 1;
        }
        for place in 1..begins.len() {
            begins[place] += begins[place - 1];
        }
        // The edges lie in the order of the later node: each goes to the next place of its earlier one.
        let mut next = begins.clone();
        let mut after = vec![0; edges.len()];
        for (earlier, later) in edges {
            let place = &mut next[earlier as usize];
            after[*place as usize] = later;
            *place += 1;
        }
        Self { places, needs, begins, after }
    }

    /// The place of the node `id`, if it is of this scope.
    pub(super) fn place(&self, id: &str) -> Option<u32> {
        self.places.get(id).copied()
    }

    /// How many others each node waits for.
    pub(super) fn needs(&self) -> &[u32] {
        &self.needs
    }

    /// Those that need the node at `place`.
    pub(super) fn after(&self, place: u32) -> &[u32] {
        let place = place as usize;
        &self.after[self.begins[place] as usize..self.begins[place + 1] as usize]
    }
}

/// The ids of the nodes that have to be over before `node` begins; of a condition, those that its arms need as well.
fn each_needed<'g>(node: &'g Node, see: &mut dyn FnMut(&'g str)) {
    for bound in &node.inputs {
        each_bound(&bound.binding, see);
    }
    node.after.iter().for_each(|id| see(id));
    if let Kind::Branch(branch) = &node.kind {
        for arm in &branch.arms {
            each_compared(&arm.test, see);
            each_captured(&arm.body, see);
        }
        if let Otherwise::Run(scope) = &branch.otherwise {
            each_captured(scope, see);
        }
    }
}

/// What a scope within a node needs; ids of its own nodes are among them, which no scope around it has.
fn each_captured<'g>(scope: &'g Scope, see: &mut dyn FnMut(&'g str)) {
    scope.nodes.iter().for_each(|node| each_needed(node, see));
    scope.outputs.iter().for_each(|bound| each_bound(&bound.binding, see));
}

fn each_compared<'g>(test: &'g Test, see: &mut dyn FnMut(&'g str)) {
    match test {
        Test::Compare { left, right, .. } => {
            each_bound(left, see);
            each_bound(right, see);
        }
        Test::All(tests) | Test::Any(tests) => tests.iter().for_each(|test| each_compared(test, see)),
    }
}

fn each_bound<'g>(binding: &'g Binding, see: &mut dyn FnMut(&'g str)) {
    match binding {
        Binding::Output { node, .. } => see(node),
        Binding::List(elements) => elements.iter().for_each(|element| each_bound(element, see)),
        Binding::Map(entries) => entries.values().for_each(|entry| each_bound(entry, see)),
        Binding::Literal(_) | Binding::Input { .. } | Binding::Failure | Binding::Fault => {}
    }
}
