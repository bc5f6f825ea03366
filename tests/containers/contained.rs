//! The program of workers and keepers. Told `parent`, it starts containers that do not end, by the engine that is named next, and waits to be killed;
//! told `cli`, it is the command line of its tasks.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program of tests fails by panicking, and prints"
)]

mod programs;
mod tasks;

use std::io::Write as _;
use std::process::ExitCode;

use nebulakit::coordinator::{Container, ContainerStrategy, Coordinator, EventKind, Overflow, Strategy, worker_main};

nebulakit::testing::backend_conformance::register!();

fn main() -> ExitCode {
    worker_main();
    let mut words = std::env::args().skip(1);
    match words.next().as_deref() {
        Some("parent") => parent(&words.next().unwrap(), &words.next().unwrap(), words.next().unwrap().parse().unwrap()),
        Some("cli") => return nebulakit::cli::run(["contained".to_owned()].into_iter().chain(words).map(Into::into)),
        _ => {}
    }
    ExitCode::SUCCESS
}

/// Says the name of each container that runs.
fn parent(engine: &str, image: &str, count: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let containers = ContainerStrategy::with_slots(count).engine(engine).offline().cpus(0.1);
        let coordinator = Coordinator::builder().strategy(Strategy::Container, containers).build();
        let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(1_000));
        for _ in 0..count {
            let forever = Container::new(image).command(["/bin/sh", "-c", "echo runs; sleep 1000"]);
            coordinator.submit(forever, Strategy::Container).await.unwrap();
        }
        while let Some(event) = events.next().await {
            match &event.kind {
                EventKind::Container { name, .. } => println!("named {name}"),
                EventKind::Output { line, .. } => println!("{line}"),
                EventKind::Finished { .. } => println!("{}", *event),
                _ => continue,
            }
            std::io::stdout().flush().unwrap();
        }
    });
}
