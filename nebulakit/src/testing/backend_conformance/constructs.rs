//! Conditions, dynamic tasks, launch plans, calls, times.

use std::time::Duration;

use super::bench::Bench;
use super::case::{Case, cases};
use super::check::{Check, Stop, expect};
use super::quiet;
use super::tasks::{add, calls, divide, grown};
use crate::run::{Arm, EventKind};
use crate::workflow::{Promise, gate, when};
use crate::{launch_plan, workflow};

cases! {
    a_condition_runs_the_arm_whose_test_holds_and_no_other,
    a_condition_without_a_match_may_fail,
    the_graph_of_a_dynamic_task_runs_in_its_place,
    a_dynamic_task_may_fail,
    a_launch_plan_runs_with_its_defaults_and_fixed_inputs,
    a_running_task_calls_another,
    a_sleep_takes_its_time,
}

#[workflow(crate = quiet)]
fn decided(x: Promise<i64>) -> Promise<i64> {
    let large = add::node(add::node(&x, 1000), 1000);
    let small = add::node(&x, 1);
    when(x.gt(10), large).or_when(x.eq(0), -1).otherwise(small)
}

async fn a_condition_runs_the_arm_whose_test_holds_and_no_other(bench: &Bench<'_>) -> Check {
    // Its own node, and those of the arm.
    for (x, gave, arm, nodes) in [(11, 2011, Arm::Taken(0), 3), (0, -1, Arm::Taken(1), 1), (5, 6, Arm::Otherwise, 2)] {
        let run = bench.run(decided::with(x)).await?;
        run.gave(&gave)?;
        let is_decided = run.events.iter().any(|event| event.kind == EventKind::Decided { arm });
        expect(is_decided, || format!("no event says that the condition was decided for {arm:?}"))?;
        expect(run.state.nodes.len() == nodes, || format!("{arm:?}: expected {nodes} nodes, found {:?}", run.state.nodes.keys()))?;
    }
    Ok(())
}

#[workflow(crate = quiet)]
fn limited(x: Promise<i64>) -> Promise<i64> {
    when(x.lt(10), &x).or_fail("it is too large")
}

async fn a_condition_without_a_match_may_fail(bench: &Bench<'_>) -> Check {
    bench.run(limited::with(1)).await?.gave(&1)?;
    bench.run(limited::with(10)).await?.failed("n0", "USER:UserProvidedError", "it is too large")
}

#[workflow(crate = quiet)]
fn growing(xs: Promise<Vec<i64>>) -> Promise<i64> {
    add::node(grown::node(xs), 1)
}

async fn the_graph_of_a_dynamic_task_runs_in_its_place(bench: &Bench<'_>) -> Check {
    let run = bench.run(growing::with(vec![1, 2, 3])).await?;
    run.gave(&13)?;
    ["n0", "n0/n0", "n0/n3", "n1"].iter().try_for_each(|node| run.ran(node))
}

async fn a_dynamic_task_may_fail(bench: &Bench<'_>) -> Check {
    bench.run(growing::with(Vec::<i64>::new())).await?.failed("n0", "USER:RuntimeError", "there is nothing to grow")
}

#[workflow(crate = quiet, outputs(quotient, remainder))]
fn divided(a: Promise<i64>, b: Promise<i64>) -> (Promise<i64>, Promise<i64>) {
    let divided = divide::node(a, b);
    (divided.0.clone(), divided.1.clone())
}

#[launch_plan(crate = quiet, outputs(quotient, remainder))]
fn by_five(#[default(17)] a: Promise<i64>) -> (Promise<i64>, Promise<i64>) {
    let divided = divided::node(a, 5);
    (divided.0.clone(), divided.1.clone())
}

#[workflow(crate = quiet)]
fn launched(a: Promise<i64>) -> (Promise<i64>, Promise<i64>) {
    (by_five::node(crate::Default).1.clone(), by_five::node(a).0.clone())
}

async fn a_launch_plan_runs_with_its_defaults_and_fixed_inputs(bench: &Bench<'_>) -> Check {
    bench.run(launched::with(50)).await?.gave(&(2, 10))
}

#[workflow(crate = quiet)]
fn calling(x: Promise<i64>) -> Promise<i64> {
    calls::node(x)
}

async fn a_running_task_calls_another(bench: &Bench<'_>) -> Check {
    let run = bench.run(calling::with(1)).await?;
    run.gave(&2)?;
    expect(run.state.nodes.len() == 1, || format!("a task that is called is not a node: {:?}", run.state.nodes.keys()))
}

#[workflow(crate = quiet)]
fn slow(x: Promise<i64>) -> Promise<i64> {
    add::node(x, 1).after(gate::sleep("50ms"))
}

async fn a_sleep_takes_its_time(bench: &Bench<'_>) -> Check {
    let run = bench.run(slow::with(1)).await?;
    run.gave(&2)?;
    let slept = run.state.nodes.values().find(|node| node.of == "sleep").and_then(|node| node.ended?.duration_since(node.ready?).ok());
    let slept = slept.ok_or_else(|| Stop::Broken("there is no node that sleeps".to_owned()))?;
    expect(slept >= Duration::from_millis(50), || format!("the node that sleeps 50ms took {slept:?}"))
}
