//! Runs of tests and programs that have a folder.

use std::path::Path;

use nebulakit::backend::{CacheUse, Keep, Options, RunError};
use nebulakit::prelude::*;
use nebulakit::run::{Durability, NodeStatus, Origin, RunHandle, RunStatus, RunsFolder};
use nebulakit::{Cancellation, Context};

#[task(cache(version = "1"))]
fn double(x: i64) -> i64 {
    2 * x
}

#[derive(Debug)]
struct ByZero;

impl std::fmt::Display for ByZero {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cannot divide by zero")
    }
}

impl std::error::Error for ByZero {}

#[task]
fn divide(a: i64, b: i64) -> Result<i64, ByZero> {
    a.checked_div(b).ok_or(ByZero)
}

#[workflow]
fn quotient(a: Promise<i64>, b: Promise<i64>) -> Promise<i64> {
    divide::node(double::node(a), b)
}

/// The runs of a folder, the first one first.
fn runs(folder: &Path) -> Vec<RunHandle> {
    let runs = RunsFolder::open(folder.join(".nebulakit")).unwrap();
    let mut ids = runs.list().unwrap();
    ids.sort_by_key(ToString::to_string);
    ids.iter().map(|id| RunHandle::attach(&runs, id).unwrap()).collect()
}

fn status(run: &RunHandle, node: &str) -> NodeStatus {
    run.state().unwrap().nodes[node].status.clone()
}

#[tokio::test]
async fn a_run_with_a_folder_is_recorded_and_remembers() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(quotient::with(3, 2).run_local().dir(folder.path()).await.unwrap(), 3);
    assert_eq!(status(&runs(folder.path())[0], "n0"), NodeStatus::Succeeded(Origin::Run));
    // In another folder nothing of it is known.
    let other = tempfile::tempdir().unwrap();
    assert_eq!(quotient::with(3, 3).run_local().dir(other.path()).await.unwrap(), 2);
    assert_eq!(status(&runs(other.path())[0], "n0"), NodeStatus::Succeeded(Origin::Run));
    assert_eq!(quotient::with(3, 3).run_local().dir(other.path()).await.unwrap(), 2);
    assert!(runs(other.path()).iter().any(|run| status(run, "n0") == NodeStatus::Succeeded(Origin::Cache)));
}

#[tokio::test]
async fn a_failure_has_its_error_and_a_run_goes_on_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let without_cache = |b| quotient::with(3, b).run_local().dir(folder.path()).options(|options| options.cache(CacheUse::Off));
    let error = without_cache(0).await.unwrap_err();
    assert_eq!((error.node().unwrap().as_str(), error.code()), ("n1", Some("USER:RuntimeError")));
    assert!(error.downcast_ref::<ByZero>().is_some(), "{error}");
    let former = runs(folder.path())[0].id().clone();
    assert_eq!(without_cache(2).options(|options| options.resumes(former)).await.unwrap(), 3);
    assert!(runs(folder.path()).iter().any(|run| status(run, "n0") == NodeStatus::Succeeded(Origin::Resumed)));
}

#[tokio::test]
async fn a_run_without_a_folder_goes_on_with_none() {
    let error = double::with(1).run_local().options(|options| options.resumes("20260101-000000-abcd".into())).await.unwrap_err();
    let RunError::Refused(reasons) = &error else { panic!("{error:?}") };
    assert!(reasons[0].contains("say `.dir(..)`"), "{reasons:?}");
}

#[tokio::test]
async fn a_run_without_a_folder_refuses_what_is_for_one() {
    let all = |options: Options| options.from("n0").strict().keep(Keep::Outputs).cache(CacheUse::Overwrite).durability(Durability::Disk);
    let error = double::with(1).run_local().options(all).await.unwrap_err();
    let RunError::Refused(reasons) = &error else { panic!("{error:?}") };
    let of = ["from", "strict", "keep", "cache", "durability"];
    assert_eq!(*reasons, of.map(|name| format!("`Options::{name}` needs a folder that the run is recorded in: say `.dir(..)`")));
    assert_eq!(double::with(1).run_local().options(|options| options.cache(CacheUse::Off)).await.unwrap(), 2);
}

#[workflow]
fn asked(x: Promise<i64>) -> Promise<i64> {
    gate::approve("go", double::node(x))
}

#[tokio::test]
async fn gates_are_answered_beforehand_or_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(asked::with(1).run_local().dir(folder.path()).approve("go").await.unwrap(), 2);
    let waiting = tokio::spawn(asked::with(2).run_local().dir(folder.path()).into_future());
    loop {
        let open = runs(folder.path()).into_iter().find(|run| run.status().unwrap() == RunStatus::Running);
        match open {
            Some(run) => break run.approve("go").unwrap(),
            None => tokio::task::yield_now().await,
        }
    }
    assert_eq!(waiting.await.unwrap().unwrap(), 4);
}

#[task]
async fn waits(ctx: Context) -> anyhow::Result<i64> {
    ctx.cancelled().await;
    anyhow::bail!("stopped")
}

#[tokio::test]
async fn a_run_is_stopped_from_outside_and_its_record_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let cancellation = Cancellation::new();
    let run = tokio::spawn(waits::with().run_local().dir(folder.path()).cancellation(&cancellation).into_future());
    cancellation.cancel();
    assert!(matches!(run.await.unwrap(), Err(RunError::Cancelled)));
    assert!(matches!(runs(folder.path())[0].status().unwrap(), RunStatus::Ended(nebulakit::run::RunOutcome::Cancelled)));
}

#[task(cache(version = "1"))]
async fn calls(ctx: Context, x: i64) -> anyhow::Result<i64> {
    Ok(double::call(&ctx, x).await?)
}

#[tokio::test]
async fn what_a_mock_gave_is_not_remembered_with_what_another_task_made_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let run = || calls::with(4).run_local().dir(folder.path());
    assert_eq!(run().mock(double::mock(|_| 1)).await.unwrap(), 1);
    assert_eq!(run().await.unwrap(), 8);
}

#[tokio::test]
async fn a_mock_is_neither_remembered_nor_recalled() {
    let folder = tempfile::tempdir().unwrap();
    let run = |mock| double::with(4).run_local().dir(folder.path()).mock(mock);
    assert_eq!(run(double::mock(|_| 1)).await.unwrap(), 1);
    assert_eq!(run(double::mock(|_| 2)).await.unwrap(), 2);
    assert_eq!(double::with(4).run_local().dir(folder.path()).await.unwrap(), 8);
    assert_eq!(run(double::mock(|_| 3)).await.unwrap(), 3);
}

#[task]
fn keeps(ctx: Context) -> anyhow::Result<File> {
    let path = ctx.working_directory()?.join("kept.txt");
    std::fs::write(&path, "kept")?;
    Ok(File::from_path(path))
}

#[test]
fn files_stay_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = keeps::with().run_local().dir(folder.path()).blocking().unwrap();
    assert_eq!(file.blocking().read_to_string().unwrap(), "kept");
    drop(file);
    assert_eq!(runs(folder.path())[0].artifacts().unwrap().len(), 1);
}

#[task]
fn shows(ctx: Context, file: File) -> anyhow::Result<File> {
    ctx.log(tracing::Level::INFO, "seen");
    ctx.decks().html("page", "<p>kept</p>");
    let path = ctx.working_directory()?.join("shown.txt");
    std::fs::write(&path, file.blocking().read_to_string()?)?;
    Ok(File::from_path(path))
}

#[workflow]
fn shown() -> Promise<File> {
    shows::node(keeps::node())
}

#[tokio::test]
async fn a_run_with_a_mock_records_all_that_its_other_tasks_say_store_and_take() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mocked.txt");
    std::fs::write(&path, "mocked").unwrap();
    let mock = keeps::mock(move || File::from_path(&path));
    shown::with().run_local().dir(folder.path()).mock(mock).await.unwrap();
    let run = &runs(folder.path())[0];
    let node = "n1".into();
    assert_eq!(run.logs(&node).read().unwrap().map(|line| line.text).as_deref(), Some("seen"));
    assert!(run.state().unwrap().nodes[&node].used.is_some());
    assert_eq!(run.decks().unwrap().len(), 1);
    assert!(run.artifacts().unwrap().iter().any(|artifact| artifact.node.as_ref() == Some(&node)));
}
