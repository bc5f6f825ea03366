//! What a worker has around it.

#![allow(clippy::disallowed_methods, reason = "what a worker has is compared with what this process has")]

use nebulakit::prelude::*;
use nebulakit::secrets::Secrets;

use super::{Coordinator, EventKind, Strategy, events_of, listening, processes, run, submitted, tasks, with};

#[tokio::test]
async fn a_worker_has_the_variables_that_it_may_have() {
    let coordinator = with(processes(1).variable("CARGO_PKG_NAME").variable_with("OWN", "x").variable("NO_SUCH_VARIABLE"));
    let variables = run(&coordinator, tasks::variables::with()).await.unwrap();
    let names: Vec<_> = variables.iter().map(|variable| variable.split_once('=').unwrap().0).collect();
    for there in ["PATH", "CARGO_PKG_NAME", "OWN", "NEBULAKIT_WORKER"] {
        assert!(names.contains(&there), "{there} is missing in {names:?}");
    }
    assert!(variables.contains(&"OWN=x".to_owned()));
    // The test's own process has these.
    for absent in ["CARGO_PKG_VERSION", "CARGO_PKG_AUTHORS"] {
        assert!(std::env::var_os(absent).is_some() && !names.contains(&absent), "{absent}");
    }
}

#[tokio::test]
async fn standard_input_is_empty() {
    assert_eq!(run(&with(processes(1)), tasks::reads::with()).await.unwrap(), "");
}

#[tokio::test]
async fn each_job_begins_in_the_same_folder() {
    let coordinator = with(processes(1));
    let first = run(&coordinator, tasks::moves::with()).await.unwrap();
    assert_eq!(first, std::env::current_dir().unwrap().to_string_lossy());
    assert_eq!(run(&coordinator, tasks::moves::with()).await.unwrap(), first);
}

#[tokio::test]
async fn a_task_gets_the_context_of_the_coordinator() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Secrets::of([("db", "password", "dummy"), ("db", "user", "nobody")]);
    let context = Context::builder(folder.path()).secrets(secrets).build();
    let prefix = context.raw_output_prefix().to_owned();
    let coordinator = Coordinator::builder().strategy(Strategy::Process, processes(1)).context(context).build();
    let mut events = listening(&coordinator);
    let job = submitted(&coordinator, tasks::tells::with()).await;
    let told: Vec<_> = events_of(&mut events, job.id())
        .await
        .into_iter()
        .filter_map(|event| match event.kind {
            EventKind::Log { level, message } => Some(format!("{level} {message}")),
            EventKind::Progress { done, total } => Some(format!("{done} of {total:?}")),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["WARN a warning", "1 of Some(2)"]);
    // The secret that it asks for, and no other.
    assert_eq!(super::soon(job.join()).await.unwrap(), format!("dummy true 0 work.tells {prefix}"));
}
