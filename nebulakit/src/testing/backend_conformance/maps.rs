//! Maps: one run for each element.

use super::bench::Bench;
use super::case::{Case, cases};
use super::check::{Check, expect};
use super::quiet;
use super::tasks::{add, even, sum};
use crate::run::EventKind;
use crate::workflow;
use crate::workflow::Promise;

cases! {
    each_element_runs_and_the_rest_is_shared,
    an_empty_list_succeeds_without_jobs,
    lists_of_different_lengths_fail,
    no_more_elements_run_at_once_than_the_map_says,
    elements_may_fail_as_far_as_the_map_says,
    an_element_that_may_not_fail_fails_the_map,
    a_workflow_runs_for_each_element,
}

const AT_ONCE: usize = 2;

#[workflow(crate = quiet)]
fn added(xs: Promise<Vec<i64>>) -> (Promise<Vec<i64>>, Promise<i64>) {
    let each = add::map(&xs, 10);
    (each.clone(), sum::node(each))
}

async fn each_element_runs_and_the_rest_is_shared(bench: &Bench<'_>) -> Check {
    let run = bench.run(added::with(vec![1, 2, 3])).await?;
    run.gave(&(vec![11, 12, 13], 36))?;
    ["n0", "n0[0]", "n0[1]", "n0[2]", "n1"].iter().try_for_each(|node| run.ran(node))?;
    let elements = run.node("n0")?.elements;
    expect(elements == Some(3), || format!("the map has 3 elements, and says {elements:?}"))
}

async fn an_empty_list_succeeds_without_jobs(bench: &Bench<'_>) -> Check {
    let run = bench.run(added::with(Vec::<i64>::new())).await?;
    run.gave(&(Vec::new(), 0))?;
    expect(run.state.nodes.len() == 2, || format!("there are more nodes than the map and the sum: {:?}", run.state.nodes.keys()))
}

#[workflow(crate = quiet)]
fn paired(xs: Promise<Vec<i64>>, ys: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    add::map(xs, ys)
}

async fn lists_of_different_lengths_fail(bench: &Bench<'_>) -> Check {
    bench.run(paired::with(vec![1, 2], vec![10, 20])).await?.gave(&vec![11, 22])?;
    bench.run(paired::with(vec![1, 2], vec![10])).await?.failed("n0", "USER:InvalidArrayLength", "")
}

#[workflow(crate = quiet)]
fn few_at_once(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    add::map(xs, 1).concurrency(AT_ONCE as u32)
}

async fn no_more_elements_run_at_once_than_the_map_says(bench: &Bench<'_>) -> Check {
    let run = bench.run(few_at_once::with((0..12).collect::<Vec<i64>>())).await?;
    run.gave(&(1..13).collect())?;
    let (mut running, mut most) = (0, 0);
    for event in run.events.iter().filter(|event| event.node.as_ref().is_some_and(|node| node.ends_with(']'))) {
        match event.kind {
            EventKind::Ready { .. } => running += 1,
            EventKind::Succeeded { .. } => running -= 1,
            _ => {}
        }
        most = most.max(running);
    }
    expect((1..=AT_ONCE).contains(&most), || format!("{most} elements were on their way at once, and {AT_ONCE} may be"))
}

#[workflow(crate = quiet)]
fn some_even(xs: Promise<Vec<i64>>) -> Promise<Vec<Option<i64>>> {
    even::map(xs).min_successes(2)
}

async fn elements_may_fail_as_far_as_the_map_says(bench: &Bench<'_>) -> Check {
    bench.run(some_even::with(vec![1, 2, 4])).await?.gave(&vec![None, Some(2), Some(4)])?;
    let run = bench.run(some_even::with(vec![1, 2, 3])).await?;
    run.failed("n0", "USER:RuntimeError", "[0]: 1 is odd")
}

#[workflow(crate = quiet)]
fn all_even(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    even::map(xs)
}

async fn an_element_that_may_not_fail_fails_the_map(bench: &Bench<'_>) -> Check {
    bench.run(all_even::with(vec![2, 3])).await?.failed("n0", "USER:RuntimeError", "[1]: 3 is odd")
}

#[workflow(crate = quiet)]
fn twice(x: Promise<i64>, by: Promise<i64>) -> Promise<i64> {
    add::node(add::node(x, &by), by)
}

#[workflow(crate = quiet)]
fn mapped(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    twice::map(xs, 10)
}

async fn a_workflow_runs_for_each_element(bench: &Bench<'_>) -> Check {
    let run = bench.run(mapped::with(vec![1, 2])).await?;
    run.gave(&vec![21, 22])?;
    run.ran("n0[1]/n1")
}
