//! Assertions on graphs: what runs, in which order, and with which inputs.

use std::collections::{HashMap, HashSet};

use crate::graph::{Binding, Graph, Kind, Labels, Node, Test, binding};

/// Asserts that the nodes of a workflow run these tasks, in the order of its nodes; nodes in arms of conditions come after their condition.
///
/// Write a task or a workflow as the last segment of its name, a map as `map count`, the others as `when`, `approve`, `wait` and `sleep`.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
/// use nebulakit::testing;
///
/// #[task]
/// fn double(x: i64) -> i64 {
///     2 * x
/// }
///
/// #[task]
/// fn sum(xs: Vec<i64>) -> i64 {
///     xs.iter().sum()
/// }
///
/// #[workflow]
/// fn doubled(xs: Promise<Vec<i64>>) -> Promise<i64> {
///     sum::node(double::map(xs))
/// }
/// # fn main() {
///
/// let graph = doubled::graph().unwrap();
/// testing::assert_nodes(&graph, ["map double", "sum"]);
/// testing::assert_order(&graph, "map double", "sum");
/// testing::assert_given(&graph, "sum", "xs", "n0");
/// # }
/// ```
///
/// # Panics
/// When they run other tasks, or in another order; the message shows the graph.
#[track_caller]
pub fn assert_nodes<'w>(graph: &Graph, expected: impl IntoIterator<Item = &'w str>) {
    let labels = Labels::of(graph);
    let found: Vec<_> = nodes(graph).into_iter().map(|node| labels.what(node)).collect();
    let expected: Vec<_> = expected.into_iter().collect();
    assert!(found == expected, "expected the nodes {}, found {}, in\n{graph}", expected.join(", "), found.join(", "));
}

/// Asserts that one node runs after another, because it takes its outputs or waits for it, directly or through others. Name a node by its id, or by
/// what it runs if only one node runs that.
///
/// # Panics
/// When it does not, or when there is no such node or several; the message shows the graph.
#[track_caller]
pub fn assert_order(graph: &Graph, earlier: &str, later: &str) {
    let needs = needs(graph);
    let (first, last) = (found(graph, earlier), found(graph, later));
    let mut left = vec![&*last.id];
    let mut seen: HashSet<&str> = HashSet::new();
    while let Some(id) = left.pop() {
        for needed in needs.get(id).into_iter().flatten() {
            if *needed == &*first.id {
                return;
            }
            if seen.insert(needed) {
                left.push(needed);
            }
        }
    }
    panic!("expected `{later}` to run after `{earlier}`, in\n{graph}");
}

/// Asserts what feeds an input of a node, as the text of the graph shows it: `n0`, `n0.score`, `corpus`, `[n0, 7]`, `"eu"`. Name a node by its id, or
/// by what it runs if only one node runs that.
///
/// # Panics
/// When something else or nothing feeds it, or when there is no such node or several; the message shows the graph.
#[track_caller]
pub fn assert_given(graph: &Graph, node: &str, input: &str, expected: &str) {
    match found(graph, node).input(input).map(binding) {
        Some(found) => assert!(found == expected, "expected `{input}` of `{node}` to be {expected}, found {found}, in\n{graph}"),
        None => panic!("expected `{input}` of `{node}` to be {expected}, and nothing is given to it, in\n{graph}"),
    }
}

/// The node with that id, or the only one that runs that.
#[track_caller]
fn found<'g>(graph: &'g Graph, wanted: &str) -> &'g Node {
    let labels = Labels::of(graph);
    let all = nodes(graph);
    if let Some(node) = all.iter().find(|node| node.id == wanted) {
        return node;
    }
    let running: Vec<_> = all.into_iter().filter(|node| labels.what(node) == wanted).collect();
    match running.as_slice() {
        [node] => node,
        [] => panic!("no node is called or runs `{wanted}`, in\n{graph}"),
        several => {
            let ids: Vec<_> = several.iter().map(|node| node.id.as_str()).collect();
            panic!("several nodes run `{wanted}`: {}; name one by its id, in\n{graph}", ids.join(", "))
        }
    }
}

/// Every node, each condition before the nodes in its arms.
fn nodes(graph: &Graph) -> Vec<&Node> {
    let mut nodes = Vec::new();
    let mut left: Vec<&Node> = graph.body.nodes.iter().rev().collect();
    while let Some(node) = left.pop() {
        nodes.push(node);
        left.extend(inside(node).rev());
    }
    nodes
}

/// The nodes in the arms of a condition.
fn inside(node: &Node) -> impl DoubleEndedIterator<Item = &Node> {
    let branch = match &node.kind {
        Kind::Branch(branch) => Some(branch),
        _ => None,
    };
    branch.into_iter().flat_map(|branch| branch.scopes()).flat_map(|scope| &scope.nodes)
}

/// What each node needs. A condition needs the nodes in its arms, and those need what its tests look at.
fn needs(graph: &Graph) -> HashMap<&str, Vec<&str>> {
    let mut needs: HashMap<&str, Vec<&str>> = HashMap::new();
    for node in nodes(graph) {
        let mut own: Vec<&str> = node.after.iter().map(|id| id.as_str()).collect();
        node.inputs.iter().for_each(|bound| givers(&bound.binding, &mut own));
        if let Kind::Branch(branch) = &node.kind {
            let mut tested = Vec::new();
            let mut left: Vec<&Test> = branch.arms.iter().map(|arm| &arm.test).collect();
            while let Some(test) = left.pop() {
                match test {
                    Test::Compare { left, right, .. } => [left, right].into_iter().for_each(|side| givers(side, &mut tested)),
                    Test::All(tests) | Test::Any(tests) => left.extend(tests),
                }
            }
            for inner in inside(node) {
                needs.entry(&inner.id).or_default().extend(&tested);
                own.push(&inner.id);
            }
            let outputs = branch.scopes().flat_map(|scope| &scope.outputs);
            outputs.for_each(|bound| givers(&bound.binding, &mut own));
            own.extend(tested);
        }
        needs.entry(&node.id).or_default().extend(own);
    }
    needs
}

/// The nodes that give parts of a binding.
fn givers<'g>(of: &'g Binding, out: &mut Vec<&'g str>) {
    let mut left = vec![of];
    while let Some(next) = left.pop() {
        match next {
            Binding::Output { node, .. } => out.push(node),
            Binding::List(elements) => left.extend(elements),
            Binding::Map(entries) => left.extend(entries.values()),
            _ => {}
        }
    }
}
