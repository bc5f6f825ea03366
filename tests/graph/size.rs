//! Graphs of many nodes: time and memory grow as they do.

use std::time::{Duration, Instant};

use nebulakit::graph::{Binding, Bound, Graph, Input, Kind, Node, Output, Task};
use nebulakit::types::literal::Primitive;
use nebulakit::types::literal_type::SimpleType;
use nebulakit::types::{Literal, LiteralType};

/// A lattice: each node is fed by the two before it and a constant.
fn lattice(nodes: u32) -> Graph {
    let int = || LiteralType::simple(SimpleType::Integer);
    let mut graph = Graph::new("flows.lattice");
    graph.inputs.push(Input::new("start", int()));
    graph.outputs.push(Output::new("o0", int()));
    let inputs = vec![Input::new("a", int()), Input::new("b", int()), Input::new("c", int())];
    graph.tasks.insert("flows.add".into(), Task::new(inputs, vec![Output::new("o0", int())]));
    let given = |node: u32, back: u32| match node.checked_sub(back) {
        Some(before) => Binding::output(format!("n{before}"), "o0"),
        None => Binding::input("start"),
    };
    for node in 0..nodes {
        let made = Node::new(format!("n{node}"), Kind::Task("flows.add".into()))
            .with("a", given(node, 1))
            .with("b", given(node, 2))
            .with("c", Binding::literal(Primitive::Integer(1)));
        graph.body.nodes.push(made);
    }
    graph.body.outputs.push(Bound::new("o0", given(nodes, 1)));
    graph
}

fn validation(nodes: u32) -> Duration {
    let graph = lattice(nodes);
    (0..5)
        .map(|_| {
            let start = Instant::now();
            graph.validate().unwrap();
            start.elapsed()
        })
        .min()
        .unwrap()
}

/// Ten times the nodes take about ten times as long; a square would be a hundred times.
#[test]
fn validation_takes_time_linear_in_nodes() {
    let (few, many) = (validation(3_000), validation(30_000));
    assert!(many < few * 40, "3,000 nodes: {few:?}, 30,000 nodes: {many:?}");
}

/// What a node of three inputs takes in memory: itself, its id, and what feeds it.
#[test]
fn a_node_takes_less_than_a_kilobyte() {
    let graph = lattice(100);
    let node = &graph.body.nodes[50];
    let bindings: usize = node.inputs.capacity() * size_of::<Bound>();
    // A constant is on its own; an id is a text and two counters, which those that it feeds have as well.
    let constant = size_of::<Literal>();
    let ids = 3 * (node.id.len() + 2 * size_of::<usize>());
    let bytes = size_of::<Node>() + bindings + constant + ids;
    assert!(bytes < 1_000, "{bytes} bytes");
}

#[test]
fn many_nodes_come_back_from_json() {
    let graph = lattice(10_000);
    assert_eq!(Graph::from_json(&graph.to_json().unwrap()).unwrap(), graph);
}
