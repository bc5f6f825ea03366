//! The local backend keeps the promises of backends with its tasks in containers.

use std::path::Path;
use std::time::Duration;

use nebulakit::backend::{Backend, LocalBackend, Options};
use nebulakit::coordinator::Strategy;
use nebulakit::run::RunsFolder;
use nebulakit::testing::backend_conformance::{Subject, check, register};

use crate::containers;
use crate::engines::engines;

register!();

/// The local backend, with the containers of an engine.
struct Contained(String);

impl Subject for Contained {
    fn backend(&self, folder: &Path) -> Box<dyn Backend> {
        let (local, engine) = (LocalBackend::new(RunsFolder::open(folder).unwrap()), self.0.clone());
        Box::new(local.coordinator(move |coordinator| coordinator.strategy(Strategy::Container, containers(&engine))))
    }

    fn options(&self) -> Options {
        Options::new().strategy(Strategy::Container)
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(300)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_in_containers_conform() {
    for engine in engines() {
        check(&Contained(engine.clone())).await.unwrap_or_else(|broken| panic!("{engine}: {broken}"));
    }
}
