//! What a recorded run tells of its nodes besides their outputs: what they said, what they took, and what they wait for.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nebulakit::Context;
use nebulakit::backend::{Backend as _, LocalBackend, Options};
use nebulakit::graph::Graph;
use nebulakit::prelude::*;
use nebulakit::run::{EventKind, NodeStatus, RunHandle, RunOutcome, RunsFolder, WaitsFor};

/// A backend with a folder of its own, which is removed when the test is over.
fn backend() -> (tempfile::TempDir, LocalBackend) {
    let folder = tempfile::tempdir().unwrap();
    let runs = RunsFolder::open(folder.path().join(".nebulakit")).unwrap();
    (folder, LocalBackend::new(runs))
}

async fn started(backend: &LocalBackend, graph: &Graph) -> RunHandle {
    backend.run(backend.compile(graph, &Options::new()).unwrap()).await.unwrap()
}

#[task]
async fn says_much(ctx: Context) -> i64 {
    // In one go: nobody hears any of it before the last.
    for number in 0..100_000 {
        ctx.log(tracing::Level::INFO, format!("line {number}"));
        ctx.progress(number, 100_000);
    }
    7
}

#[task]
fn adds_one(x: i64) -> i64 {
    x + 1
}

#[workflow]
fn talkative() -> Promise<i64> {
    adds_one::node(says_much::node())
}

#[tokio::test]
async fn all_that_a_task_says_is_recorded_and_no_event_of_a_node_is_lost() {
    let (_folder, backend) = backend();
    let run = started(&backend, &talkative::graph().unwrap()).await;
    // A subscriber that takes nothing before the end.
    let mut stuck = run.events();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
    let mut log = run.logs(&"n0".into());
    let lines: Vec<_> = std::iter::from_fn(|| log.read().unwrap()).map(|line| line.text).collect();
    assert_eq!((lines.len(), lines.last().map(String::as_str)), (100_000, Some("line 99999")));
    let mut kinds = Vec::new();
    while let Some(event) = stuck.read().unwrap() {
        match event.kind {
            EventKind::Started { .. } | EventKind::Succeeded { .. } | EventKind::Ended { .. } => {
                kinds.push(event.node.map(|node| node.to_string()))
            }
            _ => {}
        }
    }
    assert_eq!(kinds.iter().map(Option::as_deref).collect::<Vec<_>>(), [Some("n0"), Some("n0"), Some("n1"), Some("n1"), None]);
}

#[task]
async fn one_long_line(ctx: Context) {
    ctx.log(tracing::Level::WARN, "ä".repeat(100_000));
}

#[workflow]
fn long_winded() -> Promise<()> {
    one_long_line::node()
}

#[tokio::test]
async fn a_line_of_any_length_is_recorded_in_parts() {
    let (_folder, backend) = backend();
    let run = started(&backend, &long_winded::graph().unwrap()).await;
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
    let mut log = run.logs(&"n0".into());
    let parts: Vec<_> = std::iter::from_fn(|| log.read().unwrap()).collect();
    assert_eq!(parts.iter().map(|part| part.goes_on).collect::<Vec<_>>(), [true, true, true, false]);
    assert!(parts.iter().all(|part| part.source == "WARN"));
    assert_eq!(parts.iter().map(|part| part.text.as_str()).collect::<String>(), "ä".repeat(100_000));
}

#[task]
fn computes() -> i64 {
    let begin = std::time::Instant::now();
    let mut sum = 0_i64;
    while begin.elapsed() < Duration::from_millis(30) {
        sum = std::hint::black_box(sum.wrapping_add(1));
    }
    sum.signum()
}

#[task]
async fn idles(x: i64) -> i64 {
    tokio::time::sleep(Duration::from_millis(5)).await;
    x
}

#[workflow]
fn working() -> Promise<i64> {
    idles::node(computes::node())
}

#[tokio::test]
async fn what_nodes_took_is_recorded_as_far_as_it_is_known() {
    let (_folder, backend) = backend();
    let run = started(&backend, &working::graph().unwrap()).await;
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
    let state = run.state().unwrap();
    let (plain, future) = (state.nodes["n0"].used.unwrap(), state.nodes["n1"].used.unwrap());
    assert!(
        plain.wall >= Duration::from_millis(30) && plain.cpu.unwrap() > Duration::ZERO && plain.cpu.unwrap() <= plain.wall,
        "{plain:?}"
    );
    assert_eq!((plain.system, plain.memory), (None, None));
    assert!(future.wall >= Duration::from_millis(5), "{future:?}");
    assert_eq!((future.cpu, future.memory), (None, None));
    let metrics = run.metrics().unwrap();
    assert_eq!((metrics.attempts, metrics.used.cpu, metrics.used.wall), (2, plain.cpu, plain.wall + future.wall));
}

static TRIES: AtomicU32 = AtomicU32::new(0);

#[task(retries = 1)]
fn fails_once() -> anyhow::Result<i64> {
    std::thread::sleep(Duration::from_millis(3));
    if TRIES.fetch_add(1, Ordering::SeqCst) == 0 { Err(anyhow::anyhow!("not yet")).recoverable() } else { Ok(1) }
}

#[workflow]
fn stubborn() -> Promise<i64> {
    fails_once::node()
}

#[tokio::test]
async fn what_each_attempt_took_adds_up() {
    let (_folder, backend) = backend();
    let run = started(&backend, &stubborn::graph().unwrap()).await;
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
    let mut events = run.events();
    let took: Vec<_> = std::iter::from_fn(|| events.read().unwrap())
        .filter_map(|event| match event.kind {
            EventKind::Retrying { used, .. } | EventKind::Succeeded { used, .. } => used,
            _ => None,
        })
        .collect();
    let [first, second] = took.as_slice() else { panic!("{took:?}") };
    assert!(first.wall >= Duration::from_millis(3) && second.wall >= Duration::from_millis(3), "{took:?}");
    assert_eq!(run.state().unwrap().nodes["n0"].used, Some(first.and(*second)));
}

#[task(tokens(licences = 1))]
async fn holds(folder: String, other: String) -> anyhow::Result<i64> {
    let runs = RunsFolder::open(&folder)?;
    let run = RunHandle::attach(&runs, &runs.list()?[0])?;
    loop {
        let state = run.state()?;
        match state.nodes.get(other.as_str()).map(|node| (&node.status, &node.waits_for)) {
            Some((NodeStatus::Queued, Some(WaitsFor::Resources(missing)))) => return Ok(i64::try_from(missing.len())?),
            // It was first, and has told of this one.
            Some((NodeStatus::Succeeded(_), _)) => return Ok(0),
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

#[workflow]
fn licensed(folder: Promise<String>) -> (Promise<i64>, Promise<i64>) {
    (holds::node(&folder, "n1"), holds::node(folder, "n0"))
}

#[tokio::test]
async fn what_never_gets_what_it_asks_for_is_refused_before_the_run() {
    let (_folder, backend) = backend();
    let error = backend.compile(&licensed::graph().unwrap(), &Options::new()).unwrap_err();
    let said = "n0, n1: `local.usage.holds` asks for tokens `licences`, which have no limit";
    assert!(error.to_string().contains(said), "{error}");
    let error = licensed::with("a").run_local().coordinator(|builder| builder.tokens("licences", 0)).await.unwrap_err();
    assert!(error.to_string().contains("asks for 1 token `licences`, and the limit is 0 tokens `licences`"), "{error}");
}

#[tokio::test]
async fn a_queued_node_tells_what_it_waits_for() {
    let (_folder, backend) = backend();
    let backend = backend.coordinator(|builder| builder.tokens("licences", 1));
    let folder = backend.runs().path().to_string_lossy().into_owned();
    let folder = nebulakit::types::encode(&folder, &nebulakit::types::Dialect::FLYTE_1).unwrap();
    let inputs = nebulakit::types::convert::writer::map_of_literals([("folder", folder.as_slice())]);
    let plan = backend.compile(&licensed::graph().unwrap(), &Options::new().inputs(inputs)).unwrap();
    let run = backend.run(plan).await.unwrap();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
    let state = run.state().unwrap();
    assert!(state.nodes.values().all(|node| node.waits_for.is_none()), "{state:?}");
    let mut events = run.events();
    let told = std::iter::from_fn(|| events.read().unwrap()).filter(|event| matches!(event.kind, EventKind::Queued { .. }));
    assert_eq!(told.count(), 1);
}
