//! Graphs of many nodes: the time to compile them grows as they do.

use std::time::{Duration, Instant};

use nebulakit::backend::flyte::compile::{Options, Program, compile};
use nebulakit::graph::{Binding, Bound, Graph, Input, Kind, Node, Output, Task};
use nebulakit::prelude::*;
use nebulakit::types::LiteralType;
use nebulakit_types::literal::Primitive;
use nebulakit_types::literal_type::SimpleType;

use crate::options;

#[task]
fn add(a: i64, b: i64, #[default(1)] c: i64) -> i64 {
    a + b + c
}

fn int() -> LiteralType {
    LiteralType::simple(SimpleType::Integer)
}

/// Each node is fed by the two before it.
fn lattice(name: &str, nodes: usize) -> Graph {
    let mut graph = Graph::new(name.to_owned());
    graph.inputs.push(Input::new("start", int()));
    graph.outputs.push(Output::new("o0", int()));
    let given = |node: usize, back: usize| match node.checked_sub(back) {
        Some(before) => Binding::output(format!("n{before}"), "o0"),
        None => Binding::input("start"),
    };
    let node =
        |node| Node::new(format!("n{node}"), Kind::Task("flyte.size.add".into())).with("a", given(node, 1)).with("b", given(node, 2));
    graph.body.nodes.extend((0..nodes).map(node));
    graph.body.outputs.push(Bound::new("o0", given(nodes, 1)));
    graph
}

fn with_task(mut graph: Graph) -> Graph {
    let inputs = vec![Input::new("a", int()), Input::new("b", int()), Input::new("c", int()).or(Primitive::Integer(1).into())];
    graph.tasks.insert("flyte.size.add".into(), Task::new(inputs, vec![Output::new("o0", int())]));
    graph
}

/// A workflow of as many workflows, of a hundred nodes each.
fn nested(workflows: usize) -> Graph {
    let mut graph = with_task(lattice("flows.outer", 0));
    graph.body.outputs[0].binding = Binding::input("start");
    for index in 0..workflows {
        let name = format!("flows.inner{index}");
        graph.workflows.insert(name.clone().into(), lattice(&name, 100));
        graph.body.nodes.push(Node::new(format!("n{index}"), Kind::Workflow(name.into())).with("start", Binding::input("start")));
    }
    graph
}

fn time(graph: &Graph, options: &Options) -> Duration {
    let program = Program::of([graph.clone()]);
    let round = |_| {
        let start = Instant::now();
        compile(&program, options).unwrap_or_else(|problems| panic!("{problems}"));
        start.elapsed()
    };
    (0..3).map(round).min().unwrap()
}

/// Ten times the size takes about ten times as long; a square would be a hundred times.
#[test]
fn compiling_takes_time_linear_in_nodes() {
    let options = options().max_nodes(usize::MAX).max_bytes(usize::MAX);
    for make in [|size| with_task(lattice("flows.lattice", size)), |size| nested(size / 100)] {
        let (few, many) = (time(&make(1_000), &options), time(&make(10_000), &options));
        println!("1,000 nodes: {few:?}, 10,000 nodes: {many:?}");
        assert!(many < few * 40, "1,000: {few:?}, 10,000: {many:?}");
    }
}
