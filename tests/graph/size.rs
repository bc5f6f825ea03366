//! Graphs of many nodes: time and memory grow as they do.

use std::time::Instant;

use nebulakit::graph::{
    Arm, Binding, Bound, Branch, Comparison, Graph, Input, Kind, Map, Mapped, Node, Otherwise, Output, Scope, Task, Test,
};
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

/// One map that goes through so many inputs.
fn wide_map(inputs: u32) -> Graph {
    let int = || LiteralType::simple(SimpleType::Integer);
    let names: Vec<_> = (0..inputs).map(|input| format!("i{input}")).collect();
    let mut graph = Graph::new("flows.wide");
    graph.inputs.push(Input::new("xs", LiteralType::collection(int())));
    let taken = names.iter().map(|name| Input::new(name.clone(), int())).collect();
    graph.tasks.insert("flows.join".into(), Task::new(taken, Vec::new()));
    let map = Map::new(Mapped::Task("flows.join".into()), names.iter().map(|name| name.clone().into()).collect());
    let node = Node::new("n0", Kind::Map(Box::new(map)));
    graph.body.nodes.push(names.into_iter().fold(node, |node, name| node.with(name, Binding::input("xs"))));
    graph
}

/// A condition with so many outputs, each of which feeds a node.
fn outputs(count: u32) -> Graph {
    let int = || LiteralType::simple(SimpleType::Integer);
    let mut graph = Graph::new("flows.outputs");
    graph.tasks.insert("flows.take".into(), Task::new(vec![Input::new("x", int())], Vec::new()));
    let given = (0..count).map(|output| Bound::new(format!("o{output}"), Binding::literal(Primitive::Integer(1)))).collect();
    let one = || Binding::literal(Primitive::Integer(1));
    let test = Test::Compare { left: one(), by: Comparison::Eq, right: one() };
    let arm = Arm { test, body: Scope { nodes: Vec::new(), outputs: given }, at: None };
    let declared = (0..count).map(|output| Output::new(format!("o{output}"), int())).collect();
    let branch = Branch::new(vec![arm], Otherwise::Fail("no".to_owned()), declared);
    graph.body.nodes.push(Node::new("when", Kind::Branch(Box::new(branch))));
    let takes =
        |node| Node::new(format!("n{node}"), Kind::Task("flows.take".into())).with("x", Binding::output("when", format!("o{node}")));
    graph.body.nodes.extend((0..count).map(takes));
    graph
}

/// Ten times the size takes about ten times as long; a square would be a hundred times.
fn assert_linear(make: fn(u32) -> Graph) {
    let time = |size| {
        let graph = make(size);
        let round = |_| {
            let start = Instant::now();
            graph.validate().unwrap();
            start.elapsed()
        };
        (0..5).map(round).min().unwrap()
    };
    let (few, many) = (time(3_000), time(30_000));
    assert!(many < few * 40, "3,000: {few:?}, 30,000: {many:?}");
}

#[test]
fn validation_takes_time_linear_in_nodes() {
    assert_linear(lattice);
}

#[test]
fn validation_takes_time_linear_in_the_inputs_of_a_map() {
    assert_linear(wide_map);
}

#[test]
fn validation_takes_time_linear_in_the_outputs_of_a_condition() {
    assert_linear(outputs);
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
