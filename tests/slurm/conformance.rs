//! The backend keeps the promises of backends on a real cluster. The cases share it, and run at once.

use std::fs;
use std::path::Path;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use nebulakit::backend::{Backend, LocalBackend, SlurmBackend};
use nebulakit::run::RunsFolder;
use nebulakit::testing::backend_conformance::{Subject, cases, register};

use crate::{Place, flows};

register!();

/// How many cases run at once.
const AT_ONCE: usize = 6;

struct OnSlurm;

/// The same, with all nodes of a run in one allocation after the other.
struct Packed;

impl Subject for Packed {
    fn backend(&self, folder: &Path) -> Box<dyn Backend> {
        on_slurm(folder, "poll = \"1s\"\n[backends.slurm]\npacked = true\n[backends.slurm.allocation]\ncores = 2\nmemory = \"400Mi\"\n")
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(240)
    }
}

fn on_slurm(folder: &Path, settings: &str) -> Box<dyn Backend> {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("nebulakit.toml"), settings).unwrap();
    let local = LocalBackend::new(RunsFolder::open(folder.join("runs")).unwrap());
    Box::new(SlurmBackend::configured_with(local, folder, flows()).unwrap())
}

impl Subject for OnSlurm {
    fn backend(&self, folder: &Path) -> Box<dyn Backend> {
        on_slurm(folder, "poll = \"2s\"\n")
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(240)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_on_slurm_conform() {
    conforms(&OnSlurm).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packed_runs_conform() {
    conforms(&Packed).await;
}

async fn conforms(subject: &dyn Subject) {
    let _cluster = Place::new();
    let broken = stream::iter(cases()).map(|case| case.check(subject)).buffer_unordered(AT_ONCE);
    let broken: Vec<_> = broken.filter_map(|checked| async { checked.err() }).map(|broken| broken.to_string()).collect().await;
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
}
