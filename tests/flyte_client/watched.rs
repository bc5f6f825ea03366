//! Executions as runs: what is seen of them is told as events, and what is asked of a run reaches the execution.

use std::path::Path;

use nebulakit::backend::flyte::{FlyteBackend, FlyteClient};
use nebulakit::backend::{Backend as _, Options, RunError};
use nebulakit::run::{Event, EventKind, RunHandle, RunOutcome, RunStatus, RunsFolder};
use nebulakit_types::wire::flyteidl::core::ParameterMap;
use nebulakit_types::wire::flyteidl::core::node_execution::Phase as NodePhase;
use nebulakit_types::wire::flyteidl::core::task_execution::Phase as AttemptPhase;
use nebulakit_types::wire::flyteidl::core::workflow_execution::Phase;
use serde_json::json;
use tempfile::tempdir;

use crate::double::launches::Launches;
use crate::launches::tasks;

async fn backend(launches: &Launches, home: &Path) -> FlyteBackend {
    launches.with(|state| state.plans = vec![("launching.whole".to_owned(), "v1".to_owned(), ParameterMap::default())]);
    let address = launches.serve().await;
    let settings = json!({ "endpoint": address.to_string(), "insecure": true, "maxBackoffDelay": "1ms", "maxRetries": 0 });
    again(&crate::double::client(home, &settings), home)
}

fn again(client: &FlyteClient, home: &Path) -> FlyteBackend {
    FlyteBackend::new(client.clone().with_project("p"), RunsFolder::open(home.join("runs")).unwrap())
}

async fn started(backend: &FlyteBackend) -> RunHandle {
    let invocation = tasks::whole::with(vec![1, 2], 2);
    let inputs = invocation.inputs(&nebulakit_types::Dialect::FLYTE_1, &mut nebulakit_types::outbox::Outbox::default()).unwrap();
    let plan = backend.compile(&tasks::whole::graph().unwrap(), &Options::new().inputs(inputs)).unwrap();
    backend.run(plan).await.unwrap()
}

/// What was told of each node, in a word.
fn told(run: &RunHandle) -> Vec<String> {
    let (mut events, mut told) = (run.events(), Vec::new());
    while let Some(Event { node, kind, .. }) = events.read().unwrap() {
        let word = match kind {
            EventKind::Started { attempt } => format!("begins {attempt}"),
            EventKind::Retrying { attempt, failure, .. } => format!("failed {attempt} by {}", failure.code),
            EventKind::Decided { arm } => format!("decided {arm:?}"),
            EventKind::Succeeded { .. } => "done".to_owned(),
            EventKind::Failed { failure, .. } => format!("failed by {}", failure.code),
            EventKind::Cancelled => "stopped".to_owned(),
            _ => continue,
        };
        told.extend(node.map(|node| format!("{node} {word}")));
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_told_by_their_paths_in_the_graph() {
    use NodePhase::{Running, Succeeded};
    let (launches, home) = (Launches::default(), tempdir().unwrap());
    launches.with(|state| {
        // The first look is that of the launch.
        state.phases = vec![Phase::Undefined, Phase::Running, Phase::Running, Phase::Succeeded];
        state.nodes = vec![
            vec![],
            vec![("", "n2", true, Running), ("n2", "n0", false, Succeeded), ("", "n3", false, Running)],
            vec![
                ("", "n2", true, Succeeded),
                ("n2", "n0", false, Succeeded),
                ("n2", "n1", false, Succeeded),
                ("", "n3", false, Succeeded),
                ("", "n4", true, Running),
                ("n4", "n4-else", true, Running),
                ("n4-0-n4-else", "n1", false, Succeeded),
            ],
            vec![
                ("", "n4", true, Succeeded),
                ("n4", "n4-else", true, Succeeded),
                ("n4-0-n4-else", "n1", false, Succeeded),
                ("n4-0-n4-else", "n2", true, Succeeded),
                ("", "n5", true, Succeeded),
                ("n5", "dn0", false, Succeeded),
            ],
        ];
        state.attempts = [("n3", vec![AttemptPhase::RetryableFailed, AttemptPhase::Running])].into();
    });
    let backend = backend(&launches, home.path()).await;
    let run = started(&backend).await;
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
    let expected = [
        "n2 begins 0",
        "n2/n0 begins 0",
        "n3 begins 0",
        "n3 failed 0 by Flaky",
        "n3 begins 1",
        "n2/n0 done",
        "n4 begins 0",
        "n4 decided Otherwise",
        "n2/n1 begins 0",
        "n4-n1 begins 0",
        "n4-n1 done",
        "n3 done",
        "n2/n1 done",
        "n2 done",
        "n4-n2 begins 0",
        "n5 begins 0",
        "n5/dn0 begins 0",
        "n5/dn0 done",
        "n5 done",
        "n4-n2 done",
        "n4 done",
    ];
    assert_eq!(told(&run), expected);
    let execution = backend.execution(&run).unwrap().unwrap();
    assert_eq!(launches.with(|state| state.executions.keys().cloned().collect::<Vec<_>>()), [execution.id().name.clone()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_control_plane_that_is_away_is_asked_again() {
    let (launches, home) = (Launches::default(), tempdir().unwrap());
    launches.with(|state| state.phases = vec![Phase::Undefined, Phase::Running]);
    let backend = backend(&launches, home.path()).await;
    let run = started(&backend).await;
    launches.with(|state| (state.away, state.phases) = (2, vec![Phase::Succeeded]));
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
    let log = std::fs::read_to_string(run.folder().path().join("run.log")).unwrap();
    assert!(log.contains("the control plane does not answer, and is asked again") && log.contains("answers again"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_cancelled_terminates_its_execution() {
    let (launches, home) = (Launches::default(), tempdir().unwrap());
    launches.with(|state| {
        state.phases = vec![Phase::Running];
        state.nodes = vec![vec![("", "n0", false, NodePhase::Running)]];
    });
    let backend = backend(&launches, home.path()).await;
    let run = started(&backend).await;
    run.cancel().unwrap();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Cancelled);
    assert!(launches.with(|state| state.calls.contains(&"TerminateExecution".to_owned())));
    assert_eq!(told(&run).last().unwrap(), "n0 stopped");
}

#[test]
fn whoever_attaches_to_a_run_that_nobody_watches_goes_on_watching() {
    let (launches, home) = (Launches::default(), tempdir().unwrap());
    launches.with(|state| {
        state.phases = vec![Phase::Running];
        state.nodes = vec![vec![("", "n0", false, NodePhase::Running)]];
    });
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // The control plane lives on a runtime of its own.
    let plane = runtime();
    let backend = plane.block_on(backend(&launches, home.path()));
    let first = runtime();
    let run = first.block_on(async {
        let run = started(&backend).await;
        while told(&run).is_empty() {
            tokio::task::yield_now().await;
        }
        run
    });
    let id = run.id().clone();
    first.shutdown_timeout(std::time::Duration::from_secs(60));
    assert_eq!(run.status().unwrap(), RunStatus::Elsewhere);
    let error = run.cancel().unwrap_err();
    assert!(error.to_string().contains("goes on elsewhere, and no process watches it"), "{error}");
    launches.with(|state| (state.phases, state.nodes) = (vec![Phase::Succeeded], vec![vec![("", "n0", false, NodePhase::Succeeded)]]));
    let outcome = plane.block_on(async { again_attached(&backend, &id).wait().await });
    assert_eq!(outcome.unwrap(), RunOutcome::Succeeded);
    assert_eq!(told(&run), ["n0 begins 0", "n0 done"]);
}

fn again_attached(backend: &FlyteBackend, id: &nebulakit::run::RunId) -> RunHandle {
    backend.attach(id).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_is_refused_leaves_no_run() {
    let (launches, home) = (Launches::default(), tempdir().unwrap());
    launches.with(|state| state.phases = vec![Phase::Failed]);
    let backend = backend(&launches, home.path()).await;
    let plan = backend.compile(&tasks::inner::graph().unwrap(), &Options::new());
    let Err(RunError::Refused(reasons)) = plan else { panic!("an input is missing") };
    assert_eq!(reasons, ["the input `x` (int) is missing"]);
    let invocation = tasks::whole::with(vec![1, 2], 2);
    let inputs = invocation.inputs(&nebulakit_types::Dialect::FLYTE_1, &mut nebulakit_types::outbox::Outbox::default()).unwrap();
    let plan = backend.compile(&tasks::whole::graph().unwrap(), &Options::new().inputs(inputs)).unwrap();
    let error = backend.run(plan).await.unwrap_err();
    assert!(error.to_string().ends_with("failed at once: the platform does not say why"), "{error}");
    assert!(RunsFolder::open(home.path().join("runs")).unwrap().list().unwrap().is_empty());
}
