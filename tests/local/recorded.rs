//! Runs that are recorded: what the log tells, what is stored, and what others ask of a run.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use nebulakit::Context;
use nebulakit::backend::{Backend as _, CacheUse, LocalBackend, Options, RunError};
use nebulakit::coordinator::Fatal;
use nebulakit::graph::Graph;
use nebulakit::prelude::*;
use nebulakit::run::{Answer, Durability, EventKind, NodeStatus, Origin, RecordErrorKind, RunHandle, RunOutcome, RunStatus, RunsFolder};

use crate::literal;

#[task]
fn write(ctx: Context, text: String) -> anyhow::Result<File> {
    let path = ctx.working_directory()?.join("text.txt");
    std::fs::write(&path, text)?;
    Ok(File::from_path(path))
}

#[task]
async fn length(file: File) -> anyhow::Result<i64> {
    Ok(file.size().await? as i64)
}

#[task]
fn fails(x: i64) -> anyhow::Result<i64> {
    anyhow::bail!("{x} is wrong")
}

#[workflow]
fn lengths(texts: Promise<Vec<String>>) -> Promise<Vec<i64>> {
    length::map(write::map(texts))
}

/// A backend with a folder of its own, which is removed when the test is over.
fn backend() -> (tempfile::TempDir, LocalBackend) {
    let folder = tempfile::tempdir().unwrap();
    let runs = RunsFolder::open(folder.path().join(".nebulakit")).unwrap();
    (folder, LocalBackend::new(runs))
}

async fn started(backend: &LocalBackend, graph: &Graph, inputs: &[(&str, Vec<u8>)]) -> RunHandle {
    let inputs = nebulakit::types::convert::writer::map_of_literals(inputs.iter().map(|(name, literal)| (*name, literal.as_slice())));
    let plan = backend.compile(graph, &Options::new().inputs(inputs)).unwrap();
    backend.run(plan).await.unwrap()
}

#[tokio::test]
async fn a_run_is_what_its_folder_tells() {
    let (_folder, backend) = backend();
    let texts = vec!["a".to_owned(), "four".to_owned()];
    let run = started(&backend, &lengths::graph().unwrap(), &[("texts", literal(&texts))]).await;
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
    // Anyone else sees the same.
    let run = backend.attach(run.id()).unwrap();
    let state = run.state().unwrap();
    let statuses: Vec<_> = state.nodes.iter().map(|(path, node)| (path.as_str(), node.status.clone(), node.attempts)).collect();
    let done = || NodeStatus::Succeeded(Origin::Run);
    assert_eq!(
        statuses,
        [("n0", done(), 1), ("n0[0]", done(), 1), ("n0[1]", done(), 1), ("n1", done(), 1), ("n1[0]", done(), 1), ("n1[1]", done(), 1)]
    );
    assert_eq!(state.nodes["n0"].elements, Some(2));
    assert_eq!((state.planned, state.counts().succeeded), (2, 6));
    let outputs = run.outputs("n1").unwrap().unwrap();
    assert!(outputs.len() > 4 && run.outputs("n1[1]").unwrap().is_some());
    assert_eq!(run.result().unwrap(), outputs);
    let artifacts = run.artifacts().unwrap();
    assert_eq!(artifacts.len(), 2, "{artifacts:?}");
    assert_eq!(run.graph().unwrap(), lengths::graph().unwrap());
}

#[tokio::test]
async fn files_and_folders_of_durable_runs_are_kept_for_a_resume() {
    let (_folder, backend) = backend();
    let inputs = nebulakit::types::convert::writer::map_of_literals([("text", &*literal(&"four".to_owned()))]);
    let plan = |options: Options| {
        let options = options.inputs(inputs.clone()).durability(Durability::Disk);
        backend.compile(&length_and_failure::graph().unwrap(), &options).unwrap()
    };
    let first = backend.run(plan(Options::new())).await.unwrap();
    assert!(matches!(first.wait().await.unwrap(), RunOutcome::Failed { .. }));
    let second = backend.run(plan(Options::new().resumes(first.id().clone()))).await.unwrap();
    second.wait().await.unwrap();
    let state = second.state().unwrap();
    assert_eq!((&state.nodes["n0"].status, &state.nodes["n2"].status), (&NodeStatus::Succeeded(Origin::Resumed), &NodeStatus::Failed));
}

#[workflow]
fn length_and_failure(text: Promise<String>) -> Promise<i64> {
    fails::node(length::node(write::node(text)))
}

#[workflow(keep_going)]
fn half() -> (Promise<i64>, Promise<i64>) {
    (fails::node(fails::node(7)), fails::node(8))
}

#[tokio::test]
async fn a_failed_run_tells_which_nodes_failed_and_which_never_began() {
    let (_folder, backend) = backend();
    let run = started(&backend, &half::graph().unwrap(), &[]).await;
    let RunOutcome::Failed { node, failure } = run.wait().await.unwrap() else { panic!("it failed") };
    assert!(failure.message.ends_with("is wrong"), "{failure}");
    let state = run.state().unwrap();
    assert_eq!((state.counts().failed, state.counts().skipped), (2, 1));
    assert_eq!(state.nodes["n1"].status, NodeStatus::Skipped { because: "n0".into() });
    assert_eq!(state.nodes[&node.unwrap()].failure.as_ref().unwrap().code, "USER:RuntimeError");
}

static STARTED: AtomicU32 = AtomicU32::new(0);

#[task]
async fn waits(ctx: Context) -> anyhow::Result<i64> {
    STARTED.fetch_add(1, Ordering::SeqCst);
    ctx.cancelled().await;
    anyhow::bail!("stopped half way")
}

#[workflow]
fn endless() -> Promise<i64> {
    waits::node()
}

#[tokio::test]
async fn a_run_is_cancelled_by_whoever_has_its_folder() {
    let (_folder, backend) = backend();
    let run = started(&backend, &endless::graph().unwrap(), &[]).await;
    while STARTED.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    backend.attach(run.id()).unwrap().cancel().unwrap();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Cancelled);
    assert_eq!(run.state().unwrap().nodes["n0"].status, NodeStatus::Cancelled);
}

static REPORTS: AtomicU32 = AtomicU32::new(0);
static MAY_END: AtomicBool = AtomicBool::new(false);

/// Fails for 0. For all else it reports progress until it may end: a function on a thread cannot be stopped.
#[task]
fn reports(ctx: Context, x: i64) -> anyhow::Result<i64> {
    let next = |is_over: fn() -> bool| {
        while !is_over() {
            std::thread::yield_now()
        }
    };
    if x == 0 {
        next(|| REPORTS.load(Ordering::SeqCst) > 0);
        anyhow::bail!("0 fails");
    }
    while !MAY_END.load(Ordering::SeqCst) {
        ctx.progress(u64::from(REPORTS.fetch_add(1, Ordering::SeqCst)), None);
    }
    Ok(x)
}

#[workflow]
fn reported(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    reports::map(xs)
}

#[tokio::test]
async fn a_thread_that_a_run_left_behind_changes_nothing_of_it() {
    let (_folder, backend) = backend();
    let backend = backend.coordinator(|builder| builder.cores(2.0));
    let run = started(&backend, &reported::graph().unwrap(), &[("xs", literal(&vec![0_i64, 1]))]).await;
    let outcome = run.wait().await;
    let reports = REPORTS.load(Ordering::SeqCst);
    while REPORTS.load(Ordering::SeqCst) < reports + 1000 {
        std::thread::yield_now();
    }
    let status = backend.attach(run.id()).unwrap().status();
    // Nobody drives it any more.
    let deleted = backend.runs().delete(run.id());
    MAY_END.store(true, Ordering::SeqCst);
    assert!(matches!(outcome, Ok(RunOutcome::Failed { .. })), "{outcome:?}");
    assert_eq!(status.unwrap(), RunStatus::Ended(outcome.unwrap()));
    assert_eq!(deleted.unwrap().runs, [run.id().clone()]);
}

#[task]
fn id(x: i64) -> i64 {
    x
}

/// Its text has characters that take six bytes as JSON.
#[task]
fn says_much() -> anyhow::Result<i64> {
    anyhow::bail!("it begins {} and ends", "\u{1b}".repeat(9 << 20))
}

#[workflow(keep_going)]
fn much_said() -> (Promise<i64>, Promise<i64>) {
    (says_much::node(), id::node(id::node(1)))
}

#[tokio::test]
async fn of_a_very_long_error_the_middle_is_left_out() {
    let (_folder, backend) = backend();
    let run = started(&backend, &much_said::graph().unwrap(), &[]).await;
    let RunOutcome::Failed { failure, .. } = run.wait().await.unwrap() else { panic!("it failed") };
    for text in [&*failure.message, failure.report()] {
        assert!(text.contains("it begins") && text.contains(" bytes left out ...") && text.len() < 1 << 20, "{} bytes", text.len());
    }
    let state = run.state().unwrap();
    assert_eq!((&state.nodes["n0"].status, state.counts().succeeded), (&NodeStatus::Failed, 2));
}

#[workflow]
fn gated(x: Promise<i64>) -> Promise<i64> {
    let given = gate::wait_for::<i64>("number");
    gate::approve("publish", id::node(x)).after(given)
}

#[tokio::test]
async fn gates_are_answered_by_whoever_has_the_folder() {
    let (_folder, backend) = backend();
    let run = started(&backend, &gated::graph().unwrap(), &[("x", literal(&1_i64))]).await;
    let other = backend.attach(run.id()).unwrap();
    other.signal("number", &literal(&7_i64)).unwrap();
    other.approve("publish").unwrap();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
}

#[tokio::test]
async fn an_answer_that_no_gate_takes_is_refused_and_another_one_can_follow() {
    let (_folder, backend) = backend();
    let run = started(&backend, &gated::graph().unwrap(), &[("x", literal(&1_i64))]).await;
    let other = backend.attach(run.id()).unwrap();
    let error = other.tell("number", Answer::Value(literal(&"seven".to_owned()))).await.unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::Refused);
    assert!(error.to_string().starts_with("the answer to `number` was refused: the gate takes int: "), "{error}");
    let error = other.tell("publish", Answer::Value(literal(&7_i64))).await.unwrap_err();
    assert!(error.to_string().ends_with("the gate takes an approval or a rejection, not a value"), "{error}");
    let error = other.tell("nunber", Answer::Approve).await.unwrap_err();
    assert!(error.to_string().ends_with("the run has no such gate"), "{error}");
    other.tell("number", Answer::Value(literal(&7_i64))).await.unwrap();
    other.tell("publish", Answer::Approve).await.unwrap();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
}

#[task]
fn asks() -> Promise<i64> {
    gate::wait_for("within")
}

#[workflow]
fn asking() -> Promise<i64> {
    asks::node()
}

#[tokio::test]
async fn a_gate_of_a_graph_that_was_made_meanwhile_says_what_it_takes_and_refuses_the_rest() {
    let (_folder, backend) = backend();
    let run = started(&backend, &asking::graph().unwrap(), &[]).await;
    // The gate may not be known by now; then the answer is looked at when it is.
    let mut refused = run.tell("within", Answer::Approve).await.is_err();
    let (mut events, mut takes) = (run.events(), None);
    while takes.is_none() || !refused {
        match events.next().await.unwrap().unwrap().kind {
            EventKind::Waiting { takes: of_gate, .. } => takes = Some(of_gate.to_string()),
            EventKind::Refused { .. } => refused = true,
            _ => {}
        }
    }
    assert_eq!(takes.unwrap(), "int");
    run.tell("within", Answer::Value(literal(&3_i64))).await.unwrap();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
}

#[tokio::test]
async fn a_run_whose_folder_is_removed_stops_and_says_so() {
    let (_folder, backend) = backend();
    let run = started(&backend, &endless::graph().unwrap(), &[]).await;
    std::fs::remove_dir_all(run.folder().path()).unwrap();
    let error = run.wait().await.unwrap_err();
    assert!(error.to_string().starts_with("the folder of the run was removed while it ran: `"), "{error}");
}

#[tokio::test]
async fn a_run_that_is_not_over_cannot_be_resumed() {
    let (_folder, backend) = backend();
    let run = started(&backend, &asking::graph().unwrap(), &[]).await;
    let plan = backend.compile(&asking::graph().unwrap(), &Options::new().resumes(run.id().clone())).unwrap();
    let error = backend.run(plan).await.unwrap_err();
    assert!(error.to_string().contains(&format!("the run `{}` is still going on: a process drives it", run.id())), "{error}");
    run.cancel().unwrap();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Cancelled);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_anything_runs() {
    let (_folder, backend) = backend();
    let inputs = nebulakit::types::convert::writer::map_of_literals([("text", &*literal(&1_i64)), ("more", &*literal(&1_i64))]);
    let error = backend.compile(&lengths::graph().unwrap(), &Options::new().inputs(inputs)).unwrap_err();
    let RunError::Refused(reasons) = &error else { panic!("{error:?}") };
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.starts_with("the input `texts`")), "{error}");
    assert!(backend.runs().list().unwrap().is_empty());
}

static COUNTED: AtomicU32 = AtomicU32::new(0);

#[task(cache(version = "1"))]
async fn counted(file: File, salt: i64) -> anyhow::Result<i64> {
    COUNTED.fetch_add(1, Ordering::SeqCst);
    Ok(file.size().await? as i64 + salt)
}

#[workflow]
fn cached(file: Promise<File>) -> Promise<i64> {
    counted::node(file, 0)
}

#[tokio::test]
async fn a_task_with_a_cache_runs_once_for_the_same_bytes() {
    let (folder, backend) = backend();
    let path = folder.path().join("in");
    let run = |uses| {
        let (backend, path) = (&backend, &path);
        async move {
            let inputs =
                nebulakit::types::convert::writer::map_of_literals([("file", &*literal::<File>(&File::from_uri(path.to_str().unwrap())))]);
            let plan = backend.compile(&cached::graph().unwrap(), &Options::new().inputs(inputs).cache(uses)).unwrap();
            let run = backend.run(plan).await.unwrap();
            assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
            run.state().unwrap().nodes["n0"].status.clone()
        }
    };
    let (ran, hit) = (NodeStatus::Succeeded(Origin::Run), NodeStatus::Succeeded(Origin::Cache));
    std::fs::write(&path, "one").unwrap();
    assert_eq!(run(CacheUse::On).await, ran);
    assert_eq!(run(CacheUse::On).await, hit);
    std::fs::write(&path, "other").unwrap();
    assert_eq!(run(CacheUse::On).await, ran, "a file that was edited is another input");
    std::fs::write(&path, "one").unwrap();
    assert_eq!(run(CacheUse::On).await, hit, "what it was before is known");
    assert_eq!(run(CacheUse::Off).await, ran);
    assert_eq!(run(CacheUse::Overwrite).await, ran);
    assert_eq!(COUNTED.load(Ordering::SeqCst), 4);
}

/// Counts one further at each attempt, and fails until it has come to four.
#[task(retries = 1)]
fn counts(ctx: Context) -> anyhow::Result<i64> {
    let checkpoint = ctx.checkpoint().unwrap().blocking();
    let before = checkpoint.read()?.map_or(0, |bytes| i64::from(bytes[0]));
    checkpoint.write(vec![u8::try_from(before + 1)?])?;
    if before < 3 {
        return Err(TaskError::recoverable(anyhow::anyhow!("at {before}")).into());
    }
    Ok(before + 1)
}

#[workflow]
fn counting() -> Promise<i64> {
    counts::node()
}

#[tokio::test]
async fn a_checkpoint_is_there_for_the_next_attempt_and_for_the_run_that_goes_on() {
    let (_folder, backend) = backend();
    let plan = |options: &Options| backend.compile(&counting::graph().unwrap(), options).unwrap();
    let first = backend.run(plan(&Options::new())).await.unwrap();
    let RunOutcome::Failed { failure, .. } = first.wait().await.unwrap() else { panic!("it fails at first") };
    assert_eq!(failure.message, "at 1");
    let second = backend.run(plan(&Options::new().resumes(first.id().clone()))).await.unwrap();
    assert_eq!(second.wait().await.unwrap(), RunOutcome::Succeeded);
    assert_eq!(second.state().unwrap().nodes["n0"].attempts, 2);
    assert!(!second.folder().path().join("checkpoints/n0").exists(), "what succeeded needs none");
}

static ONCE: AtomicU32 = AtomicU32::new(0);

#[task]
fn once(x: i64) -> i64 {
    ONCE.fetch_add(1, Ordering::SeqCst);
    x
}

/// Fails until a file is there.
#[task]
fn when_there(x: i64, path: String) -> anyhow::Result<i64> {
    anyhow::ensure!(std::path::Path::new(&path).exists(), "{path} is not there");
    Ok(x + 1)
}

#[workflow]
fn resumed(path: Promise<String>) -> Promise<Vec<i64>> {
    let firsts = once::map(vec![1, 2]);
    when_there::map(firsts, path)
}

#[tokio::test]
async fn a_run_that_goes_on_redoes_only_what_did_not_succeed() {
    let (folder, backend) = backend();
    let path = folder.path().join("there").to_str().unwrap().to_owned();
    let inputs = nebulakit::types::convert::writer::map_of_literals([("path", &*literal(&path))]);
    let options = Options::new().inputs(inputs);
    let first = backend.run(backend.compile(&resumed::graph().unwrap(), &options).unwrap()).await.unwrap();
    assert!(matches!(first.wait().await.unwrap(), RunOutcome::Failed { .. }));
    std::fs::write(&path, "").unwrap();
    let options = options.resumes(first.id().clone());
    let second = backend.run(backend.compile(&resumed::graph().unwrap(), &options).unwrap()).await.unwrap();
    assert_eq!(second.wait().await.unwrap(), RunOutcome::Succeeded);
    assert_eq!(ONCE.load(Ordering::SeqCst), 2);
    let state = second.state().unwrap();
    assert_eq!(state.nodes["n0[1]"].status, NodeStatus::Succeeded(Origin::Resumed));
    assert_eq!(state.nodes["n1[1]"].status, NodeStatus::Succeeded(Origin::Run));
    assert_eq!(state.resumes.as_ref(), Some(first.id()));
}

#[workflow(keep_going)]
fn twice_in_vain() -> Promise<i64> {
    let waits_for_both = pair::node(fails::node(1), fails::node(2));
    id::node(waits_for_both.after(id::node(3)))
}

#[task]
fn pair(a: i64, b: i64) -> i64 {
    a + b
}

#[tokio::test]
async fn what_never_begins_is_told_once() {
    let (_folder, backend) = backend();
    let run = started(&backend, &twice_in_vain::graph().unwrap(), &[]).await;
    assert!(matches!(run.wait().await.unwrap(), RunOutcome::Failed { .. }));
    let (mut events, mut skipped) = (run.events(), Vec::new());
    while let Some(event) = events.next().await.unwrap() {
        if matches!(event.kind, EventKind::Skipped { .. }) {
            skipped.push(event.node.unwrap().to_string());
        }
    }
    assert_eq!(skipped.len(), 2, "{skipped:?}");
    assert_eq!(run.state().unwrap().counts().succeeded, 1);
}

#[task]
fn grows(x: i64) -> Promise<i64> {
    id::node(x)
}

#[workflow]
fn grown() -> Promise<i64> {
    grows::node(5).strategy(Strategy::Process)
}

#[tokio::test]
async fn a_dynamic_task_runs_in_this_process_whatever_its_node_says() {
    let (_folder, backend) = backend();
    let run = started(&backend, &grown::graph().unwrap(), &[]).await;
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
    assert_eq!(run.state().unwrap().nodes["n0/n0"].status, NodeStatus::Succeeded(Origin::Run));
}

#[task]
fn fatal(x: i64) -> anyhow::Result<i64> {
    if x == 0 {
        return Err(Fatal::new(anyhow::anyhow!("all is lost")).into());
    }
    Ok(x)
}

#[workflow(keep_going)]
fn doomed() -> (Promise<Vec<Option<i64>>>, Promise<i64>) {
    let some = fatal::map(vec![0, 1, 2, 3]).concurrency(1).min_success_ratio(0.25);
    let other = id::node(7).after(&some);
    (some, other)
}

#[tokio::test]
async fn a_fatal_failure_ends_the_run_even_where_some_may_fail() {
    let (_folder, backend) = backend();
    let run = started(&backend, &doomed::graph().unwrap(), &[]).await;
    let RunOutcome::Failed { node, failure } = run.wait().await.unwrap() else { panic!("it failed") };
    assert_eq!((node.unwrap().to_string(), failure.message.as_str()), ("n0[0]".to_owned(), "all is lost"));
}

#[tokio::test]
async fn a_gate_keeps_its_answer_for_a_run_that_is_given_the_same() {
    let (folder, backend) = backend();
    let path = folder.path().join("there").to_str().unwrap().to_owned();
    let inputs = nebulakit::types::convert::writer::map_of_literals([("path", &*literal(&path))]);
    let options = Options::new().inputs(inputs);
    let plan = |options: &Options| backend.compile(&gated_then::graph().unwrap(), options).unwrap();
    let first = backend.run(plan(&options)).await.unwrap();
    first.approve("go").unwrap();
    assert!(matches!(first.wait().await.unwrap(), RunOutcome::Failed { .. }));
    std::fs::write(&path, "").unwrap();
    let second = backend.run(plan(&options.resumes(first.id().clone()))).await.unwrap();
    assert_eq!(second.wait().await.unwrap(), RunOutcome::Succeeded);
}

#[workflow]
fn gated_then(path: Promise<String>) -> Promise<i64> {
    when_there::node(gate::approve("go", id::node(1)), path)
}
