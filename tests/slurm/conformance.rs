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

impl Subject for OnSlurm {
    fn backend(&self, folder: &Path) -> Box<dyn Backend> {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("nebulakit.toml"), "poll = \"2s\"\n").unwrap();
        let local = LocalBackend::new(RunsFolder::open(folder.join("runs")).unwrap());
        Box::new(SlurmBackend::configured_with(local, folder, flows()).unwrap())
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(240)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_on_slurm_conform() {
    let _cluster = Place::new();
    let broken = stream::iter(cases()).map(|case| case.check(&OnSlurm)).buffer_unordered(AT_ONCE);
    let broken: Vec<_> = broken.filter_map(|checked| async { checked.err() }).map(|broken| broken.to_string()).collect().await;
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
}
