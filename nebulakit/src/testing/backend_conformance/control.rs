//! What others do with a run: stop it, resume it, reuse its outputs, look at it.

use uuid::Uuid;

use super::bench::Bench;
use super::case::{Case, cases};
use super::check::{Check, expect};
use super::quiet;
use super::tasks::{add, divide, remembered, waits};
use crate::backend::CacheUse;
use crate::run::{NodeStatus, Origin, RunId, RunOutcome, RunStatus};
use crate::workflow;
use crate::workflow::{Promise, gate};

cases! {
    a_run_that_is_cancelled_stops,
    a_run_that_is_over_is_not_cancelled,
    a_run_is_the_same_from_another_program,
    a_run_that_is_not_there_is_not_found,
    a_resumed_run_does_not_repeat_what_is_finished,
    a_cancelled_run_is_resumed,
    a_resumed_run_repeats_what_has_other_inputs,
    outputs_are_remembered_between_runs,
    a_run_does_without_what_is_remembered,
}

#[workflow(crate = quiet)]
fn endless(x: Promise<i64>) -> Promise<i64> {
    add::node(waits::node(add::node(x, 1)), 1)
}

async fn a_run_that_is_cancelled_stops(bench: &Bench<'_>) -> Check {
    let run = bench.start(endless::with(1)).await?;
    run.until("a node that waits", |path, node| path == "n1" && node.status == NodeStatus::Running).await?;
    expect(run.handle.status()? == RunStatus::Running, || "it runs, and says otherwise".to_owned())?;
    run.attached()?.cancel()?;
    let run = run.ended().await?;
    expect(run.outcome == RunOutcome::Cancelled, || format!("it was cancelled, and ended as {:?}", run.outcome))?;
    run.ran("n0")?;
    run.is("n1", &NodeStatus::Cancelled)?;
    expect(!run.state.nodes.contains_key("n2"), || "a node began after the run was cancelled".to_owned())
}

async fn a_run_that_is_over_is_not_cancelled(bench: &Bench<'_>) -> Check {
    let run = bench.run(divided::with(1, 1)).await?;
    expect(run.handle.cancel().is_err(), || "it was over, and could be cancelled".to_owned())
}

async fn a_run_is_the_same_from_another_program(bench: &Bench<'_>) -> Check {
    let run = bench.run(divided::with(7, 2)).await?;
    let attached = bench.backend().attach(run.handle.id())?;
    let outcome = attached.wait().await?;
    expect(outcome == run.outcome, || format!("it ended as {:?}, and from elsewhere as {outcome:?}", run.outcome))?;
    expect(attached.state()? == run.state, || "its state is another one from elsewhere".to_owned())?;
    expect(attached.result()? == run.handle.result()?, || "it gave something else from elsewhere".to_owned())?;
    expect(attached.outputs("n0")?.is_some(), || "the outputs of a node are not there from elsewhere".to_owned())?;
    let (graph, inputs) = bench.parts(&divided::with(7, 2))?;
    expect(attached.inputs()? == inputs, || "its inputs are others from elsewhere".to_owned())?;
    expect(attached.graph()? == graph, || "its graph is another one from elsewhere".to_owned())
}

async fn a_run_that_is_not_there_is_not_found(bench: &Bench<'_>) -> Check {
    let found = bench.backend().attach(&RunId::from("20200101-000000-0000000"));
    expect(found.is_err(), || "a run was found that never was".to_owned())
}

#[workflow(crate = quiet)]
fn divided(x: Promise<i64>, by: Promise<i64>) -> Promise<i64> {
    divide::node(add::node(x, 1), by).0.clone()
}

async fn a_resumed_run_does_not_repeat_what_is_finished(bench: &Bench<'_>) -> Check {
    let former = bench.run(divided::with(7, 0)).await?;
    former.failed("n1", "USER:RuntimeError", "cannot divide 8 by zero")?;
    let id = former.handle.id().clone();
    let run = bench.start_as(divided::with(7, 2), bench.options().resumes(id.clone())).await?.ended().await?;
    run.gave(&4)?;
    run.is("n0", &NodeStatus::Succeeded(Origin::Resumed))?;
    run.ran("n1")?;
    expect(run.state.resumes.as_ref() == Some(&id), || format!("it goes on with {id}, and says {:?}", run.state.resumes))
}

async fn a_resumed_run_repeats_what_has_other_inputs(bench: &Bench<'_>) -> Check {
    let former = bench.run(divided::with(7, 0)).await?;
    let run = bench.start_as(divided::with(8, 2), bench.options().resumes(former.handle.id().clone())).await?.ended().await?;
    run.gave(&4)?;
    run.ran("n0")
}

#[workflow(crate = quiet)]
fn asking(x: Promise<i64>) -> Promise<i64> {
    add::node(gate::approve("on", add::node(x, 1)), 1)
}

async fn a_cancelled_run_is_resumed(bench: &Bench<'_>) -> Check {
    let former = bench.start(asking::with(1)).await?;
    former.until("a node that waits for a signal", |_, node| matches!(node.status, NodeStatus::Waiting { .. })).await?;
    former.handle.cancel()?;
    let former = former.ended().await?;
    expect(former.outcome == RunOutcome::Cancelled, || format!("it was cancelled, and ended as {:?}", former.outcome))?;
    let run = bench.start_as(asking::with(1), bench.options().resumes(former.handle.id().clone())).await?;
    run.attached()?.approve("on")?;
    let run = run.ended().await?;
    run.gave(&3)?;
    run.is("n0", &NodeStatus::Succeeded(Origin::Resumed))
}

#[workflow(crate = quiet)]
fn remembering(salt: Promise<String>, x: Promise<i64>) -> Promise<i64> {
    remembered::node(salt, x)
}

async fn outputs_are_remembered_between_runs(bench: &Bench<'_>) -> Check {
    // Nothing is remembered of it, wherever it is kept.
    let salt = Uuid::new_v4().to_string();
    for (x, from) in [(1, Origin::Run), (1, Origin::Cache), (2, Origin::Run)] {
        let run = bench.run(remembering::with(salt.clone(), x)).await?;
        run.gave(&x)?;
        run.is("n0", &NodeStatus::Succeeded(from))?;
    }
    Ok(())
}

async fn a_run_does_without_what_is_remembered(bench: &Bench<'_>) -> Check {
    let salt = Uuid::new_v4().to_string();
    for (uses, from) in [
        (CacheUse::Off, Origin::Run),
        (CacheUse::On, Origin::Run),
        (CacheUse::Overwrite, Origin::Run),
        (CacheUse::Off, Origin::Run),
        (CacheUse::On, Origin::Cache),
    ] {
        let run = bench.start_as(remembering::with(salt.clone(), 1), bench.options().cache(uses)).await?.ended().await?;
        run.is("n0", &NodeStatus::Succeeded(from))?;
    }
    Ok(())
}
