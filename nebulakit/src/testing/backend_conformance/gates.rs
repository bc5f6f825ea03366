//! Gates: other programs answer them.

use nebulakit_types::{Dialect, encode};

use super::bench::{Bench, Running};
use super::case::{Case, cases};
use super::check::{Check, expect};
use super::quiet;
use super::tasks::add;
use crate::run::NodeStatus;
use crate::workflow;
use crate::workflow::{Promise, gate};

cases! {
    what_is_approved_goes_on,
    what_is_rejected_fails,
    a_value_is_given_by_a_signal,
    a_signal_is_answered_once,
    a_gate_waits_no_longer_than_its_timeout,
}

#[workflow(crate = quiet)]
fn approved(x: Promise<i64>) -> Promise<i64> {
    gate::approve("publish", add::node(x, 1))
}

#[workflow(crate = quiet)]
fn given() -> Promise<i64> {
    add::node(gate::wait_for::<i64>("number"), 1)
}

/// Waits until the gate says which signal it waits for.
fn asked(run: &Running<'_, i64>, signal: &str) -> impl Future<Output = Check> + Send {
    run.until(
        "a node that waits for a signal",
        move |_, node| matches!(&node.status, NodeStatus::Waiting { signal: waits, .. } if waits == signal),
    )
}

async fn what_is_approved_goes_on(bench: &Bench<'_>) -> Check {
    let run = bench.start(approved::with(1)).await?;
    asked(&run, "publish").await?;
    run.attached()?.approve("publish")?;
    run.ended().await?.gave(&2)
}

async fn what_is_rejected_fails(bench: &Bench<'_>) -> Check {
    let run = bench.start(approved::with(1)).await?;
    asked(&run, "publish").await?;
    run.attached()?.reject("publish")?;
    let run = run.ended().await?;
    run.ran("n0")?;
    run.failed("n1", "USER:ReceivedRejectSignal", "")
}

async fn a_value_is_given_by_a_signal(bench: &Bench<'_>) -> Check {
    let run = bench.start(given::with()).await?;
    asked(&run, "number").await?;
    run.attached()?.signal("number", &encode(&41_i64, &Dialect::FLYTE_1)?)?;
    run.ended().await?.gave(&42)
}

async fn a_signal_is_answered_once(bench: &Bench<'_>) -> Check {
    let run = bench.start(approved::with(1)).await?;
    run.attached()?.approve("publish")?;
    let again = run.attached()?.reject("publish");
    expect(again.is_err(), || "a second answer was taken".to_owned())?;
    run.ended().await?.gave(&2)
}

#[workflow(crate = quiet)]
fn impatient(x: Promise<i64>) -> Promise<i64> {
    gate::approve("never", x).timeout("100ms")
}

async fn a_gate_waits_no_longer_than_its_timeout(bench: &Bench<'_>) -> Check {
    let run = bench.run(impatient::with(1)).await?;
    run.is("n0", &NodeStatus::Failed)?;
    let (node, failure) = run.failure()?;
    expect(node.as_deref() == Some("n0"), || format!("the gate fails, and the run says {node:?}: {failure}"))
}
