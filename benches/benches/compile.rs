//! What it costs to compile workflows of many nodes for Flyte: 100 workflows in one, of 100 nodes each; and as one dynamic job, from the text that
//! a dynamic task gives to the bytes that its container leaves.
//!
//! `cargo bench -p nebulakit-benches --no-default-features --bench compile`. A straight line has the same time for each node at every size.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints")]

use std::hint::black_box;

use nebulakit::__private::futures;
use nebulakit::backend::flyte::compile::{Entity, Options, Program, compile};
use nebulakit::graph::{Binding, Bound, Graph, Input, Kind, Node, Output, Task as Used};
use nebulakit::prelude::*;
use nebulakit::types::LiteralType;
use nebulakit_benches::{cpu, median};
use nebulakit_types::literal::Primitive;
use nebulakit_types::literal_type::SimpleType;
use nix::sys::resource::UsageWho;
use prost::Message as _;

/// The goal at 10,000 nodes, in milliseconds.
const GOAL: f64 = 100.0;

#[task(name = "bench.add")]
fn add(a: i64, b: i64, #[default(1)] c: i64) -> i64 {
    a + b + c
}

#[task(name = "bench.dynamic")]
fn dynamic(x: i64) -> Promise<i64> {
    Promise::of(x)
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
    let node = |node| Node::new(format!("n{node}"), Kind::Task("bench.add".into())).with("a", given(node, 1)).with("b", given(node, 2));
    graph.body.nodes.extend((0..nodes).map(node));
    graph.body.outputs.push(Bound::new("o0", given(nodes, 1)));
    graph
}

fn with_task(mut graph: Graph) -> Graph {
    let inputs = vec![Input::new("a", int()), Input::new("b", int()), Input::new("c", int()).or(Primitive::Integer(1).into())];
    graph.tasks.insert("bench.add".into(), Used::new(inputs, vec![Output::new("o0", int())]));
    graph
}

/// A workflow of as many workflows, of a hundred nodes each.
fn nested(workflows: usize) -> Graph {
    let mut graph = with_task(lattice("bench.outer", 0));
    graph.body.outputs[0].binding = Binding::input("start");
    for index in 0..workflows {
        let name = format!("bench.inner{index}");
        graph.workflows.insert(name.clone().into(), lattice(&name, 100));
        graph.body.nodes.push(Node::new(format!("n{index}"), Kind::Workflow(name.into())).with("start", Binding::input("start")));
    }
    graph
}

/// A graph without inputs, as dynamic tasks give.
fn grown(nodes: usize) -> Graph {
    let mut graph = with_task(lattice("bench.dynamic", nodes));
    graph.inputs.clear();
    let constant = || Binding::literal(Primitive::Integer(1));
    for bound in graph.body.nodes.iter_mut().flat_map(|node| &mut node.inputs) {
        if bound.binding == Binding::input("start") {
            bound.binding = constant();
        }
    }
    graph
}

/// The median of CPU times, in milliseconds.
fn time(nodes: usize, mut action: impl FnMut()) -> f64 {
    let round = |_| {
        let begin = cpu(UsageWho::RUSAGE_SELF);
        action();
        (cpu(UsageWho::RUSAGE_SELF) - begin).as_secs_f64() * 1e3
    };
    median((0..(100_000 / nodes).clamp(3, 21)).map(round).collect())
}

#[expect(clippy::cast_precision_loss, reason = "a small number")]
fn row(name: &str, nodes: usize, time: f64) {
    let goal = if nodes == 10_000 { format!(" (goal {GOAL} ms)") } else { String::new() };
    println!("| {name}, {nodes}{goal} | {time:.1} ms | {:.2} us |", time * 1e6 / nodes as f64 / 1e3);
}

fn main() {
    let options = Options::new("app:1", "/app").target("p", "d", "v").max_nodes(usize::MAX).max_bytes(usize::MAX);
    let task = compile(&Program::default().with_task(dynamic::def()), &options).unwrap();
    let [Entity::Task { spec, .. }] = task.entities.as_slice() else { panic!("one task is compiled to one") };
    let template = spec.template.as_ref().unwrap().encode_to_vec();
    println!("| nodes | CPU time | each |\n|---|---|---|");
    for nodes in [1_000, 10_000, 100_000] {
        let program = Program::of([nested(nodes / 100)]);
        row("workflows of 100", nodes, time(nodes, || drop(black_box(compile(&program, &options).unwrap()))));
        let json = grown(nodes).to_json().unwrap();
        row("a dynamic job", nodes, time(nodes, || drop(black_box(futures(dynamic::def(), &json, &template).unwrap()))));
    }
}
