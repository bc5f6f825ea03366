//! Runs of tasks in one process: none sees another's stores, and what belongs to no run says so.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use futures_util::future::join_all;
use nebulakit::prelude::*;
use nebulakit::storage::{S3Config, Storage, StorageConfig};
use nebulakit::testing::{self, Harness};
use nebulakit::types::Secret;
use nebulakit::{Cancellation, TaskError};

/// A store that answers every request with the key by which it is signed.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || answer(stream));
        }
    });
    port
}

fn answer(stream: TcpStream) {
    let mut key = String::new();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).is_ok_and(|read| read > 0) && line != "\r\n" {
            if let Some((_, rest)) = line.split_once("Credential=") {
                key = rest.split('/').next().unwrap().to_owned();
            }
            continue;
        }
        if line.is_empty() {
            return;
        }
        let length = key.len();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\netag: \"1\"\r\n\r\n{key}");
        if (&stream).write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn store(port: u16, key: &str) -> Storage {
    let s3 = S3Config {
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        access_key_id: Some(key.to_owned()),
        secret_access_key: Some(Secret::from("dummy")),
        ..S3Config::default()
    };
    Storage::new(StorageConfig { s3, retries: Some(0), ..StorageConfig::default() })
}

fn at(name: &str) -> File {
    File::from_uri(format!("s3://bucket/{name}"))
}

/// What is read in the task's own future, in `ctx.spawn`, in `ctx.spawn_blocking`, by a plain spawn of a value made here; and what a plain spawn and
/// a thread say of values that they make.
#[task]
async fn look(ctx: Context, name: String) -> anyhow::Result<Vec<String>> {
    let mut seen = vec![at(&name).read_to_string().await?];
    let own = name.clone();
    seen.push(ctx.spawn(async move { at(&own).read_to_string().await }).await??);
    let own = name.clone();
    seen.push(ctx.spawn_blocking(move || at(&own).blocking().read_to_string()).await??);
    let made_here = at(&name);
    seen.push(tokio::spawn(async move { made_here.read_to_string().await }).await??);
    let own = name.clone();
    let plain = tokio::spawn(async move { at(&own).read_to_string().await }).await?;
    seen.push(plain.expect_err("nothing says through which stores").to_string());
    seen.push(in_a_thread(name));
    Ok(seen)
}

/// The same in a function that blocks.
#[task]
fn look_blocking(ctx: Context, name: String) -> anyhow::Result<Vec<String>> {
    let mut seen = vec![at(&name).blocking().read_to_string()?];
    let own = name.clone();
    let spawned = ctx.spawn(async move { at(&own).read_to_string().await });
    seen.push(ctx.block_on(spawned)??);
    let own = name.clone();
    seen.push(ctx.block_on(ctx.spawn_blocking(move || at(&own).blocking().read_to_string()))??);
    let made_here = at(&name);
    seen.push(std::thread::spawn(move || made_here.blocking().read_to_string()).join().expect("no panic")?);
    let given = at(&name).within(&ctx);
    assert_eq!(given.blocking().read_to_string()?, seen[0]);
    seen.push(in_a_thread(name.clone()));
    seen.push(in_a_thread(name));
    Ok(seen)
}

fn in_a_thread(name: String) -> String {
    let read = std::thread::spawn(move || at(&name).blocking().read_to_string()).join().expect("no panic");
    read.expect_err("nothing says through which stores").to_string()
}

#[test]
fn a_hundred_runs_at_once_each_see_their_own_store() {
    let port = echo();
    let stores = [store(port, "first"), store(port, "second")];
    let runs = (0..100).map(|index| {
        let (key, storage) = if index % 2 == 0 { ("first", &stores[0]) } else { ("second", &stores[1]) };
        let harness = Harness::new().storage(storage.clone());
        async move {
            let name = format!("{index}");
            let ran = if index % 4 < 2 { harness.run(look::with(name)).await } else { harness.run(look_blocking::with(name)).await };
            (key, ran.outputs.unwrap())
        }
    });
    let ended = tokio::runtime::Runtime::new().unwrap().block_on(join_all(runs));
    assert_eq!(ended.len(), 100);
    for (key, seen) in ended {
        assert_eq!(seen[..4], [key; 4]);
        for error in &seen[4..] {
            assert!(error.contains("was not made in a task's own code") && error.contains(".within(&ctx)"), "{error}");
        }
    }
}

#[test]
fn outside_of_tasks_this_machine_is_in_reach_and_a_storage_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "here").unwrap();
    let local: File = File::from_uri(path.to_str().unwrap());
    assert_eq!(local.blocking().read_to_string().unwrap(), "here");
    let local: File = File::from_uri(format!("file://{}", path.display()));
    assert_eq!(local.blocking().read_to_string().unwrap(), "here");
    let remote = at("a").within(&store(echo(), "named"));
    assert_eq!(remote.blocking().read_to_string().unwrap(), "named");
    let error = at("a").blocking().path().unwrap_err();
    assert!(error.to_string().contains(".within(&storage)"), "{error}");
}

/// Waits until it is told to stop.
#[task]
async fn wait(ctx: Context) -> anyhow::Result<String> {
    ctx.cancelled().await;
    anyhow::bail!("stopped")
}

/// Waits until it is told to stop, and blocks its thread.
#[task]
fn spin(ctx: Context) -> anyhow::Result<String> {
    while !ctx.is_cancelled() {
        std::thread::yield_now();
    }
    anyhow::bail!("stopped")
}

#[task]
fn hello() -> String {
    "hello".to_owned()
}

#[test]
fn deadlines_and_cancellations_are_each_runs_own() {
    let cancellation = Cancellation::new();
    cancellation.cancel();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let cancelled = Harness::new().cancellation(&cancellation).run(wait::with());
        let late = Harness::new().deadline(Duration::from_millis(20)).run(wait::with());
        let blocking = Harness::new().deadline(Duration::from_millis(20)).run(spin::with());
        let (cancelled, late, blocking, other) = tokio::join!(cancelled, late, blocking, testing::run(hello::with()));
        assert_eq!(cancelled.outputs.unwrap_err().message(), "stopped");
        for late in [late, blocking] {
            let error = late.outputs.unwrap_err();
            assert_eq!((error.code(), error.is_recoverable()), ("USER:Timeout", Some(true)));
            assert!(error.message().contains("ran longer than its timeout of 20ms; it ended with: stopped"), "{error}");
        }
        assert_eq!(other, Ok("hello".to_owned()));
    });
}

/// Stops when its own time is up.
#[task(timeout = "20ms")]
async fn brief(ctx: Context) -> anyhow::Result<()> {
    ctx.cancelled().await;
    anyhow::bail!("stopped")
}

/// Goes on after a task that it called has run out of time.
#[task]
async fn outlives(ctx: Context) -> anyhow::Result<(String, bool)> {
    let error = brief::call(&ctx).retries(0).await.unwrap_err();
    Ok((error.code().unwrap_or_default().to_owned(), ctx.is_cancelled()))
}

#[test]
fn a_deadline_cancels_its_own_run_alone() {
    assert_eq!(testing::run_blocking(outlives::with()), Ok(("USER:Timeout".to_owned(), false)));
    let cancellation = Cancellation::new();
    let late = Harness::new().cancellation(&cancellation).deadline(Duration::from_millis(20)).run_blocking(wait::with());
    assert_eq!((late.outputs.unwrap_err().code(), cancellation.is_cancelled()), ("USER:Timeout", false));
}

/// Waits in a task that it called.
#[task]
async fn waits_below(ctx: Context) -> anyhow::Result<String> {
    Ok(wait::call(&ctx).await?)
}

#[test]
fn a_request_to_stop_reaches_the_tasks_that_a_task_called() {
    let cancellation = Cancellation::new();
    let run = Harness::new().cancellation(&cancellation).run(waits_below::with());
    let ran = tokio::runtime::Runtime::new().unwrap().block_on(async {
        let (ran, ()) = tokio::join!(run, async { cancellation.cancel() });
        ran
    });
    assert_eq!(ran.outputs.unwrap_err().message(), "stopped");
}

/// Never ends, whatever it is told.
#[task]
async fn deaf() -> String {
    std::future::pending().await
}

#[test]
fn a_future_that_does_not_stop_in_time_is_given_up() {
    let ran = Harness::new().deadline(Duration::from_millis(1)).run_blocking(deaf::with());
    assert_eq!(ran.outputs.unwrap_err().code(), "USER:Timeout");
}

/// Panics when it is dropped.
struct Trap;

impl Drop for Trap {
    fn drop(&mut self) {
        panic!("the destructor failed");
    }
}

#[task]
fn throws_a_trap() -> i64 {
    std::panic::panic_any(Trap)
}

#[task]
async fn throws_a_trap_later() -> i64 {
    tokio::task::yield_now().await;
    std::panic::panic_any(Trap)
}

#[test]
fn what_a_panic_carries_may_panic_when_it_is_dropped() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let runs = async { [testing::run(throws_a_trap::with()).await, testing::run(throws_a_trap_later::with()).await] };
    for ended in runtime.block_on(runs) {
        let error = ended.unwrap_err();
        assert_eq!((error.code(), error.message().contains("tests/runs.rs:")), ("USER:Panic", true), "{error}");
    }
}

#[task]
async fn asynchronous(text: String) -> String {
    tokio::task::yield_now().await;
    text
}

#[test]
fn a_run_uses_the_runtime_that_polls_it_or_none() {
    let both = || async { (testing::run(asynchronous::with("a")).await, testing::run(hello::with()).await) };
    let expected = (Ok("a".to_owned()), Ok("hello".to_owned()));
    let current = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(current.block_on(both()), expected);
    assert_eq!(tokio::runtime::Runtime::new().unwrap().block_on(both()), expected);
    assert_eq!((testing::run_blocking(asynchronous::with("a")), testing::run_blocking(hello::with())), expected);
}

#[tokio::test]
async fn a_run_is_awaited_in_a_test_that_is_async() {
    assert_eq!(testing::run(hello::with()).await, Ok("hello".to_owned()));
}

/// A file under the raw-output prefix.
#[task]
fn write(ctx: Context, text: String) -> anyhow::Result<File> {
    let path = ctx.working_directory()?.join("a.txt");
    std::fs::write(&path, text)?;
    Ok(File::from_path(path))
}

#[test]
fn files_that_come_out_live_as_long_as_their_values() {
    let file = testing::run_blocking(write::with("text")).unwrap();
    let path = file.blocking().path().unwrap().to_owned();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "text");
    drop(file);
    assert!(!path.exists());
}

#[test]
fn a_local_context_reaches_nothing_else() {
    let error = testing::run_blocking(look::with("a")).unwrap_err();
    assert!(error.message().contains("`s3://bucket/a` is not on this machine"), "{error}");
}

/// Says what it does.
#[task(deck)]
fn talk(ctx: Context) -> anyhow::Result<()> {
    ctx.progress(1, 2);
    ctx.progress(2, None);
    ctx.log(tracing::Level::WARN, "careful");
    ctx.stats().counter("rows", 3);
    ctx.decks().markdown("Report", "# Title");
    let secret = ctx.secrets().get("db", "password")?;
    anyhow::ensure!(secret.expose() == "dummy");
    Err(TaskError::recoverable(anyhow::anyhow!("later")).into())
}

#[test]
fn what_a_task_says_is_kept() {
    let run = Harness::new().secret("db", "password", "dummy").attempt(1).run_blocking(talk::with());
    let error = run.outputs.unwrap_err();
    assert_eq!((error.message(), error.is_recoverable(), error.is_of_user()), ("later", Some(true), true));
    assert_eq!(run.progress, [(1, Some(2)), (2, None)]);
    assert_eq!((run.log[0].level, run.log[0].message.as_str()), (tracing::Level::WARN, "careful"));
    assert_eq!(run.stats, ["rows:3|c"]);
    assert!(run.decks[0].1.contains("<h1>Title</h1>"), "{:?}", run.decks);
}
