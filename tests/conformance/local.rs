//! The local backend, by strategy.

use std::path::Path;

use nebulakit::Strategy;
use nebulakit::backend::{Backend, LocalBackend, Options};
use nebulakit::coordinator::ProcessStrategy;
use nebulakit::run::RunsFolder;
use nebulakit::testing::backend_conformance::{Subject, Verdict, cases, check};

/// The program of the workers.
const WORKER: &str = env!("CARGO_BIN_EXE_conforming");

/// The local backend, whose tasks run by one strategy.
struct Local(Strategy);

impl Subject for Local {
    fn backend(&self, folder: &Path) -> Box<dyn Backend> {
        let local = LocalBackend::new(RunsFolder::open(folder).unwrap());
        let processes = || ProcessStrategy::with_slots(2).program(WORKER);
        Box::new(local.coordinator(move |coordinator| coordinator.strategy(Strategy::Process, processes())))
    }

    fn options(&self) -> Options {
        Options::new().strategy(self.0.clone())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_at_home_conform() {
    let local = |folder: &Path| LocalBackend::new(RunsFolder::open(folder).unwrap());
    check(&local).await.unwrap_or_else(|broken| panic!("{broken}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn async_tasks_conform() {
    check(&Local(Strategy::Async)).await.unwrap_or_else(|broken| panic!("{broken}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_conform() {
    check(&Local(Strategy::Thread)).await.unwrap_or_else(|broken| panic!("{broken}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_conform() {
    check(&Local(Strategy::Process)).await.unwrap_or_else(|broken| panic!("{broken}"));
}

#[tokio::test]
async fn each_case_runs_alone() {
    let names: Vec<_> = cases().map(|case| case.name()).collect();
    assert!(names.iter().all(|name| name.contains("::")), "{names:?}");
    let case = cases().find(|case| case.name() == "shapes::a_diamond_joins_what_it_parted").unwrap();
    assert_eq!(case.check(&Local(Strategy::Async)).await, Ok(Verdict::Kept));
}
