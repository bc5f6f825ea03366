//! The promises of backends, kept by executions of a running cluster. It needs
//!
//! | variable | |
//! |---|---|
//! | `NEBULAKIT_CLUSTER_ENDPOINT` | the control plane as `host:port`, without TLS and login |
//! | `NEBULAKIT_CLUSTER_IMAGE` | an image with the program `launching` of these tests as `app` on its path |
//!
//! Without the first nothing is tested, and the test says so.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]
#![allow(clippy::disallowed_methods, reason = "where the cluster is is said by variables")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use nebulakit::backend::Backend;
use nebulakit::backend::flyte::compile::Options;
use nebulakit::backend::flyte::{FlyteBackend, FlyteClient};
use nebulakit::config::Config;
use nebulakit::env::Environment;
use nebulakit::run::RunsFolder;
use nebulakit::testing::backend_conformance::{Subject, Verdict, cases};

nebulakit::testing::backend_conformance::register!();

/// How many cases run at once.
const AT_ONCE: usize = 4;

/// What Flyte cannot promise, and why.
const NOT_ON_FLYTE: &[(&str, &str)] = &[
    (
        "control::a_resumed_run_does_not_repeat_what_is_finished",
        "the platform recovers an execution with the inputs that it had, from its own records, and not a graph from a folder",
    ),
    (
        "control::a_cancelled_run_is_resumed",
        "the platform recovers an execution with the inputs that it had, from its own records, and not a graph from a folder",
    ),
    (
        "control::a_resumed_run_repeats_what_has_other_inputs",
        "the platform recovers an execution with the inputs that it had, from its own records, and not a graph from a folder",
    ),
    ("control::a_run_does_without_what_is_remembered", "the platform runs no task without its cache"),
    (
        "records::what_a_task_logs_is_kept_with_its_node",
        "the control plane gives no logs, only links that lead to them where its operator has set some up",
    ),
    (
        "records::what_a_task_stores_is_an_artifact_of_its_node",
        "files stay in the cluster's store, where `executions outputs -o` gets them from: none is put into the folder of the run",
    ),
    (
        "maps::no_more_elements_run_at_once_than_the_map_says",
        "the platform says of an element that it runs until the round after its end, when the next one runs already; the suite of the cluster looks at pods",
    ),
    ("constructs::a_sleep_takes_its_time", "the platform counts a pause from before the time that it says the node began at"),
    ("records::a_gate_takes_a_zero_in_a_signal", "the database of the control plane does not store it, so such a gate is refused"),
];

struct Cluster {
    config: PathBuf,
    image: String,
}

impl Subject for Cluster {
    fn backend(&self, folder: &Path) -> Box<dyn Backend> {
        let environment = Environment::from_process().with("FLYTECTL_CONFIG", &self.config);
        let client = FlyteClient::new(&Config::load(&environment, folder).unwrap(), &environment).unwrap();
        let backend = FlyteBackend::new(client.with_project("flytesnacks"), RunsFolder::open(folder).unwrap());
        Box::new(backend.registering(Options::new(&self.image, "app")))
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(180)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flyte_conforms() {
    let Ok(endpoint) = std::env::var("NEBULAKIT_CLUSTER_ENDPOINT") else {
        println!("SKIPPED: no cluster is tested, since NEBULAKIT_CLUSTER_ENDPOINT is not set");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.yaml");
    let settings = serde_json::json!({ "admin": { "endpoint": endpoint, "insecure": true } });
    std::fs::write(&config, settings.to_string()).unwrap();
    let image = std::env::var("NEBULAKIT_CLUSTER_IMAGE").unwrap_or_else(|_| "launching:v1".to_owned());
    let only = std::env::var("NEBULAKIT_CLUSTER_CASE").unwrap_or_default();
    let cluster = Cluster { config, image };
    let checks = cases().filter(|case| case.name().contains(&only)).map(|case| async {
        let began = Instant::now();
        let verdict = case.check(&cluster).await;
        let word = match &verdict {
            Ok(Verdict::Kept) => "kept".to_owned(),
            Ok(Verdict::Refused) => "refused".to_owned(),
            Err(broken) => format!("BROKEN {broken}"),
        };
        println!("{:>5.1} s  {}: {word}", began.elapsed().as_secs_f32(), case.name());
        (case.name(), verdict)
    });
    let verdicts: Vec<_> = stream::iter(checks.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).collect().await;
    let kept = verdicts.iter().filter(|(_, verdict)| matches!(verdict, Ok(Verdict::Kept))).count();
    println!("{kept} of {} promises are kept", verdicts.len());
    let broken = verdicts.iter().filter(|(name, verdict)| verdict.is_err() && !NOT_ON_FLYTE.iter().any(|(known, _)| known == name));
    let broken: Vec<_> = broken.map(|(name, _)| *name).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
