//! What the chapter about runs on this machine shows.

use nebulakit::backend::CacheUse;
use nebulakit::prelude::*;
use nebulakit::run::RunOutcome;
use nebulakit::testing;
use nebulakit::types::convert::writer::map_of_literals;
use nebulakit::types::{Dialect, encode};

#[task]
fn double(x: i64) -> i64 {
    2 * x
}

#[task]
fn sum(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

/// Doubles each number, and adds them up once somebody agrees.
#[workflow]
fn doubled(xs: Promise<Vec<i64>>) -> Promise<i64> {
    gate::approve("really", sum::node(double::map(xs)))
}

#[tokio::test]
async fn adds_up() {
    assert_eq!(doubled::with(vec![1, 2, 3]).run_local().approve("really").await.unwrap(), 12);
}

#[tokio::test]
async fn adds_up_what_a_mock_gives() {
    let run = testing::run_local(doubled::with(vec![1, 2, 3])).approve("really");
    assert_eq!(run.mock(double::mock(|x| 10 * x)).await.unwrap(), 60);
}

#[tokio::test]
async fn remembers_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let run = || doubled::with(vec![1, 2, 3]).run_local().approve("really").dir(folder.path());
    assert_eq!(run().await.unwrap(), 12);
    assert_eq!(run().options(|options| options.cache(CacheUse::Off)).await.unwrap(), 12);
}

#[task(cache(version = "1", ignore(threads)))]
fn align(reads: File, reference: File, threads: i64) -> anyhow::Result<File> {
    let _ = (reference, threads);
    Ok(reads)
}

mod recorded {
    use nebulakit::backend::{Backend as _, LocalBackend, Options};
    use nebulakit::run::RunsFolder;

    use super::*;

    pub(super) async fn run(folder: &std::path::Path, inputs: Vec<u8>) -> anyhow::Result<RunOutcome> {
        let backend = LocalBackend::new(RunsFolder::open(folder.join(".nebulakit"))?);
        let plan = backend.compile(&doubled::graph()?, &Options::new().inputs(inputs))?;
        let run = backend.run(plan).await?;
        run.approve("really")?;
        Ok(run.wait().await?)
    }
}

#[tokio::test]
async fn a_run_is_recorded_as_the_chapter_says() {
    let folder = tempfile::tempdir().unwrap();
    let xs = encode(&vec![1_i64, 2], &Dialect::FLYTE_1).unwrap();
    let outcome = recorded::run(folder.path(), map_of_literals([("xs", &*xs)])).await.unwrap();
    assert_eq!(outcome, RunOutcome::Succeeded);
}

#[test]
fn the_chapter_quotes_this_guide() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(root.join("local/guide.rs")).unwrap();
    let chapter = std::fs::read_to_string(root.join("../docs/local-runs.md")).unwrap();
    let blocks: Vec<_> = chapter.split("```rust\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 5);
    for item in blocks.iter().flat_map(|block| block.split("\n\n")) {
        let within = |depth: usize| guide.contains(&item.replace('\n', &format!("\n{:depth$}", "")));
        assert!([0, 4, 8].into_iter().any(within), "not in the guide:\n{item}");
    }
}
