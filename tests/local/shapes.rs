//! Chains, fans, order, sub-workflows, launch plans, references, several outputs.

use std::sync::Mutex;
use std::time::Duration;

use nebulakit::backend::{Backend as _, LocalBackend, Options, RunError};
use nebulakit::graph::{Graph, Kind, Node, Scope};
use nebulakit::prelude::*;
use nebulakit::run::{RunOutcome, RunsFolder};

#[task]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[task]
async fn double(x: i64) -> i64 {
    2 * x
}

#[task(outputs(quotient, remainder))]
fn divide(a: i64, b: i64) -> (i64, i64) {
    (a / b, a % b)
}

#[workflow]
fn chain(x: Promise<i64>) -> Promise<i64> {
    let mut x = x;
    for _ in 0..10 {
        x = add::node(x, 1);
    }
    double::node(x)
}

#[tokio::test]
async fn a_chain_passes_on_what_comes_of_each() {
    assert_eq!(chain::with(1).run_local().await.unwrap(), 22);
}

#[test]
fn a_workflow_runs_in_code_that_is_not_async() {
    assert_eq!(chain::with(0).run_local_blocking().unwrap(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_runs_as_a_workflow_does() {
    assert_eq!(divide::with(7, 2).run_local().await.unwrap(), (3, 1));
    assert_eq!(defaulted::with(Default, 3).run_local().await.unwrap(), "7 3");
}

#[task]
fn defaulted(#[default(7)] a: i64, b: Option<i64>) -> String {
    b.map_or_else(|| format!("{a}"), |b| format!("{a} {b}"))
}

#[workflow(outputs(sum, rest))]
fn both(a: Promise<i64>, b: Promise<i64>) -> (Promise<i64>, Promise<i64>) {
    let divided = divide::node(&a, &b);
    (add::node(&divided.0, b), divided.1.clone())
}

#[workflow]
fn outer(a: Promise<i64>, #[default(3)] b: Promise<i64>, c: Promise<Option<i64>>) -> Promise<String> {
    let inner = both::node(a, b);
    defaulted::node(add::node(&inner.0, &inner.1), c)
}

#[tokio::test]
async fn a_workflow_in_a_workflow_takes_and_gives_several_values() {
    assert_eq!(both::with(7, 2).run_local().await.unwrap(), (5, 1));
    assert_eq!(outer::with(7, 2, 9).run_local().await.unwrap(), "6 9");
    assert_eq!(outer::with(7, Default, Default).run_local().await.unwrap(), "6", "what is left out has its default");
}

#[launch_plan(name = "local.shapes.by_three", outputs(sum, rest))]
fn by_three(a: Promise<i64>) -> Promise<(i64, i64)> {
    both::node(a, 3)
}

#[workflow]
fn launched(a: Promise<i64>) -> Promise<i64> {
    by_three::node(a).0.clone()
}

#[tokio::test]
async fn a_launch_plan_runs_with_what_it_fixes() {
    assert_eq!(by_three::with(7).run_local().await.unwrap(), (5, 1));
    assert_eq!(launched::with(10).run_local().await.unwrap(), 6);
}

static ORDER: Mutex<Vec<i64>> = Mutex::new(Vec::new());

#[task]
fn note(x: i64) {
    ORDER.lock().unwrap().push(x);
}

#[workflow]
fn ordered() -> Promise<()> {
    let last = note::node(3);
    let middle = note::node(2);
    let first = note::node(1);
    let middle = middle.after(first);
    last.after(middle)
}

#[tokio::test]
async fn nodes_wait_for_those_that_they_are_told_to() {
    ordered::with().run_local().await.unwrap();
    assert_eq!(*ORDER.lock().unwrap(), [1, 2, 3]);
}

#[task(reference(project = "p", domain = "d", name = "theirs", version = "v1"))]
fn theirs(x: i64) -> i64 {
    x + 100
}

#[task(reference(project = "p", domain = "d", name = "bare", version = "v1"))]
fn bare(x: i64) -> i64;

#[workflow]
fn with_reference(x: Promise<i64>) -> Promise<i64> {
    theirs::node(x)
}

#[workflow]
fn with_bare_reference(x: Promise<i64>) -> Promise<i64> {
    add::node(bare::node(x), 1)
}

#[tokio::test]
async fn a_body_stands_in_for_what_is_registered_elsewhere_and_nothing_runs_without_one() {
    assert_eq!(with_reference::with(1).run_local().await.unwrap(), 101);
    let error = with_bare_reference::with(1).run_local().await.unwrap_err();
    let RunError::Refused(reasons) = &error else { panic!("{error:?}") };
    assert_eq!(reasons.len(), 1);
    assert!(reasons[0].contains("is registered elsewhere, as `bare`"), "{error}");
}

#[workflow]
fn wide(count: Promise<i64>) -> Promise<Vec<i64>> {
    (0..100).map(|x| add::node(&count, x)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_need_each_other_not_all_run() {
    let expected: Vec<i64> = (5..105).collect();
    assert_eq!(wide::with(5).run_local().await.unwrap(), expected);
    assert_eq!(wide::with(5).run_local().strategy(nebulakit::Strategy::Async).await.unwrap(), expected);
}

/// A graph with that many workflows within each other, each of which has as many nodes of the next one.
fn nested(deep: u64, nodes: u64) -> Graph {
    let mut graph = Graph::new("w0");
    for level in (0..=deep).rev() {
        let mut workflow = Graph::new(format!("w{level}"));
        if level < deep {
            let inner = (0..nodes).map(|node| Node::new(format!("n{node}"), Kind::Workflow(format!("w{}", level + 1).into())));
            workflow.body = Scope { nodes: inner.collect(), outputs: Vec::new() };
        }
        if level == 0 {
            graph.body = workflow.body;
        } else {
            graph.workflows.insert(workflow.name.clone(), workflow);
        }
    }
    graph
}

#[tokio::test]
async fn a_graph_that_is_too_deep_is_refused_before_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let backend = LocalBackend::new(RunsFolder::open(folder.path()).unwrap());
    let error = backend.compile(&nested(25, 1), &Options::new()).unwrap_err();
    assert!(error.to_string().contains("workflows and conditions of `w0` are nested more than 24 deep"), "{error}");
    let run = backend.run(backend.compile(&nested(24, 1), &Options::new()).unwrap()).await.unwrap();
    assert_eq!((run.wait().await.unwrap(), run.state().unwrap().planned), (RunOutcome::Succeeded, 24));
}

#[tokio::test]
async fn a_run_of_the_same_workflows_over_and_over_starts_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let backend = LocalBackend::new(RunsFolder::open(folder.path()).unwrap());
    let mut graph = nested(20, 8);
    graph.body.nodes = vec![Node::new("n0", Kind::Sleep(Duration::from_secs(3600))), graph.body.nodes.swap_remove(0)];
    graph.body.nodes[1].after.push("n0".into());
    let run = backend.run(backend.compile(&graph, &Options::new()).unwrap()).await.unwrap();
    run.cancel().unwrap();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Cancelled);
    assert_eq!(run.state().unwrap().planned, 2 + (1..20).map(|level| 8_u64.pow(level)).sum::<u64>());
}
