//! Jobs in containers, by real engines: what they give, what they see, how they end, and what is left of them.
//!
//! `.ci/containers` installs and starts the engines. `NEBULAKIT_TEST_ENGINES` names those that are tried, each by its name or its program; all of them have to be there. Images are made
//! here, of files of the machine's own: nothing is pulled.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr, reason = "a test fails by panicking")]

mod bad_days;
mod bare;
mod conformance;
mod ellipse;
mod ends;
mod engines;
mod registry;
mod tasks;

use std::time::Duration;

use nebulakit::coordinator::{
    Container, ContainerStrategy, Coordinator, EventKind, EventStream, IntoWork, JobError, JobEvent, JobHandle, Overflow, RequestId,
    Strategy,
};

/// The program of workers and keepers.
const PROGRAM: &str = env!("CARGO_BIN_EXE_contained");

/// What is awaited comes at once; a test that waits for long is stuck.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(200), future).await.expect("what was waited for did not come")
}

fn containers(engine: &str) -> ContainerStrategy {
    ContainerStrategy::with_slots(8).engine(engine).program(PROGRAM).offline().image(engines::image(engine))
}

fn with(containers: ContainerStrategy) -> Coordinator {
    Coordinator::builder().strategy(Strategy::Container, containers).build()
}

/// A command for the shell of the test's image.
fn shell(engine: &str, script: &str) -> Container {
    Container::new(engines::image(engine)).command(["/bin/sh", "-c", script])
}

async fn submitted<W: IntoWork>(coordinator: &Coordinator, work: W) -> JobHandle<W::Output>
where
    W::Output: Send + 'static,
{
    coordinator.submit(work, Strategy::Container).await.unwrap()
}

/// Runs work in a container.
async fn run<W: IntoWork>(coordinator: &Coordinator, work: W) -> Result<W::Output, JobError>
where
    W::Output: Send + 'static,
{
    soon(submitted(coordinator, work).await.join()).await
}

fn listening(coordinator: &Coordinator) -> EventStream {
    coordinator.publisher().subscribe(Overflow::DropOldest(100_000))
}

/// The first event that `is_it`.
async fn event(events: &mut EventStream, mut is_it: impl FnMut(&EventKind) -> bool) -> JobEvent {
    loop {
        let event = soon(events.next()).await.expect("the stream ended early");
        if is_it(&event.kind) {
            return (*event).clone();
        }
    }
}

/// The lines that a job printed, up to its end.
async fn lines_of(events: &mut EventStream, id: &RequestId) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let event = soon(events.next()).await.expect("the stream ended early");
        if event.job.as_ref() == Some(id) {
            match &event.kind {
                EventKind::Output { line, .. } => lines.push(line.clone()),
                EventKind::Finished { .. } => return lines,
                _ => {}
            }
        }
    }
}
