//! Closures in place of tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nebulakit::backend::RunError;
use nebulakit::prelude::*;
use nebulakit::testing::run_local;

#[task]
fn far(x: i64) -> anyhow::Result<i64> {
    anyhow::bail!("the far side of {x} cannot be reached")
}

#[task]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[task(outputs(quotient, remainder))]
async fn divide(a: i64, #[default(2)] b: i64) -> (i64, i64) {
    (a / b, a % b)
}

#[workflow]
fn inner(x: Promise<i64>) -> Promise<i64> {
    add::node(far::node(x), 1)
}

#[task]
fn grown(xs: Vec<i64>) -> Promise<i64> {
    xs.into_iter().map(far::node).reduce(add::node).unwrap_or_else(|| Promise::of(0))
}

#[workflow]
fn everywhere(xs: Promise<Vec<i64>>) -> (Promise<Vec<i64>>, Promise<i64>, Promise<i64>) {
    (far::map(&xs), inner::node(7), grown::node(xs))
}

#[tokio::test]
async fn a_mock_runs_in_maps_in_workflows_and_in_graphs_of_dynamic_tasks() {
    let run = run_local(everywhere::with(vec![1, 2])).mock(far::mock(|x| 10 * x));
    assert_eq!(run.await.unwrap(), (vec![10, 20], 71, 30));
}

#[workflow]
fn divided(a: Promise<i64>) -> (Promise<i64>, Promise<i64>) {
    let divided = divide::node(a, Default);
    (divided.0.clone(), divided.1.clone())
}

#[tokio::test]
async fn a_mock_takes_defaults_and_gives_each_output() {
    let run = || run_local(divided::with(9));
    assert_eq!(run().mock(divide::mock(|a, b| (a * b, 0))).await.unwrap(), (18, 0));
    assert_eq!(run().mock(divide::mock(|a, b| anyhow::Ok((a * b, 1)))).await.unwrap(), (18, 1));
    assert_eq!(run().mock(divide::mock(|a, b| async move { (a * b, 2) })).await.unwrap(), (18, 2));
    assert_eq!(run().mock(divide::mock(|a, b| async move { anyhow::Ok((a * b, 3)) })).await.unwrap(), (18, 3));
}

#[tokio::test]
async fn a_task_alone_has_a_mock_and_of_two_the_later_one_counts() {
    let run = run_local(far::with(1)).mock(far::mock(|_| 1)).mock(far::mock(|_| 2));
    assert_eq!(run.await.unwrap(), 2);
}

#[tokio::test]
async fn a_mock_runs_here_whatever_the_strategy_is() {
    // The workers of this program do not know that they are workers.
    let run = run_local(inner::with(1)).strategy(nebulakit::Strategy::Process);
    let run = run.mock(far::mock(|x| x + 1)).mock(add::mock(|a, b| a * 100 + b));
    assert_eq!(run.await.unwrap(), 201);
}

#[task(reference(project = "p", domain = "d", name = "theirs", version = "v1"))]
fn theirs(x: i64) -> i64;

#[task(container(image = "localhost/no-such-image:1", command = ["/bin/no"]))]
fn program(x: i64) -> i64;

#[workflow]
fn elsewhere(x: Promise<i64>) -> Promise<i64> {
    program::node(theirs::node(x))
}

#[tokio::test]
async fn what_has_no_body_here_runs_by_its_mock() {
    let run = run_local(elsewhere::with(1)).mock(theirs::mock(|x| x + 1)).mock(program::mock(|x| x * 10));
    assert_eq!(run.await.unwrap(), 20);
    let error = run_local(elsewhere::with(1)).mock(program::mock(|x| x * 10)).await.unwrap_err();
    let RunError::Refused(reasons) = &error else { panic!("{error:?}") };
    assert!(reasons.len() == 1 && reasons[0].contains("`theirs`"), "{reasons:?}");
}

#[task]
async fn calls(ctx: Context, x: i64) -> anyhow::Result<i64> {
    Ok(far::call(&ctx, x).await? + program::call(&ctx, x).await?)
}

#[workflow]
fn calling(x: Promise<i64>) -> Promise<i64> {
    calls::node(x)
}

#[tokio::test]
async fn a_task_that_is_called_has_its_mock_too() {
    let run = run_local(calling::with(1)).mock(far::mock(|x| x + 1)).mock(program::mock(|x| x + 2));
    assert_eq!(run.await.unwrap(), 5);
}

#[tokio::test]
async fn a_dynamic_task_gives_values_by_its_mock() {
    assert_eq!(run_local(grown::with(vec![1, 2])).mock(grown::mock(|xs| xs.len() as i64)).await.unwrap(), 2);
}

#[tokio::test]
async fn a_panic_in_a_mock_is_the_failure_of_its_node_and_nothing_else() {
    let error = run_local(inner::with(1)).mock(far::mock(|x| if x == 1 { panic!("not {x}") } else { x })).await.unwrap_err();
    assert_eq!((error.node().unwrap().as_str(), error.code()), ("n0", Some("USER:Panic")));
    assert!(error.to_string().contains("not 1"), "{error}");
}

#[derive(Debug)]
struct Teapot;

impl std::fmt::Display for Teapot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("short and stout")
    }
}

impl std::error::Error for Teapot {}

#[tokio::test]
async fn the_error_of_a_mock_is_that_of_its_node() {
    let error = run_local(inner::with(1)).mock(far::mock(|_| Err(Teapot))).await.unwrap_err();
    assert!(error.downcast_ref::<Teapot>().is_some(), "{error}");
}

#[task(retries = 1)]
fn flaky() -> i64 {
    0
}

#[tokio::test]
async fn a_mock_is_tried_again_as_its_task_is() {
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    let mock = flaky::mock(move || match counted.fetch_add(1, Ordering::SeqCst) {
        0 => Err(TaskError::recoverable(anyhow::anyhow!("not yet"))),
        _ => Ok(1),
    });
    assert_eq!(run_local(flaky::with()).mock(mock).await.unwrap(), 1);
    assert_eq!(tries.load(Ordering::SeqCst), 2);
}

#[task]
fn stores(text: String) -> File {
    unreachable!("{text} is stored by a mock")
}

#[task]
async fn read(file: File) -> anyhow::Result<String> {
    Ok(file.read_to_string().await?)
}

#[workflow]
fn through_a_file(text: Promise<String>) -> Promise<String> {
    read::node(stores::node(text))
}

#[tokio::test]
async fn a_mock_gives_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.txt");
    let mock = stores::mock(move |text| {
        std::fs::write(&path, text)?;
        std::io::Result::Ok(File::from_path(&path))
    });
    assert_eq!(run_local(through_a_file::with("hello")).mock(mock).await.unwrap(), "hello");
}
