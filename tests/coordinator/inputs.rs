//! Inputs that are files, directories and tables: where their data goes, and when.

use std::time::Duration;

use nebulakit::coordinator::{Coordinator, JobContext, JobError, Retry, Strategy, SubmitError, Work};
use nebulakit::prelude::*;

use crate::depot::{Depot, Door};
use crate::soon;

#[task]
async fn words(text: File) -> anyhow::Result<i64> {
    Ok(text.read_to_string().await?.split_whitespace().count() as i64)
}

/// A plain function, and several files in one input.
#[task]
fn letters(texts: Vec<File>) -> anyhow::Result<i64> {
    texts.iter().map(|text| Ok(text.blocking().read_to_string()?.len() as i64)).sum()
}

#[task]
async fn place(text: File) -> anyhow::Result<String> {
    Ok(text.uri().unwrap_or_default().to_owned())
}

#[task]
async fn listed(folder: Directory) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    let mut listing = folder.walk()?;
    while let Some(entry) = listing.try_next().await? {
        names.push(entry.name);
    }
    names.sort();
    Ok(names)
}

#[task]
async fn parent(ctx: Context, texts: Vec<File>) -> anyhow::Result<i64> {
    let calls = texts.into_iter().map(|text| words::call(&ctx, text));
    Ok(futures_util::future::try_join_all(calls).await?.into_iter().sum())
}

fn text(content: &str) -> File {
    File::from_bytes("text.txt", content.as_bytes().to_vec())
}

fn coordinator(folder: &tempfile::TempDir) -> Coordinator {
    Coordinator::builder().context(Context::local(folder.path())).build()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_in_memory_is_an_input_in_each_strategy() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = coordinator(&folder);
    for strategy in [Strategy::Async, Strategy::Thread] {
        let job = coordinator.submit(words::with(text("one two three")), strategy.clone()).await.unwrap();
        assert_eq!(soon(job.join()).await.unwrap(), 3);
        let job = coordinator.submit(letters::with(vec![text("one"), text("four")]), strategy.clone()).await.unwrap();
        assert_eq!(soon(job.join()).await.unwrap(), 7);
        // As a child, of a closure as of a task.
        let work = Work::new(|ctx: JobContext| async move { ctx.call(words::with(text("a b")), ctx.strategy()).await });
        assert_eq!(soon(coordinator.submit(work, strategy.clone()).await.unwrap().join()).await.unwrap(), 2);
        let job = coordinator.submit(parent::with(vec![text("a b"), text("c")]), strategy).await.unwrap();
        assert_eq!(soon(job.join()).await.unwrap(), 3);
    }
}

/// The data is where another process of this machine finds it; what has a path stays at it.
#[tokio::test]
async fn data_goes_below_the_raw_output_prefix() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = coordinator(&folder);
    let submit = |file: File| async { soon(coordinator.submit(place::with(file), Strategy::Async).await.unwrap().join()).await.unwrap() };
    let at = submit(text("hello")).await;
    assert!(at.starts_with(&*folder.path().join("raw").to_string_lossy()) && at.ends_with("/text.txt"), "{at}");
    assert_eq!(std::fs::read_to_string(&at).unwrap(), "hello");

    let path = folder.path().join("here.txt");
    std::fs::write(&path, "here").unwrap();
    assert_eq!(submit(File::from_path(&path)).await, path.to_string_lossy());
    // A worker process may be in another folder.
    assert_eq!(submit(File::from_path("Cargo.toml")).await, std::env::current_dir().unwrap().join("Cargo.toml").to_string_lossy());

    let wanted = folder.path().join("wanted.txt");
    assert_eq!(submit(text("there").stored_at(wanted.to_string_lossy())).await, wanted.to_string_lossy());
    assert_eq!(std::fs::read_to_string(&wanted).unwrap(), "there");
}

#[tokio::test]
async fn a_directory_that_has_to_be_stored_is() {
    let folder = tempfile::tempdir().unwrap();
    let depot = Depot::new(Door::Open);
    let coordinator = Coordinator::builder().context(depot.context(&folder)).build();
    let source = folder.path().join("source");
    std::fs::create_dir_all(source.join("b")).unwrap();
    std::fs::write(source.join("a.txt"), "a").unwrap();
    std::fs::write(source.join("b/c.txt"), "c").unwrap();
    for directory in [Directory::from_path(&source).stored_at("depot://kept/source"), Directory::from_path(&source)] {
        let job = coordinator.submit(listed::with(directory), Strategy::Async).await.unwrap();
        assert_eq!(soon(job.join()).await.unwrap(), ["a.txt", "b/c.txt"]);
    }
    assert_eq!(depot.len(), 2);
}

/// Two jobs with one value: it is stored once, and neither runs before it is there.
#[tokio::test]
async fn a_value_that_is_on_its_way_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let depot = Depot::new(Door::Shut);
    let coordinator = Coordinator::builder().context(depot.context(&folder)).build();
    let file = text("one two");
    let first = coordinator.submit(words::with(file.clone()), Strategy::Async).await.unwrap();
    let second = coordinator.submit(words::with(file), Strategy::Async).await.unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!first.is_finished() && !second.is_finished());
    depot.set(Door::Open);
    assert_eq!((soon(first.join()).await.unwrap(), soon(second.join()).await.unwrap()), (2, 2));
    assert_eq!(depot.len(), 1);
}

/// The same for what a task calls twice at once.
#[tokio::test]
async fn a_value_that_two_calls_have_is_stored_before_either_runs() {
    let folder = tempfile::tempdir().unwrap();
    let depot = Depot::new(Door::Shut);
    let coordinator = Coordinator::builder().context(depot.context(&folder)).build();
    let file = text("one two");
    let work = Work::new(move |ctx: JobContext| {
        let file = file.clone();
        async move {
            let (one, other) = futures_util::join!(words::call(&ctx, file.clone()), words::call(&ctx, file));
            anyhow::Ok(one? + other?)
        }
    });
    let job = coordinator.submit(work, Strategy::Async).await.unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    depot.set(Door::Open);
    assert_eq!(soon(job.join()).await.unwrap(), 4);
}

/// A store that fails fails the attempt, as often as there are attempts; the job is taken all the same.
#[tokio::test]
async fn a_store_that_fails_is_a_failed_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let depot = Depot::new(Door::Full);
    let coordinator = Coordinator::builder().context(depot.context(&folder)).build();
    let file = text("one two");
    let job = coordinator.submit(Work::from(words::with(file.clone())).id("once"), Strategy::Async).await.unwrap();
    let error = soon(job.join()).await.unwrap_err();
    assert!(error.is_recoverable() && error.code() == "SYSTEM", "{error:?}");
    let said = error.to_string();
    assert!(said.starts_with("cannot store the data of the inputs: ") && said.contains("no space left on device"), "{said}");
    assert_eq!(coordinator.job(&"once".into()).unwrap().attempts(), 1);

    // The next attempt stores it again, of a value whose store failed before, too.
    let pause = Retry::fixed(1_000, Duration::from_millis(1));
    let job = coordinator.submit(Work::from(words::with(file)).retry(pause).id("again"), Strategy::Async).await.unwrap();
    while coordinator.job(&"again".into()).unwrap().attempts() < 2 {
        tokio::task::yield_now().await;
    }
    depot.set(Door::Open);
    assert_eq!(soon(job.join()).await.unwrap(), 2);
}

/// An attempt's time is that of its data, too.
#[tokio::test]
async fn a_store_that_hangs_is_a_timeout_and_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let depot = Depot::new(Door::Shut);
    let coordinator = Coordinator::builder().context(depot.context(&folder)).build();
    let work = Work::from(words::with(text("one"))).timeout(Duration::from_millis(20));
    let error = soon(coordinator.submit(work, Strategy::Async).await.unwrap().join()).await.unwrap_err();
    assert!(matches!(error, JobError::TimedOut { .. }), "{error:?}");
    let job = coordinator.submit(words::with(text("one")), Strategy::Thread).await.unwrap();
    assert!(job.cancel());
    assert!(matches!(soon(job.join()).await.unwrap_err(), JobError::Cancelled(_)));
    assert_eq!(depot.len(), 0);
}

#[tokio::test]
async fn a_bad_input_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let depot = Depot::new(Door::Full);
    let coordinator = Coordinator::builder().context(depot.context(&folder)).build();
    for file in [File::from_bytes("a/b", b"x".to_vec()), File::from_path("/no/such/file").stored_at("depot://x/y")] {
        let error = coordinator.submit(words::with(file), Strategy::Async).await.unwrap_err();
        assert!(matches!(&error, SubmitError::Inputs(inner) if inner.path() == "text"), "{error:?}");
    }
    let refused = coordinator.try_submit(words::with(File::from_bytes("a/b", b"x".to_vec())), Strategy::Thread).unwrap_err();
    assert!(matches!(refused.error, SubmitError::Inputs(_)));
    assert_eq!(coordinator.system_detail().counts.submitted, 0);
}

/// A key's inputs are the same when their contents are, wherever those would be stored.
#[tokio::test]
async fn a_key_knows_contents() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = coordinator(&folder);
    let work = |file: File| Work::from(words::with(file)).idempotency_key("words");
    let first = coordinator.submit(work(text("one two")), Strategy::Async).await.unwrap();
    let second = coordinator.submit(work(text("one two")), Strategy::Async).await.unwrap();
    assert_eq!(first.id(), second.id());
    assert_eq!((*soon(first.join()).await.unwrap(), *soon(second.join()).await.unwrap()), (2, 2));
    let named = File::from_bytes("other.txt", b"one two".to_vec());
    for other in [text("one two three"), named, text("one two").stored_at(folder.path().join("x.txt").to_string_lossy())] {
        let error = coordinator.submit(work(other), Strategy::Async).await.unwrap_err();
        assert!(matches!(error, SubmitError::KeyConflict(_)), "{error}");
    }
    // One that was stored meanwhile is still the same.
    let file = text("one two");
    let stored = coordinator.submit(words::with(file.clone()), Strategy::Async).await.unwrap();
    assert_eq!(soon(stored.join()).await.unwrap(), 2);
    let third = coordinator.submit(work(file), Strategy::Async).await.unwrap();
    assert_eq!(*soon(third.join()).await.unwrap(), 2);
}

#[cfg(feature = "schema")]
mod tables {
    use nebulakit::schema::Schema;

    use super::*;

    #[derive(Debug, Clone, nebulakit::schema::Row)]
    struct Line {
        n: i64,
    }

    #[task]
    async fn total(table: Schema<Line>) -> anyhow::Result<i64> {
        Ok(table.read().collect_rows().await?.iter().map(|line| line.n).sum())
    }

    fn table(numbers: &[i64]) -> Schema<Line> {
        Schema::from_rows(numbers.iter().map(|&n| Line { n })).unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_table_in_memory_is_an_input() {
        let folder = tempfile::tempdir().unwrap();
        let depot = Depot::new(Door::Full);
        let coordinator = Coordinator::builder().context(depot.context(&folder)).build();
        let work = Work::from(total::with(table(&[1, 2, 3]))).retry(Retry::fixed(1_000, Duration::from_millis(1))).id("again");
        let job = coordinator.submit(work, Strategy::Async).await.unwrap();
        while coordinator.job(&"again".into()).unwrap().attempts() < 2 {
            tokio::task::yield_now().await;
        }
        depot.set(Door::Open);
        assert_eq!(soon(job.join()).await.unwrap(), 6);
        let job = coordinator.submit(total::with(table(&[4])), Strategy::Thread).await.unwrap();
        assert_eq!(soon(job.join()).await.unwrap(), 4);

        let keyed = |numbers: &[i64]| Work::from(total::with(table(numbers))).idempotency_key("total");
        let first = coordinator.submit(keyed(&[1, 2]), Strategy::Async).await.unwrap();
        let second = coordinator.submit(keyed(&[1, 2]), Strategy::Async).await.unwrap();
        assert_eq!(first.id(), second.id());
        assert!(matches!(coordinator.submit(keyed(&[1, 3]), Strategy::Async).await, Err(SubmitError::KeyConflict(_))));
        assert_eq!(*soon(first.join()).await.unwrap(), 3);
    }
}
