//! Failures: how often they are retried, what they say, and what happens to the rest.

use super::bench::Bench;
use super::case::{Case, cases};
use super::check::{Check, expect};
use super::quiet;
use super::tasks::{CODE, add, divide, fails, flaky, hangs, panics, reported, reported_badly, waits};
use crate::run::{EventKind, NodeStatus};
use crate::workflow;
use crate::workflow::{Failure, Promise};

cases! {
    a_recoverable_failure_is_tried_again,
    attempts_come_to_an_end,
    a_node_says_how_often_instead_of_its_task,
    a_permanent_failure_is_not_tried_again,
    a_failure_has_its_own_code_and_message,
    a_panic_is_the_failure_of_its_node,
    an_attempt_ends_when_its_time_is_up,
    what_needs_a_failed_node_is_skipped,
    a_failure_stops_what_runs,
    the_rest_goes_on_where_the_workflow_keeps_going,
    a_failure_in_a_workflow_of_a_workflow_names_its_own_node,
    a_failure_handler_is_told_the_error,
    a_handler_that_fails_takes_the_place_of_the_failure,
    a_handler_does_not_run_without_a_failure,
}

#[workflow(crate = quiet)]
fn trying(failures: Promise<i64>) -> Promise<i64> {
    flaky::node(failures)
}

async fn a_recoverable_failure_is_tried_again(bench: &Bench<'_>) -> Check {
    let run = bench.run(trying::with(2)).await?;
    run.gave(&2)?;
    run.ran("n0")?;
    let node = run.node("n0")?;
    expect(node.attempts == 3, || format!("expected 3 attempts, found {}", node.attempts))?;
    let tried = |kind: &EventKind| match kind {
        EventKind::Retrying { attempt, failure, .. } => Some((*attempt, failure.message.contains(&format!("attempt {attempt} fails")))),
        _ => None,
    };
    let tried: Vec<_> = run.events.iter().filter_map(|event| tried(&event.kind)).collect();
    expect(tried == [(0, true), (1, true)], || format!("expected that the attempts 0 and 1 are told with why they failed, found {tried:?}"))
}

async fn attempts_come_to_an_end(bench: &Bench<'_>) -> Check {
    let run = bench.run(trying::with(3)).await?;
    run.failed("n0", "USER:Recoverable", "attempt 2 fails")?;
    let attempts = run.node("n0")?.attempts;
    expect(attempts == 3, || format!("expected 3 attempts, found {attempts}"))
}

#[workflow(crate = quiet)]
fn trying_once_more(failures: Promise<i64>) -> Promise<i64> {
    flaky::node(failures).retries(1)
}

async fn a_node_says_how_often_instead_of_its_task(bench: &Bench<'_>) -> Check {
    bench.run(trying_once_more::with(1)).await?.gave(&1)?;
    bench.run(trying_once_more::with(2)).await?.failed("n0", "USER:Recoverable", "attempt 1 fails")
}

#[workflow(crate = quiet)]
fn failing(message: Promise<String>) -> Promise<i64> {
    fails::node(message)
}

async fn a_permanent_failure_is_not_tried_again(bench: &Bench<'_>) -> Check {
    let run = bench.run(failing::with("once and for all")).await?;
    let attempts = run.node("n0")?.attempts;
    expect(attempts == 1, || format!("expected 1 attempt, found {attempts}"))
}

async fn a_failure_has_its_own_code_and_message(bench: &Bench<'_>) -> Check {
    let run = bench.run(failing::with("it broke: 7 of \"9\"\nare wrong")).await?;
    run.failed("n0", CODE, "it broke: 7 of \"9\"\nare wrong")?;
    run.is("n0", &NodeStatus::Failed)?;
    let failure = run.node("n0")?.failure.clone();
    expect(failure.as_ref() == Some(&run.failure()?.1), || format!("the node says why it failed: {failure:?}"))
}

#[workflow(crate = quiet)]
fn panicking() -> Promise<i64> {
    panics::node("there is no way on")
}

async fn a_panic_is_the_failure_of_its_node(bench: &Bench<'_>) -> Check {
    bench.run(panicking::with()).await?.failed("n0", "USER:Panic", "there is no way on")
}

#[workflow(crate = quiet)]
fn hanging() -> Promise<i64> {
    hangs::node().timeout("1s")
}

async fn an_attempt_ends_when_its_time_is_up(bench: &Bench<'_>) -> Check {
    bench.run(hanging::with()).await?.failed("n0", "USER:Timeout", "")
}

#[workflow(crate = quiet)]
fn upstream() -> Promise<i64> {
    add::node(add::node(fails::node("at once"), 1), 1)
}

async fn what_needs_a_failed_node_is_skipped(bench: &Bench<'_>) -> Check {
    let run = bench.run(upstream::with()).await?;
    run.failed("n0", CODE, "at once")?;
    run.is("n1", &NodeStatus::Skipped { because: "n0".into() })?;
    run.is("n2", &NodeStatus::Skipped { because: "n1".into() })
}

#[workflow(crate = quiet)]
fn stopping_others() -> (Promise<i64>, Promise<i64>) {
    (waits::node(1), fails::node("first"))
}

async fn a_failure_stops_what_runs(bench: &Bench<'_>) -> Check {
    bench.run(stopping_others::with()).await?.failed("n1", CODE, "first")
}

#[workflow(crate = quiet, keep_going)]
fn keeping_on(x: Promise<i64>) -> (Promise<i64>, Promise<i64>) {
    (add::node(fails::node("at once"), 1), (0..5).fold(x, |x, _| add::node(x, 1)))
}

async fn the_rest_goes_on_where_the_workflow_keeps_going(bench: &Bench<'_>) -> Check {
    let run = bench.run(keeping_on::with(0)).await?;
    let (node, failure) = run.failure()?;
    expect(failure.code == CODE, || format!("expected `{CODE}`, found {failure} of {node:?}"))?;
    let counts = run.state.counts();
    let found = (counts.failed, counts.skipped, counts.succeeded);
    expect(found == (1, 1, 5), || format!("expected 1 node that failed, 1 skipped and 5 that succeeded, found {found:?}"))
}

#[workflow(crate = quiet)]
fn inner(x: Promise<i64>) -> Promise<i64> {
    divide::node(add::node(1, 1), x).0.clone()
}

#[workflow(crate = quiet)]
fn outer(x: Promise<i64>) -> Promise<i64> {
    add::node(inner::node(x), 1)
}

async fn a_failure_in_a_workflow_of_a_workflow_names_its_own_node(bench: &Bench<'_>) -> Check {
    let run = bench.run(outer::with(0)).await?;
    run.failed("n0/n1", "USER:RuntimeError", "cannot divide 2 by zero")?;
    run.ran("n0/n0")?;
    run.is("n0", &NodeStatus::Failed)?;
    run.is("n1", &NodeStatus::Skipped { because: "n0".into() })
}

#[workflow(crate = quiet, on_failure = reported::node(x, Failure))]
fn handled(x: Promise<i64>, by: Promise<i64>) -> Promise<i64> {
    divide::node(x, by).0.clone()
}

/// The id of the handler's node.
const HANDLER: &str = "fn0";

async fn a_failure_handler_is_told_the_error(bench: &Bench<'_>) -> Check {
    let run = bench.run(handled::with(7, 0)).await?;
    run.failed("n0", "USER:RuntimeError", "cannot divide 7 by zero")?;
    run.ran(HANDLER)?;
    let told = run.handle.outputs(HANDLER)?.unwrap_or_default();
    let told = String::from_utf8_lossy(&told);
    expect(told.contains("7: cannot divide 7 by zero"), || format!("the handler was told: {told}"))
}

#[workflow(crate = quiet, on_failure = reported_badly::node(x, Failure))]
fn badly_handled(x: Promise<i64>) -> Promise<i64> {
    divide::node(&x, &x).0.clone()
}

async fn a_handler_that_fails_takes_the_place_of_the_failure(bench: &Bench<'_>) -> Check {
    let run = bench.run(badly_handled::with(0)).await?;
    run.failed(HANDLER, "USER:RuntimeError", "the handler broke at 0, after: cannot divide 0 by zero")
}

async fn a_handler_does_not_run_without_a_failure(bench: &Bench<'_>) -> Check {
    let run = bench.run(handled::with(7, 2)).await?;
    run.gave(&3)?;
    expect(run.state.nodes.len() == 1, || format!("more than one node ran: {:?}", run.state.nodes.keys()))
}
