//! The backend keeps the promises of backends.
//!
//! Where a process finds AWS stands in its environment, so that the suite runs in a process of its own: this test again.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use futures_util::StreamExt as _;
use nebulakit::backend::{AwsBatchBackend, Backend, LocalBackend};
use nebulakit::run::RunsFolder;
use nebulakit::testing::backend_conformance::{Subject, Verdict, cases, register};

use crate::double::Double;
use crate::{SETTINGS, flows};

register!();

/// How many cases run at once.
const AT_ONCE: usize = 4;

/// What is not kept: what tasks store is in the object store, and no file of the run.
const NOT_KEPT: [&str; 1] = ["records::what_a_task_stores_is_an_artifact_of_its_node"];

struct OnBatch;

impl Subject for OnBatch {
    fn backend(&self, folder: &Path) -> Box<dyn Backend> {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("nebulakit.toml"), SETTINGS).unwrap();
        let local = LocalBackend::new(RunsFolder::open(folder.join("runs")).unwrap());
        Box::new(AwsBatchBackend::configured_with(local, folder, flows()).unwrap())
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(120)
    }
}

#[test]
fn runs_on_batch_conform() {
    let dir = tempfile::tempdir().unwrap();
    let double = Double::start(flows(), dir.path());
    let mut suite = Command::new(std::env::current_exe().unwrap());
    suite.args(["--exact", "conformance::the_suite_in_the_process_of_an_account", "--ignored", "--nocapture"]);
    let output = suite.envs(double.variables()).output().unwrap();
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

#[ignore = "started by the test above"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_in_the_process_of_an_account() {
    let checked = futures_util::stream::iter(cases()).map(|case| async move { (case.name(), case.check(&OnBatch).await) });
    let ended: Vec<_> = checked.buffer_unordered(AT_ONCE).collect().await;
    let broken: Vec<_> = ended.iter().filter(|(name, verdict)| verdict.is_err() && !NOT_KEPT.contains(name)).collect();
    assert!(broken.is_empty(), "{} of {} cases: {broken:#?}", broken.len(), ended.len());
    // What has to be refused is a reference, and nothing else.
    let refused: Vec<_> = ended.iter().filter(|(_, verdict)| matches!(verdict, Ok(verdict) if *verdict != Verdict::Kept)).collect();
    assert!(refused.len() <= 1, "{refused:?}");
}
